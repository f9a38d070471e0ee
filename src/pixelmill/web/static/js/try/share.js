// Copy the pipeline as curl, Python, URL, JSON or text, share it by a link, or paste one.

import { copyButton } from "../shared/copy.js";
import { h, newId, prose, setText } from "../shared/dom.js";
import { count } from "../shared/format.js";
import { SNIPPETS } from "./snippets.js";

/** A longer text, with a logo in it, is shown in part: laying it out would take longer than the picture does. */
const LONGEST_SHOWN = 4000;
const LONGEST_LINK = 60_000;

/** @param {() => import("./snippets.js").Given} given what is now */
export function share(given) {
  const base = newId("share");
  const code = h("code", {});
  const panel = h("div.snippet", { role: "tabpanel", id: `${base}-panel`, tabindex: 0 }, h("pre", {}, code));
  const note = h("p.hint");
  const copy = copyButton("Copy", () => chosen.write(given()));
  let [chosen] = SNIPPETS;
  const tabs = SNIPPETS.map((snippet) => {
    const props = { type: "button", role: "tab", id: `${base}-${snippet.id}`, "aria-controls": panel.id };
    return h("button.tab", { ...props, on: { click: () => choose(snippet) } }, snippet.name);
  });

  function choose(snippet) {
    chosen = snippet;
    draw();
  }

  function draw() {
    SNIPPETS.forEach((snippet, number) => {
      tabs[number].setAttribute("aria-selected", String(snippet === chosen));
      tabs[number].tabIndex = snippet === chosen ? 0 : -1;
    });
    panel.setAttribute("aria-labelledby", `${base}-${chosen.id}`);
    const text = chosen.write(given());
    setText(code, shortened(text));
    note.replaceChildren(...prose(chosen.note(text)));
  }

  const list = h("div.tab-list", { role: "tablist", "aria-label": "Copy the pipeline as" }, tabs);
  list.addEventListener("keydown", (event) => {
    const [at, last] = [SNIPPETS.indexOf(chosen), SNIPPETS.length - 1];
    const next = { ArrowRight: at < last ? at + 1 : 0, ArrowLeft: at ? at - 1 : last, Home: 0, End: last }[event.key];
    if (next === undefined) return;
    event.preventDefault();
    choose(SNIPPETS[next]);
    tabs[next].focus();
  });
  const heading = h("h2", { id: `${base}-title` }, "Use it elsewhere");
  const head = h("div.section-head", {}, heading, copy);
  return { element: h("section.panel.share", { "aria-labelledby": heading.id }, head, list, panel, note), draw };
}

function shortened(text) {
  if (text.length <= LONGEST_SHOWN) return text;
  const left = text.length - LONGEST_SHOWN;
  const [first, last] = [text.slice(0, LONGEST_SHOWN / 2), text.slice(-LONGEST_SHOWN / 2)];
  return `${first} … ${count(left)} more characters, which are copied, too … ${last}`;
}

/** A button that copies a link to the pipeline. @param {() => string} link */
export const linkButton = (link) => copyButton("Link", link, { glyph: "link", longest: LONGEST_LINK });
