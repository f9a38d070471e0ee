// A chart over the last minutes, second by second: lines or stacked areas, with axes, legend and readout.

import { h, newId, setText, svg } from "../shared/dom.js";
import { clock } from "../shared/format.js";
import { niceTicks, timeTicks } from "./ticks.js";

/**
 * @typedef {object} Spec
 * @property {string} id
 * @property {string} title
 * @property {string} unit
 * @property {boolean} [stacked] areas on each other; otherwise lines
 * @property {boolean} [binary] ticks at powers of two
 * @property {(value: number) => string} show
 * @property {{name: string, value: (second: any) => number | null}[]} series
 * @property {(seconds: any[]) => string} summary
 */

const LEAST_WIDTH = 280;
const USUAL_LETTER = 15;
/** Around a plot, px where a letter's size is the usual one. */
const PAD = { left: 68, right: 14, top: 12, bottom: 26 };

export class Chart {
  /** @param {Spec} spec */
  constructor(spec) {
    this.spec = spec;
    const id = newId("chart");
    this.canvas = svg("svg.plot", { "aria-hidden": "true" });
    this.readout = h("p.readout", { "aria-hidden": "true" });
    this.summary = h("p.chart-summary", { id: `${id}-summary` });
    // A slider is what a keyboard and a screen reader know: it moves over the seconds and tells each one's figures.
    const names = { "aria-label": `${spec.title}: second`, "aria-describedby": `${id}-summary` };
    this.cursor = h("input.chart-cursor", { type: "range", min: 0, max: 1, value: 1, ...names });
    this.cursor.addEventListener("input", () => this.#point(Number(this.cursor.value)));
    this.cursor.addEventListener("focus", () => this.#point(Number(this.cursor.value)));
    this.cursor.addEventListener("blur", () => this.#point(null));
    const stage = h("div.plot-stage", {}, this.canvas, this.cursor);
    stage.addEventListener("pointermove", (event) => this.#point(this.#placeAt(event.clientX)));
    stage.addEventListener("pointerleave", () => this.#point(null));
    this.stage = stage;
    const legend = h("ul.legend", {}, spec.series.map(({ name }) => h("li", { dataset: { series: name } }, name)));
    this.element = h(
      "figure.panel.chart",
      { "aria-labelledby": `${id}-title`, dataset: { chart: spec.id } },
      h("div.chart-head", {}, h("h2", { id: `${id}-title` }, spec.title), legend, this.readout),
      stage,
      h("figcaption", {}, this.summary),
    );
    this.seconds = [];
    this.pad = PAD;
    this.larger = 1;
  }

  /** @param {any[]} seconds the oldest first @param {number} length how many there may be */
  draw(seconds, length) {
    this.seconds = seconds;
    this.length = length;
    this.width = Math.max(LEAST_WIDTH, this.stage.clientWidth);
    this.height = this.stage.clientHeight;
    const larger = parseFloat(getComputedStyle(document.documentElement).fontSize) / USUAL_LETTER;
    this.pad = Object.fromEntries(Object.entries(PAD).map(([side, size]) => [side, size * larger]));
    this.larger = larger;
    const columns = this.#columns();
    const most = Math.max(0, ...columns.flatMap((column) => column.tops.map((top) => top ?? 0)));
    const ticks = niceTicks(most, Boolean(this.spec.binary));
    this.top = ticks[ticks.length - 1] || 1;
    this.canvas.setAttribute("viewBox", `0 0 ${this.width} ${this.height}`);
    this.pointer = svg("g.pointer", { visibility: "hidden" });
    this.canvas.replaceChildren(...this.#axes(ticks), ...this.#series(columns), this.pointer);
    setText(this.summary, this.spec.summary(seconds));
    const wasLast = this.cursor.value === this.cursor.max;
    this.cursor.max = String(Math.max(1, seconds.length - 1));
    if (wasLast) this.cursor.value = this.cursor.max;
    this.#point(this.pointed ?? null);
  }

  /** Each second's values, and where they lie when stacked. */
  #columns() {
    const { series, stacked } = this.spec;
    return this.seconds.map((second) => {
      let base = 0;
      const values = series.map(({ value }) => value(second));
      const tops = values.map((value) => {
        base += value ?? 0;
        return stacked ? base : value;
      });
      return { values, tops };
    });
  }

  #axes(ticks) {
    const right = this.width - this.pad.right;
    const across = ticks.flatMap((value) => [
      svg("line.grid", { x1: this.pad.left, x2: right, y1: this.#y(value), y2: this.#y(value) }),
      svg("text.tick", { x: this.pad.left - 10, y: this.#y(value) + 4 * this.larger, "text-anchor": "end" }, this.spec.show(value)),
    ]);
    const last = this.seconds.at(-1)?.at;
    const along = (last === undefined ? [] : timeTicks(last, this.length, this.width / this.larger)).map(({ at, text }) => {
      const x = this.#xOf(at - last + this.length - 1);
      return svg("text.tick", { x, y: this.height - 6, "text-anchor": at === last ? "end" : "middle" }, text);
    });
    return [...across, ...along];
  }

  #series(columns) {
    const { series, stacked } = this.spec;
    const zero = this.#y(0);
    return series
      .map(({ name }, number) => {
        const yOf = (top) => (top === null ? null : this.#y(top));
        const points = columns.map(({ tops }, at) => ({ x: this.#x(at), y: yOf(tops[number]) }));
        if (stacked) {
          const outline = points.map(({ x, y }) => `${x},${y}`).join(" L");
          const bottom = ({ tops }, at) => `${this.#x(at)},${number ? this.#y(tops[number - 1]) : zero}`;
          const below = columns.map(bottom).reverse().join(" L");
          return svg("path.area", { d: points.length > 1 ? `M${outline} L${below} Z` : "", dataset: { series: name } });
        }
        const dots = lonely(points).map(({ x, y }) => svg("circle.dot", { cx: x, cy: y, r: 2.2 }));
        return svg("g", { dataset: { series: name } }, svg("path.line", { d: pathOf(points) }), dots);
      })
      .reverse();
  }

  /** Show the figures of a second; of none where null. */
  #point(place) {
    this.pointed = place;
    const second = place === null ? undefined : this.seconds[place];
    this.pointer?.setAttribute("visibility", second ? "visible" : "hidden");
    if (!second || place === null) {
      setText(this.readout, "");
      return;
    }
    const x = this.#x(place);
    const { tops, values } = this.#columns()[place];
    const { series, show } = this.spec;
    const dots = tops.flatMap((top, number) => {
      if (top === null || !values[number]) return [];
      return [svg("circle", { cx: x, cy: this.#y(top), r: 3.5, dataset: { series: series[number].name } })];
    });
    this.pointer.replaceChildren(svg("line", { x1: x, x2: x, y1: this.pad.top, y2: this.height - this.pad.bottom }), ...dots);
    const told = series.map(({ name }, number) => `${name} ${values[number] === null ? "–" : show(values[number])}`);
    const text = `${clock(second.at)}  ${told.join(" · ")}`;
    setText(this.readout, text);
    this.cursor.setAttribute("aria-valuetext", text);
  }

  #placeAt(clientX) {
    const box = this.stage.getBoundingClientRect();
    const x = ((clientX - box.left) / box.width) * this.width;
    const step = (this.width - this.pad.left - this.pad.right) / Math.max(1, this.length - 1);
    const place = Math.round((x - this.pad.left) / step) - (this.length - this.seconds.length);
    return place >= 0 && place < this.seconds.length ? place : null;
  }

  /** Where the second of that number is; the latest one is always at the right. */
  #x(place) {
    return this.#xOf(place + this.length - this.seconds.length);
  }

  #xOf(place) {
    const step = (this.width - this.pad.left - this.pad.right) / Math.max(1, this.length - 1);
    return Math.round((this.pad.left + place * step) * 10) / 10;
  }

  #y(value) {
    const room = this.height - this.pad.top - this.pad.bottom;
    return Math.round((this.height - this.pad.bottom - (value / this.top) * room) * 10) / 10;
  }
}

/** A line through points; it is broken where one is missing. */
function pathOf(points) {
  let pen = "M";
  const parts = [];
  for (const { x, y } of points) {
    if (y === null) pen = "M";
    else {
      parts.push(`${pen}${x},${y}`);
      pen = "L";
    }
  }
  return parts.join("");
}

/** Points that have no neighbor: a line does not show them. */
const lonely = (points) => {
  const missing = (at) => (points[at]?.y ?? null) === null;
  return points.filter((_, at) => !missing(at) && missing(at - 1) && missing(at + 1));
};
