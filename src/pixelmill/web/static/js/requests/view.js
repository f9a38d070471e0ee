// "Requests": the recent ones, live; one of them opened.

import { Keyed, h, setText } from "../shared/dom.js";
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
      list.element.hidden = Boolean(id);
      detail.element.hidden = !id;
      if (id) detail.open(id);
      else {
        detail.close();
        list.draw();
      }
      list.active = !id;
    },
    hide() {
      list.active = false;
      detail.close();
    },
  };
}

class List {
  constructor() {
    this.active = false;
    this.paused = false;
    this.filter = "all";
    this.due = 0;
    /** What was there when it was paused. @type {any[]} */
    this.frozen = [];
    this.body = h("tbody");
    this.rows = new Keyed(this.body, row);
    this.count = h("p.count", { role: "status" });
    this.empty = h("div.empty", { hidden: true });
    this.search = h("input.search", { type: "search", placeholder: "Id, operation, error …", "aria-label": "Search requests", on: { input: () => this.draw() } });
    this.pause = h("button.button", { type: "button", "aria-pressed": "false", on: { click: () => this.#pause() } });
    this.chips = h("div.segments", { role: "radiogroup", "aria-label": "Which requests" });
    for (const [name, { title }] of Object.entries(FILTERS)) {
      const input = h("input", { type: "radio", name: "request-filter", value: name, checked: name === this.filter });
      input.addEventListener("change", () => {
        this.filter = name;
        this.draw();
      });
      this.chips.append(h("label", {}, input, h("span", {}, title)));
    }
    this.element = h(
      "section",
      { "aria-labelledby": "requests-title" },
      h("div.view-head", {}, h("h1", { id: "requests-title" }, "Requests"), this.count),
      h("div.toolbar", {}, this.chips, this.search, this.pause),
      h("div.table-card", {}, h("table.request-table", {}, head(), this.body), this.empty),
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
    this.rows.update(shown.slice(0, MOST_ROWS).map((request) => ({ request, longest })), ({ request }) => request.id);
    this.#tell(shown.length, all.length, slow);
  }

  #tell(shown, all, slow) {
    const hint = this.filter === "slow" && slow < Infinity ? `, slower than ${seconds(slow)}` : "";
    const more = shown > MOST_ROWS ? `, the last ${MOST_ROWS} shown` : "";
    const fresh = this.paused ? [...live.requests.values()].length - this.frozen.length : 0;
    setText(this.count, `${plural(shown, "request")}${hint}${more}${this.paused ? `; paused${fresh > 0 ? `, ${fresh} new` : ""}` : ""}`);
    this.empty.hidden = shown > 0;
    const nothing = live.state === "live" ? "No request yet" : "Waiting for the orchestrator …";
    const lead = all ? h("p", {}, "None of them fits. Choose another filter or search.") : h("p", {}, "They appear here as they come. ", h("a", { href: "#/try" }, "Send one"), " to see.");
    if (!shown) this.empty.replaceChildren(icon(all ? "search" : "list"), h("strong", {}, all ? "Nothing found" : nothing), lead);
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
  return h("thead", {}, h("tr", {}, columns.map((name) => h("th", { scope: "col", dataset: { column: name.toLowerCase() } }, name))));
}
