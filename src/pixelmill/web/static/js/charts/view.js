// "Throughput": what has come to its end in each of the last seconds, how long it took, and how many bytes it was.

import { h, setText } from "../shared/dom.js";
import { bytes, clock, count, figure, plural, seconds } from "../shared/format.js";
import { listen, live } from "../shared/live.js";
import { keep, kept } from "../shared/store.js";
import { Chart } from "./chart.js";

const MINUTES = [1, 5, 10];
const MINUTE_S = 60;
const COLUMNS = [
  ...["Ten seconds from", "Completed", "Failed", "Rejected", "Cancelled"],
  ...["Worst p50", "Worst p99", "In", "Out"],
];
const perSecond = (value) => `${figure(value)}/s`;

/** @type {import("./chart.js").Spec[]} */
const CHARTS = [
  {
    id: "throughput",
    title: "Requests per second",
    unit: "requests/s",
    stacked: true,
    show: perSecond,
    series: [
      { name: "completed", value: ({ completed }) => completed },
      { name: "cancelled", value: ({ cancelled }) => cancelled },
      { name: "rejected", value: ({ rejected }) => rejected },
      { name: "failed", value: ({ failed }) => failed },
    ],
    summary: (all) => {
      const sum = (name) => all.reduce((total, second) => total + second[name], 0);
      const rate = figure(sum("completed") / (all.length || 1));
      const others = ["failed", "rejected", "cancelled"].map((name) => `${count(sum(name))} ${name}`);
      return `${count(sum("completed"))} completed (${rate} per second), ${others.join(", ")}.`;
    },
  },
  {
    id: "latency",
    title: "Latency of completed requests",
    unit: "time",
    show: seconds,
    series: [
      { name: "p99", value: ({ p99_s: took, completed }) => (completed ? took : null) },
      { name: "p50", value: ({ p50_s: took, completed }) => (completed ? took : null) },
    ],
    summary: (all) => {
      const busy = all.filter(({ completed }) => completed);
      if (!busy.length) return "No request was completed.";
      const middle = busy.map(({ p50_s: took }) => took).sort((one, other) => one - other)[Math.floor(busy.length / 2)];
      const worst = Math.max(...busy.map(({ p99_s: took }) => took));
      return `A typical second's p50 was ${seconds(middle)}; the worst second's p99 ${seconds(worst)}.`;
    },
  },
  {
    id: "traffic",
    title: "Bytes of completed requests",
    unit: "bytes/s",
    show: (value) => `${bytes(value)}/s`,
    binary: true,
    series: [
      { name: "in", value: ({ bytes_in: size }) => size },
      { name: "out", value: ({ bytes_out: size }) => size },
    ],
    summary: (all) => {
      const sum = (name) => all.reduce((total, second) => total + second[name], 0);
      return `${bytes(sum("bytes_in"))} came in, ${bytes(sum("bytes_out"))} went out.`;
    },
  },
];

export function charts() {
  let minutes = kept("minutes", 5);
  if (!MINUTES.includes(minutes)) minutes = 5;
  const all = CHARTS.map((spec) => new Chart(spec));
  const told = h("p.count", { role: "status" });
  const body = h("tbody");
  const head = h("thead", {}, h("tr", {}, COLUMNS.map((name) => h("th", { scope: "col" }, name))));
  const table = h(
    "details.more.panel",
    {},
    h("summary", {}, "The figures as a table"),
    h(
      "div.table-scroll",
      { tabindex: 0, role: "region", "aria-label": "Figures of each ten seconds" },
      h("table.figures", {}, head, body),
    ),
  );
  const choice = h("div.segments", { role: "radiogroup", "aria-label": "How far back" });
  for (const amount of MINUTES) {
    const input = h("input", { type: "radio", name: "minutes", value: amount, checked: amount === minutes });
    input.addEventListener("change", () => {
      minutes = amount;
      keep("minutes", amount);
      draw();
    });
    choice.append(h("label", {}, input, h("span", {}, plural(amount, "minute"))));
  }
  const heading = h("div.view-head", {}, h("h1", {}, "Throughput"), told, choice);
  const element = h("div.view.charts", {}, heading, h("div.chart-list", {}, all.map((chart) => chart.element)), table);

  function draw() {
    if (element.hidden) return;
    const shown = live.seconds.slice(-minutes * MINUTE_S);
    for (const chart of all) chart.draw(shown, minutes * MINUTE_S);
    setText(told, shown.length ? `the last ${plural(minutes, "minute")}` : "no second has passed yet");
    if (table.open) body.replaceChildren(...rows(shown));
  }

  listen("seconds", draw);
  table.addEventListener("toggle", draw);
  new ResizeObserver(draw).observe(element);
  return { element, show: draw };
}

/** Sums of each ten seconds, the latest first. */
function rows(shown) {
  const tens = grouped(shown);
  return [...tens.values()].reverse().map((some) => {
    const sum = (name) => some.reduce((total, second) => total + second[name], 0);
    const most = (name) => Math.max(...some.map((second) => second[name]));
    const cells = ["completed", "failed", "rejected", "cancelled"].map((name) => count(sum(name)));
    const more = [seconds(most("p50_s")), seconds(most("p99_s")), bytes(sum("bytes_in")), bytes(sum("bytes_out"))];
    return h("tr", {}, h("th", { scope: "row" }, clock(some[0].at)), [...cells, ...more].map((cell) => h("td", {}, cell)));
  });
}

function grouped(shown) {
  const tens = new Map();
  for (const second of shown) {
    const ten = Math.floor(second.at / 10);
    tens.set(ten, [...(tens.get(ten) ?? []), second]);
  }
  return tens;
}
