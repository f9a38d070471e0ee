// One request in the list.

import { h, setText, setVars } from "../shared/dom.js";
import { bytes, clock, plural, seconds } from "../shared/format.js";
import { icon } from "../shared/icons.js";

const GLYPHS = { completed: "healthy", failed: "down", processing: "draining", queued: "draining" };

/** How a status is shown: by a sign and a word. @param {string} status @param {string} [reason] */
export function statusBadge(status, reason = "") {
  const word = reason ? reason.toLowerCase().replaceAll("_", " ") : status;
  return h("span.badge", { dataset: { status } }, icon(GLYPHS[status]), word);
}

/** @param {{request: any}} first */
export function row({ request: { id } }) {
  const href = `#/requests/${encodeURIComponent(id)}`;
  // Narrow windows show no table: its roles are to stay.
  const cell = (column, ...children) => h("td", { role: "cell", dataset: { column } }, ...children);
  const [status, stages, size, came] = ["status", "operations", "size", "came"].map((column) => cell(column));
  const took = h("span.took-text");
  const bar = h("span.took-bar", { "aria-hidden": "true" });
  const link = h("a", { href, title: id }, id.length > 14 ? `${id.slice(0, 12)}…` : id);
  link.setAttribute("aria-label", `Request ${id}`);
  const element = h("tr", { role: "row" }, status, stages, size, cell("took", took, bar), came, cell("id", link));
  element.addEventListener("click", (event) => {
    if (!(/** @type {HTMLElement} */ (event.target).closest("a")) && !String(getSelection())) location.hash = href;
  });
  let drawn = "";
  return {
    element,
    update({ request, longest }) {
      setVars(bar, { share: Math.min(1, request.total_s / longest) });
      const now = JSON.stringify(request);
      if (now === drawn) return;
      drawn = now;
      element.dataset.status = request.status;
      status.replaceChildren(statusBadge(request.status, request.reason));
      stages.replaceChildren(...chips(request));
      const after = request.processed_bytes ? ` → ${bytes(request.processed_bytes)}` : "";
      setText(size, `${bytes(request.original_bytes)}${after}`);
      setText(took, request.total_s ? seconds(request.total_s) : `${request.progress_percent} %`);
      setText(came, `${clock(request.began_at)} · ${request.entrance}`);
      came.title = `placement ${request.placement}`;
    },
  };
}

function chips({ stages, outputs, attempts, stage, message }) {
  const running = (name) => String(name === stage && !outputs.length);
  const made = outputs.length > 1 ? [plural(outputs.length, "rendition")] : outputs.map(({ format }) => format);
  const chip = (name) => h("span.stage-chip", { dataset: { running: running(name) } }, name);
  return [
    ...(message ? [h("span.message", { title: message }, message)] : stages.map(chip)),
    ...made.map((name) => h("span.stage-chip.of-output", {}, name)),
    ...(attempts ? [h("em.retried", {}, plural(attempts, "retry", "retries"))] : []),
  ];
}
