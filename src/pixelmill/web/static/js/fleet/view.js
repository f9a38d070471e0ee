// "Fleet": every pool with its instances, live.

import { Keyed, h, setText } from "../shared/dom.js";
import { bytes, clock, count, figure, percent, plural, seconds, span } from "../shared/format.js";
import { icon } from "../shared/icons.js";
import { listen, live } from "../shared/live.js";
import { stateBadge } from "./card.js";
import { keyOf, noteCalls, poolSection } from "./pool.js";

const MOST_EVENTS = 30;

export function fleet() {
  const tiles = new Tiles();
  const events = new Events();
  const place = h("div.pools");
  const pools = new Keyed(place, poolSection);
  const empty = h("div.empty", { role: "status" }, icon("fleet"), h("strong", {}, "Waiting for the orchestrator …"));
  const orchestrator = h("p.orchestrator");
  const element = h(
    "div.view.fleet",
    {},
    h("div.view-head", {}, h("h1", {}, "Fleet"), orchestrator),
    tiles.element,
    empty,
    h("div.fleet-body", {}, place, events.element),
  );
  const draw = (view) => {
    if (!view) return;
    events.take(view);
    if (element.hidden) return;
    const instances = view.pools.flatMap((pool) => pool.instances);
    empty.hidden = instances.length > 0;
    if (!instances.length) empty.replaceChildren(icon("fleet"), h("strong", {}, "No worker is listed"), h("p", {}, "RESIZE_SERVICE_HOSTS and its like name them."));
    tiles.update(view, instances);
    pools.update(view.pools, ({ name }) => name);
    setText(orchestrator, `${view.orchestrator.name} ${view.orchestrator.version}, up ${span(view.orchestrator.uptime_s)} · ${view.placement} placement, ${view.balancing.replaceAll("_", " ")}`);
  };
  listen("fleet", (view) => {
    noteCalls(view.pools.flatMap((pool) => pool.instances));
    draw(view);
  });
  listen("state", () => element.classList.toggle("stale", live.state === "lost" || live.state === "locked"));
  return { element, show: () => draw(live.fleet) };
}

class Tiles {
  constructor() {
    /** @type {Record<string, {value: HTMLElement, note: HTMLElement}>} */
    this.tiles = {};
    this.element = h("dl.tiles", {}, ["Instances", "In flight", "Requests", "Latency", "CPU", "Memory"].map((name) => this.#tile(name)));
  }

  #tile(name) {
    const value = h("span.tile-value", {}, "–");
    const note = h("span.tile-note");
    this.tiles[name] = { value, note };
    return h("div.tile", { dataset: { tile: name.toLowerCase().replace(" ", "-") } }, h("dt", {}, name), h("dd", {}, value, note));
  }

  update({ orchestrator, queued, places }, instances) {
    const healthy = instances.filter(({ state }) => state === "healthy").length;
    const draining = instances.filter(({ state }) => state === "draining").length;
    const down = instances.length - healthy - draining;
    const bad = [draining && `${draining} draining`, down && `${down} down`].filter(Boolean).join(", ");
    const sum = (name) => [...instances, orchestrator].reduce((total, one) => total + one[name], 0);
    const cores = new Map([...instances, orchestrator].filter(({ machine }) => machine).map(({ machine, cores: own }) => [machine, own]));
    const known = [...cores.values()].reduce((total, own) => total + own, 0);
    this.#set("Instances", `${healthy} / ${instances.length}`, bad || "all healthy");
    this.tiles.Instances.value.closest(".tile").dataset.bad = String(Boolean(bad));
    this.#set("In flight", count(orchestrator.in_flight), queued ? `${queued} of them waiting` : `room for ${places} at a time`);
    this.#set("Requests", `${figure(orchestrator.calls_per_s)}/s`, `${count(orchestrator.calls)} since it started`);
    this.#set("Latency", orchestrator.p50_s ? seconds(orchestrator.p50_s) : "–", orchestrator.p99_s ? `p50; p99 ${seconds(orchestrator.p99_s)}` : "no request in the last minute");
    this.#set("CPU", percent(known ? sum("cpu") / known : sum("cpu")), `${figure(sum("cpu"))} of ${plural(known, "core")}, ${plural(cores.size, "machine")}`);
    this.#set("Memory", bytes(sum("memory_bytes")), "all processes");
  }

  #set(name, value, note) {
    setText(this.tiles[name].value, value);
    setText(this.tiles[name].note, note);
  }
}

/** What has changed: who went down, drains, or is back. */
class Events {
  constructor() {
    /** @type {Map<string, string> | null} */
    this.known = null;
    this.list = h("ol.events", { role: "log", "aria-label": "What has changed", tabindex: 0 });
    this.none = h("p.hint", {}, "Nothing has changed since you are here.");
    this.element = h("aside.panel.happened", { "aria-labelledby": "happened-title" }, h("h2", { id: "happened-title" }, "Changes"), this.none, this.list);
  }

  take(view) {
    const instances = view.pools.flatMap((pool) => pool.instances);
    const now = new Map(instances.map((instance) => [keyOf(instance), instance.state]));
    if (this.known) {
      for (const instance of instances) {
        const before = this.known.get(keyOf(instance));
        if (before !== instance.state) this.#add(instance, before);
      }
    }
    this.known = now;
  }

  #add(instance, before) {
    const why = instance.problem && instance.state !== "healthy" ? `: ${instance.problem}` : "";
    const verb = before === undefined ? "is new" : instance.state === "healthy" ? "is back" : instance.state === "down" ? "is down" : "drains";
    this.none.hidden = true;
    this.list.prepend(h("li", {}, h("time", {}, clock(Date.now() / 1000)), stateBadge(instance.state), h("span", {}, h("strong", {}, instance.name || instance.address), ` ${verb}${why}`)));
    while (this.list.children.length > MOST_EVENTS) this.list.lastElementChild.remove();
  }
}
