// The page: which view is shown, and how the connection is.

import { charts } from "./charts/view.js";
import { fleet } from "./fleet/view.js";
import { requests } from "./requests/view.js";
import { h, setText } from "./shared/dom.js";
import { icon } from "./shared/icons.js";
import { listen, live, retry, start } from "./shared/live.js";
import { themeButton } from "./shared/theme.js";
import { tryIt } from "./try/view.js";

/**
 * A view is made once. `show` gets what follows its name in the hash; `hide` is told when
 * another one is shown.
 *
 * @typedef {{element: HTMLElement, show?: (rest: string) => void, hide?: () => void}} View
 * @type {Record<string, {title: string, short: string, glyph: any, make: () => View}>}
 */
const VIEWS = {
  try: { title: "Try it", short: "Try it", glyph: "wand", make: tryIt },
  fleet: { title: "Fleet", short: "Fleet", glyph: "fleet", make: fleet },
  requests: { title: "Requests", short: "Requests", glyph: "list", make: requests },
  throughput: { title: "Throughput", short: "Charts", glyph: "chart", make: charts },
};

const STATES = { connecting: "Connecting", live: "Live", lost: "Connection lost", locked: "Token needed" };

/** @type {Map<string, View>} */
const made = new Map();
const main = /** @type {HTMLElement} */ (document.getElementById("main"));
let shown = "";

function route() {
  const [, name = "try", ...rest] = location.hash.split("/");
  const [view, query = ""] = name.split("?");
  show(view in VIEWS ? view : "try", rest.length ? decodeURIComponent(rest.join("/")) : query && `?${query}`);
}

/** A view, made where it is not yet, and hidden then. @returns {View} */
function viewOf(name) {
  let view = made.get(name);
  if (!view) {
    view = VIEWS[name].make();
    view.element.id = `view-${name}`;
    view.element.hidden = true;
    main.append(view.element);
    made.set(name, view);
  }
  return view;
}

function show(name, rest) {
  const view = viewOf(name);
  const changed = shown !== name;
  if (changed && shown) made.get(shown)?.hide?.();
  for (const [other, { element }] of made) element.hidden = other !== name;
  for (const link of document.querySelectorAll(".tabs a")) {
    if (/** @type {HTMLElement} */ (link).dataset.view === name) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  document.title = `${VIEWS[name].title} – Pixelmill`;
  shown = name;
  view.show?.(rest);
  if (changed) scrollTo(0, 0);
}

function linkState() {
  const place = /** @type {HTMLElement} */ (document.getElementById("link-state"));
  const text = h("span.link-text");
  const again = h("button.button.tiny", { type: "button", on: { click: retry } }, "Retry now");
  let timer = 0;
  const draw = () => {
    const waits = Math.max(0, Math.ceil((live.retryAt - Date.now()) / 1000));
    place.dataset.state = live.state;
    again.hidden = live.state !== "lost" && live.state !== "locked";
    setText(text, STATES[live.state]);
    again.title = live.state === "lost" ? `Tried again in ${waits} s` : "";
  };
  place.append(h("span.link-dot", { "aria-hidden": "true" }), text, again);
  listen("state", () => {
    clearInterval(timer);
    draw();
    if (live.state === "lost") timer = setInterval(draw, 1000);
  });
  draw();
}

for (const link of document.querySelectorAll(".tabs a")) {
  const { glyph, title, short } = VIEWS[/** @type {HTMLElement} */ (link).dataset.view ?? "try"];
  link.append(icon(glyph), h("span.long", {}, title), h("span.short", { "aria-hidden": "true" }, short));
  link.setAttribute("aria-label", title);
}
themeButton(/** @type {HTMLElement} */ (document.getElementById("theme")));
linkState();
document.querySelector(".skip")?.addEventListener("click", (event) => {
  // Its address is for pages without a script: here a hash is the name of a view.
  event.preventDefault();
  main.focus();
});
addEventListener("hashchange", route);
// It takes note of what happens also before it is first shown.
viewOf("fleet");
route();
start();
