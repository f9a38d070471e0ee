// What has changed in the fleet: who went down, drains, or is back.

import { h } from "../shared/dom.js";
import { clock } from "../shared/format.js";
import { cause, stateBadge } from "./card.js";
import { keyOf } from "./pool.js";

const MOST = 30;
const VERBS = { healthy: "is back", draining: "drains", down: "is down" };

export class Events {
  constructor() {
    /** @type {Map<string, string> | null} */
    this.known = null;
    this.list = h("ol.events", { role: "log", "aria-label": "What has changed", tabindex: 0 });
    this.none = h("p.hint", {}, "Nothing has changed since you are here.");
    const heading = h("h2", { id: "happened-title" }, "Changes");
    this.element = h("aside.panel.happened", { "aria-labelledby": heading.id }, heading, this.none, this.list);
  }

  take(view) {
    const instances = view.pools.flatMap((pool) => pool.instances);
    for (const instance of this.known ? instances : []) {
      const before = this.known.get(keyOf(instance));
      if (before !== instance.state) this.#add(instance, before);
    }
    this.known = new Map(instances.map((instance) => [keyOf(instance), instance.state]));
  }

  #add({ name, address, state, problem }, before) {
    const why = problem && state !== "healthy" ? `: ${cause(problem)}` : "";
    const verb = before === undefined ? "is new" : VERBS[state];
    const told = h("span", { title: problem }, h("strong", {}, name || address), ` ${verb}${why}`);
    this.none.hidden = true;
    this.list.prepend(h("li", {}, h("time", {}, clock(Date.now() / 1000)), stateBadge(state), told));
    while (this.list.children.length > MOST) this.list.lastElementChild.remove();
  }
}
