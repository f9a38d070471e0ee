// What came out: the picture beside the one before, sizes, time and where it went; or all renditions.

import { h, setText } from "../shared/dom.js";
import { bytes, change, plural, seconds } from "../shared/format.js";
import { icon } from "../shared/icons.js";
import { waterfall } from "../requests/waterfall.js";
import { Compare } from "./compare.js";
import { viewable } from "./viewable.js";

/** @typedef {import("../shared/api.js").Made} Made */

export class Result {
  constructor() {
    this.compare = new Compare();
    this.gallery = h("ul.gallery", { hidden: true, "aria-label": "Renditions" });
    this.note = h("p.preview-note", { hidden: true });
    this.error = h("div.run-error", { role: "alert", hidden: true });
    this.facts = h("dl.facts", { "aria-label": "Result" });
    this.download = h("a.button", { hidden: true }, icon("download"), "Download");
    this.time = h("section.time", { "aria-labelledby": "time-title", hidden: true });
    this.state = h("p.run-state", { role: "status" });
    /** @type {{free: () => void}[]} */
    this.shown = [];
    this.stage = h("div.stage", {}, this.compare.element, this.gallery, this.error, h("div.drop-veil", { "aria-hidden": "true" }, "Drop the picture"));
  }

  /** Show the picture that is worked on. @param {File} file */
  async setSource(file) {
    this.source = { file, width: 0, height: 0 };
    const { source } = this;
    const shown = await viewable(file);
    if (this.source !== source) {
      shown.free();
      return;
    }
    this.before?.free();
    this.before = shown;
    Object.assign(source, shown.converted ? {} : { width: shown.width, height: shown.height });
    this.compare.setBefore(shown);
    this.#tellFacts();
  }

  setRunning() {
    this.stage.classList.add("running");
    this.stage.setAttribute("aria-busy", "true");
    setText(this.state, "Running …");
  }

  /** @param {Error} error */
  setError(error) {
    this.#rest();
    this.stage.classList.add("failed");
    this.error.hidden = false;
    this.error.replaceChildren(icon("alert"), h("div", {}, h("strong", {}, "That did not work"), h("p", {}, error.message)));
    setText(this.state, "Failed");
  }

  /** @param {import("../shared/api.js").Processed} made */
  async setResult({ outputs, trace }) {
    this.#rest();
    this.outputs = outputs;
    this.trace = trace;
    const shown = await Promise.all(outputs.map(({ blob }) => viewable(blob)));
    for (const { free } of this.shown) free();
    this.shown = shown;
    const several = outputs.length > 1 || outputs[0].name !== "";
    this.gallery.hidden = !several;
    this.compare.element.hidden = several;
    this.compare.choice.hidden = several;
    if (several) this.gallery.replaceChildren(...outputs.map((output, number) => card(output, shown[number])));
    else this.compare.setAfter(shown[0], describe(outputs[0]));
    this.note.hidden = !shown.some(({ converted }) => converted);
    setText(this.note, "Shown as PNG: the browser does not show this format. The download is the result itself.");
    this.#tellFacts();
    this.#tellTime();
    setText(this.state, `Done: ${outputs.map(describe).join("; ")}, in ${seconds(trace.total_s)}`);
  }

  #rest() {
    this.stage.classList.remove("running", "failed");
    this.stage.removeAttribute("aria-busy");
    this.error.hidden = true;
  }

  #tellFacts() {
    const { source, outputs, trace } = this;
    if (!source) return;
    const before = source.file.size;
    const facts = [fact("Before", bytes(before), [source.width ? `${source.width} × ${source.height}` : "", kindOf(source.file)].filter(Boolean).join(" · "))];
    this.download.hidden = !outputs || outputs.length > 1;
    if (outputs && trace) {
      const after = outputs.reduce((sum, output) => sum + output.bytes, 0);
      const [only] = outputs;
      const shape = outputs.length > 1 ? plural(outputs.length, "rendition") : describe(only, false);
      facts.push(fact("After", bytes(after), shape, h("span.change", { dataset: { smaller: String(after <= before) } }, change(before, after))));
      facts.push(fact("Time", seconds(trace.total_s), `${plural(trace.hops.length, "hop")}, ${plural(new Set(trace.hops.map((hop) => hop.instance)).size, "instance")}`));
      if (outputs.length === 1) {
        this.download.href = this.shown[0]?.converted ? URL.createObjectURL(only.blob) : this.shown[0].url;
        this.download.download = fileName(source.file.name, only);
      }
    }
    this.facts.replaceChildren(...facts);
  }

  #tellTime() {
    if (!this.trace) return;
    this.time.hidden = false;
    const { request_id: id } = this.trace;
    this.time.replaceChildren(
      h("div.section-head", {}, h("h2", { id: "time-title" }, "Where the time went"), h("a.quiet-link", { href: `#/requests/${encodeURIComponent(id)}` }, "Open the request")),
      waterfall(this.trace),
    );
  }
}

/** The name that a result is saved under. @param {string} source @param {{format: string, name: string}} output */
export function fileName(source, { format, name }) {
  const stem = source.replace(/\.[^.]*$/, "") || "picture";
  return `${stem}${name ? `-${name}` : ""}.${{ jpeg: "jpg", tiff: "tif" }[format] ?? format}`;
}

function describe({ width, height, format, frames, bytes: size }, withSize = true) {
  const parts = [`${width} × ${height}`, format.toUpperCase(), frames > 1 ? plural(frames, "frame") : "", withSize ? bytes(size) : ""];
  return parts.filter(Boolean).join(" · ");
}

function fact(term, value, note, extra) {
  return h("div.fact", {}, h("dt", {}, term), h("dd", {}, h("span.fact-value", {}, value, extra), h("span.fact-note", {}, note)));
}

function card(output, shown) {
  const save = h("a.button.quiet.icon", { href: URL.createObjectURL(output.blob), download: `${output.name}.${output.format}`, "aria-label": `Download ${output.name}`, title: "Download" }, icon("download"));
  return h(
    "li.rendered",
    {},
    h("div.rendered-picture", {}, h("img", { src: shown.url, alt: `Rendition ${output.name}: ${describe(output)}` })),
    h("div.rendered-text", {}, h("strong", {}, output.name), h("span", {}, describe(output)), save),
  );
}

const kindOf = (file) => file.type.replace(/^image\/(x-|vnd\.)?/, "").replace("svg+xml", "svg").toUpperCase();
