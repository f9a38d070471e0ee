// Copy the pipeline as curl, Python, URL, JSON or text, share it by a link, or paste one.

import { announce, h, newId, setText } from "../shared/dom.js";
import { icon } from "../shared/icons.js";
import { SNIPPETS } from "./snippets.js";

/** @param {() => import("./snippets.js").Given} given what is now */
export function share(given) {
  const base = newId("share");
  const code = h("code", {});
  const panel = h("div.snippet", { role: "tabpanel", id: `${base}-panel`, tabindex: 0 }, h("pre", {}, code));
  const note = h("p.hint");
  const copy = copyButton("Copy", () => code.textContent);
  let [chosen] = SNIPPETS;
  const tabs = SNIPPETS.map((snippet) =>
    h("button.tab", { type: "button", role: "tab", id: `${base}-${snippet.id}`, "aria-controls": panel.id, on: { click: () => choose(snippet) } }, snippet.name),
  );

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
    setText(code, chosen.write(given()));
    setText(note, chosen.note);
  }

  const list = h("div.tab-list", { role: "tablist", "aria-label": "Copy the pipeline as" }, tabs);
  list.addEventListener("keydown", (event) => {
    const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!by) return;
    event.preventDefault();
    const next = (SNIPPETS.indexOf(chosen) + by + SNIPPETS.length) % SNIPPETS.length;
    choose(SNIPPETS[next]);
    tabs[next].focus();
  });
  return { element: h("section.share", { "aria-labelledby": `${base}-title` }, h("div.section-head", {}, h("h2", { id: `${base}-title` }, "Use it elsewhere"), copy), list, panel, note), draw };
}

/** A button that copies a text, and says so. @param {string} label @param {() => string} text @param {any} [glyph] */
export function copyButton(label, text, glyph = "copy") {
  const word = h("span", {}, label);
  const button = h("button.button", { type: "button" }, icon(glyph), word);
  let timer = 0;
  button.addEventListener("click", async () => {
    const done = await copied(text());
    setText(word, done ? "Copied" : "Not allowed");
    button.firstElementChild?.replaceWith(icon(done ? "check" : "alert"));
    announce(done ? "Copied" : "The browser does not allow copying");
    clearTimeout(timer);
    timer = setTimeout(() => {
      setText(word, label);
      button.firstElementChild?.replaceWith(icon(glyph));
    }, 1600);
  });
  return button;
}

/** Copy; pages without TLS have no clipboard of their own. */
async function copied(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const field = h("textarea.visually-hidden", { value: text });
    document.body.append(field);
    field.select();
    const done = document.execCommand("copy");
    field.remove();
    return done;
  }
}
