// The fleet's figures as a whole.

import { h, setText } from "../shared/dom.js";
import { bytes, count, figure, percent, plural, seconds } from "../shared/format.js";

const NAMES = ["Instances", "In flight", "Requests", "Latency", "CPU", "Memory"];

export class Tiles {
  constructor() {
    /** @type {Record<string, {value: HTMLElement, note: HTMLElement}>} */
    this.tiles = {};
    this.element = h("dl.tiles", {}, NAMES.map((name) => this.#tile(name)));
  }

  #tile(name) {
    const value = h("span.tile-value", {}, "–");
    const note = h("span.tile-note");
    this.tiles[name] = { value, note };
    const dataset = { tile: name.toLowerCase().replace(" ", "-") };
    return h("div.tile", { dataset }, h("dt", {}, name), h("dd", {}, value, note));
  }

  update({ orchestrator, queued, places }, instances) {
    const healthy = instances.filter(({ state }) => state === "healthy").length;
    const draining = instances.filter(({ state }) => state === "draining").length;
    const down = instances.length - healthy - draining;
    const bad = [draining && `${draining} draining`, down && `${down} down`].filter(Boolean).join(", ");
    this.#set("Instances", `${healthy} / ${instances.length}`, bad || "all healthy");
    this.tiles.Instances.value.closest(".tile").dataset.bad = String(Boolean(bad));

    const { in_flight: flight, calls, calls_per_s: rate, p50_s: p50, p99_s: p99 } = orchestrator;
    this.#set("In flight", count(flight), queued ? `${queued} of them waiting` : `room for ${places} at a time`);
    this.#set("Requests", `${figure(rate)}/s`, `${count(calls)} since it started`);
    const worst = p99 ? `p50; p99 ${seconds(p99)}` : "no request in the last minute";
    this.#set("Latency", p50 ? seconds(p50) : "–", worst);

    const all = [...instances, orchestrator];
    const sum = (name) => all.reduce((total, one) => total + one[name], 0);
    const machines = new Map(all.filter(({ machine }) => machine).map(({ machine, cores }) => [machine, cores]));
    const cores = [...machines.values()].reduce((total, own) => total + own, 0);
    const used = `${figure(sum("cpu"))} of ${plural(cores, "core")}, ${plural(machines.size, "machine")}`;
    this.#set("CPU", percent(cores ? sum("cpu") / cores : sum("cpu")), used);
    this.#set("Memory", bytes(sum("memory_bytes")), "all processes");
  }

  #set(name, value, note) {
    setText(this.tiles[name].value, value);
    setText(this.tiles[name].note, note);
  }
}
