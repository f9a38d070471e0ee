// Where the time of a request went: a bar for each hop, and the exact figures in a table.

import { h } from "../shared/dom.js";
import { bytes, plural, seconds, title } from "../shared/format.js";

/**
 * @typedef {object} Hop
 * @property {string} instance
 * @property {string} pool
 * @property {string[]} operations
 * @property {string} rendition
 * @property {number} started_s
 * @property {number} queue_s
 * @property {number} decode_s
 * @property {number[]} operations_s
 * @property {number} encode_s
 * @property {number} transfer_s
 * @property {number} total_s
 * @property {number} bytes_in
 * @property {number} bytes_out
 * @property {number} attempts
 */

const KINDS = { queue: "queue", transfer: "transfer", decode: "decode", operation: "operations", encode: "encode" };

/** What is shorter, as a share of the whole, is in the table only. */
const LEAST_SHOWN = 0.002;

/** @param {{hops: Hop[], queue_s: number, total_s: number}} trace @returns {HTMLElement} */
export function waterfall({ hops, queue_s: queued, total_s: total }) {
  const end = Math.max(total, queued, ...hops.map((hop) => hop.started_s + hop.total_s)) || 1;
  const rows = hops.map((hop) => row(hop, end));
  if (queued > end * LEAST_SHOWN) rows.unshift(waiting(queued, end));
  const kinds = Object.entries(KINDS).map(([kind, name]) => h("li", { dataset: { kind } }, name));
  return h(
    "div.waterfall",
    {},
    h("p.waterfall-sum", {}, summary(hops, queued, total)),
    h("ul.legend", { "aria-hidden": "true" }, kinds),
    h("div.waterfall-rows", { "aria-hidden": "true" }, axis(end), rows),
    h("details.more", {}, h("summary", {}, "Exact figures"), table(hops, queued, total)),
  );
}

const retriesOf = (amount) => plural(amount, "retry", "retries");

function summary(hops, queued, total) {
  const sum = (of) => hops.reduce((all, hop) => all + of(hop), 0);
  const kinds = [
    ["queue", queued + sum((hop) => hop.queue_s)],
    ["decode", sum((hop) => hop.decode_s)],
    ["operations", sum((hop) => hop.operations_s.reduce((all, one) => all + one, 0))],
    ["encode", sum((hop) => hop.encode_s)],
    ["transfer", sum((hop) => hop.transfer_s)],
    ["orchestrator", Math.max(0, total - queued - covered(hops))],
  ];
  const largest = kinds.filter(([, value]) => value > 0).sort(([, one], [, other]) => other - one);
  const told = largest.map(([kind, value]) => `${kind} ${seconds(value)}`).join(", ");
  const retries = sum((hop) => hop.attempts - 1);
  return `${seconds(total)} in all${told ? `: ${told}` : ""}${retries ? `; ${retriesOf(retries)}` : ""}.`;
}

/** How long at least one hop ran, seconds: those of renditions run side by side. @param {Hop[]} hops */
function covered(hops) {
  let sum = 0;
  let until = 0;
  for (const { started_s: start, total_s: took } of [...hops].sort((one, other) => one.started_s - other.started_s)) {
    sum += Math.max(0, start + took - Math.max(start, until));
    until = Math.max(until, start + took);
  }
  return sum;
}

/** What a hop spent its time on, in the order in which it is drawn; transfer is there and back. @param {Hop} hop */
function parts(hop) {
  // An attempt that was lost took far longer than any way back.
  const back = hop.attempts > 1 ? 0 : hop.transfer_s / 2;
  const there = hop.transfer_s - back;
  return [
    { kind: "transfer", name: hop.attempts > 1 ? "lost attempts, and transfer there" : "transfer there", took: there },
    { kind: "queue", name: "queue", took: hop.queue_s },
    { kind: "decode", name: "decode", took: hop.decode_s },
    ...hop.operations_s.map((took, at) => ({ kind: "operation", name: hop.operations[at] ?? "operation", took })),
    { kind: "encode", name: "encode", took: hop.encode_s },
    { kind: "transfer", name: "transfer back", took: back },
  ].filter(({ took }) => took > 0);
}

function row(hop, end) {
  const side = (hop.started_s + hop.total_s) / end > 0.75 ? "left" : "right";
  let at = hop.started_s;
  const bars = parts(hop).map(({ kind, name, took }) => {
    const from = at;
    at += took;
    return bar(kind, `${title(name)}: ${seconds(took)}`, from / end, took / end);
  });
  const retried = hop.attempts > 1 && h("em.retried", {}, retriesOf(hop.attempts - 1));
  const where = (side === "left" ? hop.started_s : at) / end;
  return line(hop.pool, [hopTitle(hop), hop.instance, retried], bars, seconds(hop.total_s), where, side);
}

function waiting(queued, end) {
  const share = queued / end;
  const bars = [bar("queue", `Queue: ${seconds(queued)}`, 0, share)];
  return line("", ["Wait for a turn", "orchestrator"], bars, seconds(queued), share, share > 0.75 ? "inside" : "right");
}

function line(pool, [what, where, more], bars, took, at, side) {
  return h(
    "div.waterfall-row",
    { dataset: { pool } },
    h("div.waterfall-name", {}, h("strong", {}, what), h("span", {}, where, more)),
    h("div.waterfall-track", {}, bars, h("span.waterfall-took", { vars: { at }, dataset: { side } }, took)),
  );
}

const bar = (kind, told, from, share) => h("span.bar", { dataset: { kind }, title: told, vars: { from, share } });

function axis(end) {
  const mark = (share) => h("span", { vars: { at: share }, dataset: { end: String(share === 1) } }, seconds(end * share));
  return h("div.waterfall-axis", {}, h("div.waterfall-track", {}, [0, 0.25, 0.5, 0.75, 1].map(mark)));
}

const HEADS = [
  ...["Hop", "Instance", "Starts at", "Queue", "Decode", "Operations", "Encode", "Transfer", "Total"],
  ...["In", "Out", "Attempts"],
];

function table(hops, queued, total) {
  const operations = (hop) => hop.operations_s.map((took, at) => `${hop.operations[at] ?? ""} ${seconds(took)}`);
  const cells = (hop) => [
    hop.instance,
    seconds(hop.started_s),
    seconds(hop.queue_s),
    seconds(hop.decode_s),
    operations(hop).join(", ") || "–",
    seconds(hop.encode_s),
    seconds(hop.transfer_s),
    seconds(hop.total_s),
    bytes(hop.bytes_in),
    bytes(hop.bytes_out),
    String(hop.attempts),
  ];
  const rowOf = (hop) => {
    const figures = cells(hop).map((cell) => h("td", {}, cell));
    return h("tr", {}, h("th", { scope: "row" }, hopTitle(hop)), figures);
  };
  return h(
    "div.table-scroll",
    { tabindex: 0, role: "region", "aria-label": "Exact figures of each hop" },
    h(
      "table.figures",
      {},
      h("caption", {}, `Waited ${seconds(queued)} for its turn; ${seconds(total)} in all.`),
      h("thead", {}, h("tr", {}, HEADS.map((name) => h("th", { scope: "col" }, name)))),
      h("tbody", {}, hops.map(rowOf)),
    ),
  );
}

function hopTitle(hop) {
  const done = hop.operations.map(title).join(" + ");
  const name = done || (hop.encode_s > 0 ? "Encode" : "Decode");
  return hop.rendition ? `${name} (${hop.rendition})` : name;
}
