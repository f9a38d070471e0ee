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
  return h(
    "div.waterfall",
    {},
    h("p.waterfall-sum", {}, summary(hops, queued, total)),
    h("ul.legend", { "aria-hidden": "true" }, Object.entries(KINDS).map(([kind, name]) => h("li", { dataset: { kind } }, name))),
    h("div.waterfall-rows", { "aria-hidden": "true" }, axis(end), rows),
    h("details.more", {}, h("summary", {}, "Exact figures"), table(hops, queued, total)),
  );
}

function summary(hops, queued, total) {
  const sums = new Map([["queue", queued], ["decode", 0], ["operations", 0], ["encode", 0], ["transfer", 0]]);
  const add = (kind, value) => sums.set(kind, (sums.get(kind) ?? 0) + value);
  for (const hop of hops) {
    add("queue", hop.queue_s);
    add("decode", hop.decode_s);
    add("operations", hop.operations_s.reduce((sum, one) => sum + one, 0));
    add("encode", hop.encode_s);
    add("transfer", hop.transfer_s);
  }
  add("orchestrator", Math.max(0, total - queued - covered(hops)));
  const parts = [...sums].filter(([, value]) => value > 0).sort(([, one], [, other]) => other - one);
  const retries = hops.reduce((sum, hop) => sum + hop.attempts - 1, 0);
  const told = parts.map(([kind, value]) => `${kind} ${seconds(value)}`).join(", ");
  return `${seconds(total)} in all${told ? `: ${told}` : ""}${retries ? `; ${plural(retries, "retry", "retries")}` : ""}.`;
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
  return [
    { kind: "transfer", name: "transfer there", took: hop.transfer_s / 2 },
    { kind: "queue", name: "queue", took: hop.queue_s },
    { kind: "decode", name: "decode", took: hop.decode_s },
    ...hop.operations_s.map((took, at) => ({ kind: "operation", name: hop.operations[at] ?? "operation", took })),
    { kind: "encode", name: "encode", took: hop.encode_s },
    { kind: "transfer", name: "transfer back", took: hop.transfer_s / 2 },
  ].filter(({ took }) => took > 0);
}

function row(hop, end) {
  const what = hopTitle(hop);
  const side = (hop.started_s + hop.total_s) / end > 0.75 ? "left" : "right";
  let at = hop.started_s;
  const bars = parts(hop).map(({ kind, name, took }) => {
    const bar = h("span.bar", { dataset: { kind }, title: `${title(name)}: ${seconds(took)}`, vars: { from: at / end, share: took / end } });
    at += took;
    return bar;
  });
  return h(
    "div.waterfall-row",
    { dataset: { pool: hop.pool } },
    h("div.waterfall-name", {}, h("strong", {}, what), h("span", {}, hop.instance, hop.attempts > 1 ? h("em.retried", {}, plural(hop.attempts - 1, "retry", "retries")) : null)),
    h("div.waterfall-track", {}, bars, h("span.waterfall-took", { vars: { at: (side === "left" ? hop.started_s : at) / end }, dataset: { side } }, seconds(hop.total_s))),
  );
}

function waiting(queued, end) {
  return h(
    "div.waterfall-row",
    {},
    h("div.waterfall-name", {}, h("strong", {}, "Wait for a turn"), h("span", {}, "orchestrator")),
    h("div.waterfall-track", {}, h("span.bar", { dataset: { kind: "queue" }, title: `Queue: ${seconds(queued)}`, vars: { from: 0, share: queued / end } }), h("span.waterfall-took", { vars: { at: queued / end } }, seconds(queued))),
  );
}

function axis(end) {
  const marks = [0, 0.25, 0.5, 0.75, 1];
  return h("div.waterfall-axis", {}, h("div.waterfall-track", {}, marks.map((share) => h("span", { vars: { at: share }, dataset: { end: String(share === 1) } }, seconds(end * share)))));
}

function table(hops, queued, total) {
  const heads = ["Hop", "Instance", "Starts at", "Queue", "Decode", "Operations", "Encode", "Transfer", "Total", "In", "Out", "Attempts"];
  const rows = hops.map((hop) => [
    hopTitle(hop),
    hop.instance,
    seconds(hop.started_s),
    seconds(hop.queue_s),
    seconds(hop.decode_s),
    hop.operations_s.map((took, at) => `${hop.operations[at] ?? ""} ${seconds(took)}`).join(", ") || "–",
    seconds(hop.encode_s),
    seconds(hop.transfer_s),
    seconds(hop.total_s),
    bytes(hop.bytes_in),
    bytes(hop.bytes_out),
    String(hop.attempts),
  ]);
  const [first, ...others] = heads;
  return h(
    "div.table-scroll",
    { tabindex: 0, role: "region", "aria-label": "Exact figures of each hop" },
    h(
      "table.figures",
      {},
      h("caption", {}, `Waited ${seconds(queued)} for its turn; ${seconds(total)} in all.`),
      h("thead", {}, h("tr", {}, h("th", { scope: "col" }, first), others.map((name) => h("th", { scope: "col" }, name)))),
      h("tbody", {}, rows.map(([name, ...cells]) => h("tr", {}, h("th", { scope: "row" }, name), cells.map((cell) => h("td", {}, cell))))),
    ),
  );
}

function hopTitle(hop) {
  const done = hop.operations.map(title).join(" + ");
  const name = done || (hop.encode_s > 0 ? "Encode" : "Decode");
  return hop.rendition ? `${name} (${hop.rendition})` : name;
}
