// One request: what became of it, and where its time went.

import { ApiError, askJson } from "../shared/api.js";
import { copyButton } from "../shared/copy.js";
import { h } from "../shared/dom.js";
import { bytes, clock, plural, seconds } from "../shared/format.js";
import { icon } from "../shared/icons.js";
import { isDone, listen } from "../shared/live.js";
import { statusBadge } from "./row.js";
import { waterfall } from "./waterfall.js";

export class Detail {
  constructor() {
    this.id = "";
    this.place = h("div.detail-body");
    this.element = h("section.detail", { "aria-labelledby": "detail-title", hidden: true }, h("a.back", { href: "#/requests" }, icon("back"), "All requests"), this.place);
    listen("requests", (news) => {
      const own = news.find(({ id }) => id === this.id);
      if (own && !this.done) this.#load();
    });
  }

  /** @param {string} id */
  open(id) {
    this.id = id;
    this.done = false;
    this.place.replaceChildren(h("h1", { id: "detail-title" }, "Request"), h("p.loading", { role: "status" }, "Loading …"));
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
      this.place.replaceChildren(...parts(request));
    } catch (error) {
      if (this.id !== id) return;
      const text = error instanceof ApiError && error.status === 404 ? "It is not known: it may be older than those that are kept, or another orchestrator's." : /** @type {Error} */ (error).message;
      this.place.replaceChildren(h("h1", { id: "detail-title" }, "Request"), h("div.empty", {}, icon("search"), h("strong", {}, id), h("p", {}, text)));
    }
  }
}

function parts(request) {
  const pictures = request.outputs.map(({ name, width, height, format, bytes: size, frames }) =>
    [name && `${name}:`, `${width} × ${height}`, format.toUpperCase(), frames > 1 ? plural(frames, "frame") : "", bytes(size)].filter(Boolean).join(" "),
  );
  return [
    h("div.detail-head", {}, h("h1", { id: "detail-title" }, "Request"), statusBadge(request.status), h("code.id", {}, request.id), copyButton("Copy id", () => request.id)),
    request.message ? h("div.problem", { role: "note" }, icon("alert"), h("div", {}, h("strong", {}, request.reason), h("p", {}, request.message))) : "",
    h(
      "dl.facts",
      {},
      fact("Took", request.total_s ? seconds(request.total_s) : `${request.progress_percent} % done`),
      fact("Waited", seconds(request.queue_s)),
      fact("Came", `${clock(request.began_at)}, by ${request.entrance}`),
      fact("Placement", request.placement),
      fact("Source", bytes(request.original_bytes)),
      fact("Retries", String(request.attempts)),
      fact("Result", pictures.join("; ") || "–"),
    ),
    h("section.panel", { "aria-labelledby": "waterfall-title" }, h("h2", { id: "waterfall-title" }, "Where the time went"), request.hops.length ? waterfall(request) : h("p.hint", {}, "No hop has ended.")),
  ];
}

const fact = (term, value) => h("div.fact", {}, h("dt", {}, term), h("dd", {}, value));
