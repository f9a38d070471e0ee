// "Requests": the recent ones, live; one of them opened.

import { Keyed, announceCalmly, h, setText } from "../shared/dom.js";
import { plural, seconds } from "../shared/format.js";
import { icon } from "../shared/icons.js";
import { listen, live } from "../shared/live.js";
import { Detail } from "./detail.js";
import { FILTERS, slowFrom, textOf } from "./filters.js";
import { row } from "./row.js";

const MOST_ROWS = 200;
const DRAW_MS = 250;

export function requests() {
  const list = new List();
  const detail = new Detail();
  const element = h("div.view.requests", {}, list.element, detail.element);
  return {
    element,
    show(id) {
      const opened = detail.id;
      list.element.hidden = Boolean(id);
      detail.element.hidden = !id;
      list.active = !id;
      if (id) detail.open(id);
      else {
        detail.close();
        list.draw();
        if (opened) list.focus(opened);
      }
    },
    hide() {
      list.active = false;
      detail.close();
    },
  };
}

const NONE_FITS = () => [
  icon("search"),
  h("strong", {}, "Nothing found"),
  h("p", {}, "None of them fits. Choose another filter or search."),
];
const NONE_CAME = () => [
  icon("list"),
  h("strong", {}, live.state === "live" ? "No request yet" : "Waiting for the orchestrator …"),
  h("p", {}, "They appear here as they come. ", h("a", { href: "#/try" }, "Send one"), " to see."),
];

class List {
  constructor() {
    this.active = false;
    this.paused = false;
    this.filter = "all";
    this.due = 0;
    /** What was there when it was paused. @type {any[]} */
    this.frozen = [];
    this.body = h("tbody", { role: "rowgroup" });
    this.rows = new Keyed(this.body, row);
    this.count = h("p.count");
    this.empty = h("div.empty", { hidden: true });
    const names = { placeholder: "Id, operation, error …", "aria-label": "Search requests" };
    this.search = h("input.search", { type: "search", ...names, on: { input: () => this.#choose() } });
    this.pause = h("button.button", { type: "button", "aria-pressed": "false", on: { click: () => this.#pause() } });
    this.chips = h("div.segments", { role: "radiogroup", "aria-label": "Which requests" });
    for (const [name, { title }] of Object.entries(FILTERS)) {
      const input = h("input", { type: "radio", name: "request-filter", value: name, checked: name === this.filter });
      input.addEventListener("change", () => {
        this.filter = name;
        this.#choose();
      });
      this.chips.append(h("label", {}, input, h("span", {}, title)));
    }
    const table = h("table.request-table", { role: "table", "aria-labelledby": "requests-title" }, head(), this.body);
    this.element = h(
      "section",
      { "aria-labelledby": "requests-title" },
      h("div.view-head", {}, h("h1", { id: "requests-title", tabindex: -1 }, "Requests"), this.count),
      h("div.toolbar", {}, this.chips, this.search, this.pause),
      h("div.table-card", {}, table, this.empty),
    );
    this.#showPause();
    listen("requests", () => this.#soon());
    listen("state", () => this.#soon());
  }

  draw() {
    clearTimeout(this.due);
    this.due = 0;
    const all = this.paused ? this.frozen : latest();
    const slow = slowFrom(all);
    const wanted = this.search.value.toLowerCase().split(/\s+/).filter(Boolean);
    const fits = FILTERS[this.filter].fits;
    const shown = all.filter((one) => fits(one, slow) && wanted.every((word) => textOf(one).includes(word)));
    // One that took far longer than all others is not to make their bars too short to compare.
    const longest = Number.isFinite(slow) ? slow : 1;
    const rows = shown.slice(0, MOST_ROWS).map((request) => ({ request, longest }));
    this.rows.update(rows, ({ request }) => request.id);
    this.#tell(shown.length, all.length, slow);
  }

  #tell(shown, all, slow) {
    const hint = this.filter === "slow" && slow < Infinity ? `, slower than ${seconds(slow)}` : "";
    const more = shown > MOST_ROWS ? `, the last ${MOST_ROWS} shown` : "";
    const fresh = live.requests.size - this.frozen.length;
    const paused = this.paused ? `; paused${fresh > 0 ? `, ${fresh} new` : ""}` : "";
    setText(this.count, `${plural(shown, "request")}${hint}${more}${paused}`);
    this.empty.hidden = shown > 0;
    if (!shown) this.empty.replaceChildren(...(all ? NONE_FITS : NONE_CAME)());
  }

  /** Something else is looked for: whoever does not see the list is told how much there is. */
  #choose() {
    this.draw();
    announceCalmly(this.count.textContent);
  }

  /** Go to the link of a request, or to the heading where it is not shown any more. @param {string} id */
  focus(id) {
    const link = this.rows.parts.get(id)?.element.querySelector("a");
    (link ?? this.element.querySelector("h1")).focus();
  }

  #soon() {
    if (this.active && !this.due) this.due = setTimeout(() => this.draw(), DRAW_MS);
  }

  #pause() {
    this.paused = !this.paused;
    this.frozen = this.paused ? latest() : [];
    this.#showPause();
    this.draw();
  }

  #showPause() {
    this.pause.setAttribute("aria-pressed", String(this.paused));
    this.pause.replaceChildren(icon(this.paused ? "play" : "pause"), this.paused ? "Go on" : "Pause");
  }
}

const latest = () => [...live.requests.values()].sort((one, other) => other.began_at - one.began_at);

function head() {
  const columns = ["Status", "Operations", "Size", "Took", "Came", "Id"];
  const cell = (name) => h("th", { role: "columnheader", scope: "col", dataset: { column: name.toLowerCase() } }, name);
  return h("thead", { role: "rowgroup" }, h("tr", { role: "row" }, columns.map(cell)));
}
