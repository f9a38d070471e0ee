// One instance: how it is, and what it does.

import { h, setText, setVars, svg } from "../shared/dom.js";
import { bytes, count, figure, percent, seconds, span } from "../shared/format.js";
import { icon } from "../shared/icons.js";

const WORDS = { healthy: "healthy", draining: "draining", down: "down" };
const SPARK = { width: 120, height: 28 };

/** A state as a sign and a word. @param {"healthy" | "draining" | "down"} state */
export const stateBadge = (state) => h("span.badge", { dataset: { state } }, icon(state), WORDS[state]);

/** What is wrong, without what gRPC says around it. @param {string} problem */
export const cause = (problem) => problem.replace(/^[A-Z_]+: .*last error: [A-Z_]+: \S+ /, "");

/** @returns {{element: HTMLElement, update: (item: {instance: any, rate: number, rates: number[]}) => void}} */
export function card() {
  const name = h("h3.card-name");
  const state = h("span.card-state");
  const [address, uptime] = [h("span"), h("span")];
  const place = h("p.card-address", {}, address, uptime);
  const problem = h("p.card-problem", { hidden: true });
  const line = svg("polyline", { points: "" });
  const shape = { viewBox: `0 0 ${SPARK.width} ${SPARK.height}`, preserveAspectRatio: "none" };
  const spark = svg("svg.spark", { ...shape, "aria-hidden": "true" }, line);
  const figures = new Figures(["rate", "flight", "queued", "calls", "p50", "p99", "memory", "cpu"]);
  const main = h("div.card-main", {}, figures.first(), spark);
  const rest = figures.rest();
  const element = h("li.card", {}, h("div.card-head", {}, name, state), place, problem, main, rest);
  let shown = "";
  return {
    element,
    update({ instance, rate, rates }) {
      if (shown !== instance.state) {
        if (shown) element.classList.add("changed");
        setTimeout(() => element.classList.remove("changed"), 1500);
        shown = instance.state;
        element.dataset.state = shown;
        state.replaceChildren(stateBadge(shown));
      }
      setText(name, instance.name);
      setText(address, instance.address);
      setText(uptime, instance.pid ? `up ${span(instance.uptime_s)}` : "");
      place.title = instance.pid ? `process ${instance.pid}, version ${instance.version}` : "";
      problem.hidden = !instance.problem;
      setText(problem, cause(instance.problem));
      problem.title = instance.problem;
      main.hidden = rest.hidden = instance.state === "down";
      figures.fill(instance, rate);
      line.setAttribute("points", points(rates));
    },
  };
}

function points(rates) {
  const most = Math.max(...rates, 1);
  const step = SPARK.width / Math.max(1, rates.length - 1);
  const height = (rate) => SPARK.height - 2 - (rate / most) * (SPARK.height - 4);
  return rates.map((rate, at) => `${(at * step).toFixed(1)},${height(rate).toFixed(1)}`).join(" ");
}

const NAMES = {
  rate: "calls/s",
  calls: "calls",
  flight: "in flight",
  queued: "queued",
  p50: "p50",
  p99: "p99",
  cpu: "CPU",
  memory: "memory",
};
const HINTS = {
  p50: "half of the calls of the last minute took no longer",
  p99: "99 % of the calls of the last minute took no longer",
  cpu: "100 % is one core",
  memory: "resident",
};

class Figures {
  constructor(names) {
    this.places = Object.fromEntries(names.map((name) => [name, h("dd")]));
    this.cpu = h("span.meter", { "aria-hidden": "true" });
  }

  first() {
    return h("dl.card-rate", {}, h("dt.visually-hidden", {}, "Now"), this.places.rate);
  }

  rest() {
    const names = Object.keys(this.places).filter((name) => name !== "rate");
    const figure = (name) => {
      const props = { title: HINTS[name], dataset: { figure: name } };
      return h("div", props, h("dt", {}, NAMES[name]), this.places[name], name === "cpu" && this.cpu);
    };
    return h("dl.card-figures", {}, names.map(figure));
  }

  fill(instance, rate) {
    const texts = {
      rate: `${figure(rate)} calls/s`,
      calls: count(instance.calls),
      flight: count(instance.in_flight),
      queued: count(instance.queued),
      p50: instance.p50_s ? seconds(instance.p50_s) : "–",
      p99: instance.p99_s ? seconds(instance.p99_s) : "–",
      cpu: percent(instance.cpu),
      memory: bytes(instance.memory_bytes),
    };
    for (const [name, place] of Object.entries(this.places)) setText(place, texts[name]);
    setVars(this.cpu, { share: Math.min(1, instance.cpu / (instance.cores || 1)) });
  }
}
