// What came out: the picture beside the one before, sizes, time and where it went; or all renditions.

import { announceCalmly, h, setText } from "../shared/dom.js";
import { bytes, change, plural, seconds } from "../shared/format.js";
import { icon } from "../shared/icons.js";
import { waterfall } from "../requests/waterfall.js";
import { Compare } from "./compare.js";
import { viewable } from "./viewable.js";

/** @typedef {import("../shared/api.js").Made} Made */

export class Result {
  /** @param {(url: string) => void} onPicture gets the address of what is shown; none where it is empty */
  constructor(onPicture) {
    this.onPicture = onPicture;
    this.compare = new Compare();
    this.gallery = h("ul.gallery", { hidden: true, "aria-label": "Renditions" });
    this.note = h("p.preview-note", { hidden: true });
    this.error = h("div.run-error", { role: "alert", hidden: true });
    this.facts = h("dl.facts", { "aria-label": "Result" });
    this.download = h("a.button", { hidden: true }, icon("download"), "Download");
    this.time = h("section.panel.time", { "aria-labelledby": "time-title", hidden: true });
    this.state = h("p.run-state.visually-hidden");
    /** @type {{free: () => void}[]} */
    this.shown = [];
    const veil = h("div.drop-veil", { "aria-hidden": "true" }, "Drop the picture");
    this.stage = h("div.stage", { tabindex: -1 }, this.compare.element, this.gallery, this.error, veil);
  }

  /**
   * Show the picture that is worked on: what came of another one is no more.
   *
   * @param {File} file
   * @param {Promise<Error | null>} run its own run
   */
  async setSource(file, run) {
    this.source = { file, width: 0, height: 0 };
    const { source } = this;
    this.#clear();
    const shown = await viewable(file, run);
    if (!shown || this.source !== source) {
      shown?.free();
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
    this.#tell("Running …");
  }

  /** Say what is missing. @param {string} text */
  setWaiting(text) {
    this.#rest();
    this.note.hidden = false;
    setText(this.note, text);
    this.#tell(text);
  }

  /**
   * Tell what did not work, and offer what mends it.
   *
   * @param {Error} error
   * @param {{label: string, act: () => void}} [remedy]
   */
  setError(error, remedy) {
    this.#rest();
    this.stage.classList.add("failed");
    this.error.hidden = false;
    const text = h("div", {}, h("strong", {}, "That did not work"), h("p", {}, error.message));
    if (remedy) text.append(h("button.button", { type: "button", on: { click: remedy.act } }, remedy.label));
    this.error.replaceChildren(icon("alert"), text);
    setText(this.state, "Failed");
  }

  #tell(text) {
    setText(this.state, text);
    announceCalmly(text);
  }

  #clear() {
    this.onPicture("");
    for (const one of [this.before, ...this.shown]) one?.free();
    this.shown = [];
    this.before = this.outputs = this.trace = this.latest = undefined;
    this.compare.clear();
    this.#arrange(false);
    this.note.hidden = this.time.hidden = true;
    this.#tellFacts();
  }

  #arrange(several) {
    this.gallery.hidden = !several;
    this.compare.element.hidden = several;
    this.compare.choice.hidden = several;
  }

  /** @param {import("../shared/api.js").Processed} made */
  async setResult({ outputs, trace }) {
    this.#rest();
    this.latest = trace;
    const shown = await Promise.all(outputs.map(({ blob }) => viewable(blob)));
    if (this.latest !== trace) {
      for (const one of shown) one.free();
      return;
    }
    this.onPicture(shown[0].url);
    for (const { free } of this.shown) free();
    Object.assign(this, { outputs, trace, shown });
    const several = outputs.length > 1 || outputs[0].name !== "";
    this.#arrange(several);
    if (several) this.gallery.replaceChildren(...outputs.map((output, number) => card(output, shown[number])));
    else this.compare.setAfter(shown[0], describe(outputs[0]));
    this.note.hidden = !shown.some(({ converted }) => converted);
    setText(this.note, "Shown as PNG: the browser does not show this format. The download is the result itself.");
    this.#tellFacts();
    this.#tellTime();
    this.#tell(`Done: ${outputs.map((output) => describe(output)).join("; ")}, in ${seconds(trace.total_s)}`);
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
    const size = source.width ? `${source.width} × ${source.height}` : "";
    const facts = [fact("Before", bytes(before), [size, kindOf(source.file)].filter(Boolean).join(" · "))];
    this.download.hidden = outputs?.length !== 1;
    if (outputs && trace) {
      const after = outputs.reduce((sum, output) => sum + output.bytes, 0);
      const [only] = outputs;
      const shape = outputs.length > 1 ? plural(outputs.length, "rendition") : describe(only, false);
      const saved = h("span.change", { dataset: { smaller: String(after <= before) } }, change(before, after));
      const instances = new Set(trace.hops.map(({ instance }) => instance)).size;
      const way = `${plural(trace.hops.length, "hop")}, ${plural(instances, "instance")}`;
      facts.push(fact("After", bytes(after), shape, saved), fact("Time", seconds(trace.total_s), way));
      if (outputs.length === 1) {
        this.download.href = addressOf(only, this.shown[0]);
        this.download.download = fileName(source.file.name, only);
      }
    }
    this.facts.replaceChildren(...facts);
  }

  #tellTime() {
    if (!this.trace) return;
    this.time.hidden = false;
    const { request_id: id } = this.trace;
    const link = h("a.quiet-link", { href: `#/requests/${encodeURIComponent(id)}` }, "Open the request");
    const head = h("div.section-head", {}, h("h2", { id: "time-title" }, "Where the time went"), link);
    this.time.replaceChildren(head, waterfall(this.trace));
  }
}

/** The name that a result is saved under. @param {string} source @param {{format: string, name: string}} output */
export function fileName(source, { format, name }) {
  const stem = source.replace(/\.[^.]*$/, "") || "picture";
  return `${stem}${name ? `-${name}` : ""}.${{ jpeg: "jpg", tiff: "tif" }[format] ?? format}`;
}

function describe({ width, height, format, frames, bytes: size }, withSize = true) {
  const shape = [`${width} × ${height}`, format.toUpperCase(), frames > 1 && plural(frames, "frame")];
  return [...shape, withSize && bytes(size)].filter(Boolean).join(" · ");
}

function fact(term, value, note, extra) {
  const told = h("dd", {}, h("span.fact-value", {}, value, extra), h("span.fact-note", {}, note));
  return h("div.fact", {}, h("dt", {}, term), told);
}

function card(output, shown) {
  const names = { "aria-label": `Download ${output.name}`, title: "Download" };
  const file = { href: addressOf(output, shown), download: fileName(output.name, { ...output, name: "" }) };
  const save = h("a.button.quiet.icon", { ...file, ...names }, icon("download"));
  return h(
    "li.rendered",
    {},
    h("div.rendered-picture", {}, h("img", { src: shown.url, alt: `Rendition ${output.name}: ${describe(output)}` })),
    h("div.rendered-text", {}, h("strong", {}, output.name), h("span", {}, describe(output)), save),
  );
}

/** Where the result itself is: what is shown may be a PNG of it. */
const addressOf = ({ blob }, shown) => (shown.converted ? URL.createObjectURL(blob) : shown.url);

const kindOf = (file) => file.type.replace(/^image\/(x-|vnd\.)?/, "").replace("svg+xml", "svg").toUpperCase();
