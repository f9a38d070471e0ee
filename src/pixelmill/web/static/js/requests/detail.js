// One request: what became of it, and where its time went.

import { ApiError, askJson } from "../shared/api.js";
import { copyButton } from "../shared/copy.js";
import { h } from "../shared/dom.js";
import { bytes, clock, plural, seconds } from "../shared/format.js";
import { icon } from "../shared/icons.js";
import { isDone, listen } from "../shared/live.js";
import { statusBadge } from "./row.js";
import { waterfall } from "./waterfall.js";

const HEADING = "detail-title";
const UNKNOWN = "It is not known: it may be older than those that are kept, or another orchestrator's.";

export class Detail {
  constructor() {
    this.id = "";
    this.place = h("div.detail-body");
    const back = h("a.back", { href: "#/requests" }, icon("back"), "All requests");
    this.element = h("section.detail", { "aria-labelledby": HEADING, hidden: true }, back, this.place);
    listen("requests", (news) => {
      const own = news.find(({ id }) => id === this.id);
      if (own && !this.done) this.#load();
    });
  }

  /** @param {string} id */
  open(id) {
    this.id = id;
    this.done = false;
    this.#fill(heading(), h("p.loading", { role: "status" }, "Loading …"));
    // The link that was followed is not there any more: those who use no mouse go on from here.
    this.place.querySelector("h1").focus({ preventScroll: true });
    this.#load();
  }

  close() {
    this.id = "";
  }

  async #load() {
    const { id } = this;
    try {
      const request = await askJson(`/v1/requests/${encodeURIComponent(id)}`);
      if (this.id !== id) return;
      this.done = isDone(request);
      this.#fill(...parts(request));
    } catch (error) {
      if (this.id !== id) return;
      const isUnknown = error instanceof ApiError && error.status === 404;
      const text = isUnknown ? UNKNOWN : /** @type {Error} */ (error).message;
      this.#fill(heading(), h("div.empty", {}, icon("search"), h("strong", {}, id), h("p", {}, text)));
    }
  }

  /** Show something else; who was at the heading stays there. */
  #fill(...parts) {
    const wasThere = document.activeElement?.id === HEADING;
    this.place.replaceChildren(...parts);
    if (wasThere) document.getElementById(HEADING)?.focus({ preventScroll: true });
  }
}

const heading = () => h("h1", { id: HEADING, tabindex: -1 }, "Request");

function parts(request) {
  const { id, status, reason, message, hops } = request;
  const where = hops.length ? waterfall(request) : h("p.hint", {}, "No hop has ended.");
  return [
    h("div.detail-head", {}, heading(), statusBadge(status), h("code.id", {}, id), copyButton("Copy id", () => id)),
    message ? problem(reason, message) : "",
    facts(request),
    h(
      "section.panel",
      { "aria-labelledby": "waterfall-title" },
      h("h2", { id: "waterfall-title" }, "Where the time went"),
      where,
    ),
  ];
}

const problem = (reason, message) =>
  h("div.problem", { role: "note" }, icon("alert"), h("div", {}, h("strong", {}, reason), h("p", {}, message)));

function facts(request) {
  const fact = (term, value) => h("div.fact", {}, h("dt", {}, term), h("dd", {}, value));
  return h(
    "dl.facts",
    {},
    fact("Took", request.total_s ? seconds(request.total_s) : `${request.progress_percent} % done`),
    fact("Waited", seconds(request.queue_s)),
    fact("Came", `${clock(request.began_at)}, by ${request.entrance}`),
    fact("Placement", request.placement),
    fact("Source", bytes(request.original_bytes)),
    fact("Retries", String(request.attempts)),
    fact("Result", request.outputs.map(picture).join("; ") || "–"),
  );
}

function picture({ name, width, height, format, bytes: size, frames }) {
  const shape = [`${width} × ${height}`, format.toUpperCase(), frames > 1 && plural(frames, "frame"), bytes(size)];
  return [name && `${name}:`, ...shape].filter(Boolean).join(" ");
}
