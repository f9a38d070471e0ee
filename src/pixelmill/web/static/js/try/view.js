// "Try it": a picture, a pipeline, and what comes out.

import { askJson } from "../shared/api.js";
import { h, setText } from "../shared/dom.js";
import { seconds, title } from "../shared/format.js";
import { icon } from "../shared/icons.js";
import { live } from "../shared/live.js";
import { keep, kept } from "../shared/store.js";
import { token } from "../shared/token.js";
import { builder } from "./builder.js";
import { fromText, toText } from "./compact.js";
import { clearErrors, placeError } from "./errors.js";
import { importPipeline, readPipeline } from "./importer.js";
import { Model } from "./pipeline.js";
import { Peek } from "./peek.js";
import { FIRST, PRESETS } from "./presets.js";
import { remedyOf } from "./remedy.js";
import { Result } from "./result.js";
import { Runner } from "./runner.js";
import { readSchema } from "./schema.js";
import { linkButton, share } from "./share.js";
import { source } from "./source.js";

export function tryIt() {
  const element = h("div.view.try");
  const loading = h("p.loading", { role: "status" }, "Loading the operations …");
  element.append(h("h1.visually-hidden", {}, "Try it"), loading);
  let shared = "";
  /** @type {Bench | null} */
  let bench = null;

  async function load() {
    try {
      const schema = readSchema(await askJson("/v1/operations"));
      loading.remove();
      bench = new Bench(element, schema);
      bench.start(shared);
    } catch (error) {
      const again = h("button.button", { type: "button", on: { click: load } }, "Try again");
      loading.replaceChildren(/** @type {Error} */ (error).message, " ", again);
    }
  }

  load();
  return {
    element,
    show(rest) {
      const text = rest.startsWith("?") ? (new URLSearchParams(rest).get("p") ?? "") : "";
      if (!text) return;
      // It is taken once: what is built on it is not to be lost by a reload.
      history.replaceState(null, "", "#/try");
      shared = text;
      bench?.take(text);
    },
  };
}

class Bench {
  constructor(element, schema) {
    this.model = new Model(schema);
    this.result = new Result((url) => this.peek?.show(url));
    this.runner = new Runner({
      onStart: () => this.result.setRunning(),
      onDone: (made) => this.#done(made),
      onError: (error) => this.#failed(error),
    });
    this.live = h("input.switch", { type: "checkbox", role: "switch", id: "live-run", checked: kept("live", true) });
    const refuse = (message) => this.result.setError(new Error(message));
    this.source = source((file) => this.#setSource(file), refuse);
    this.share = share(() => this.#given());
    this.builder = builder(this.model);
    this.#lay(element);
    this.model.listeners.add(() => {
      clearErrors(this.builder);
      this.share.draw();
      this.#maybeRun();
    });
    this.live.addEventListener("change", () => {
      keep("live", this.live.checked);
      this.#maybeRun();
    });
  }

  start(shared) {
    const isTaken = (shared && this.take(shared)) || this.model.loadKept();
    if (!isTaken) this.model.load(fromText(FIRST.text, this.model.schema));
    this.source.start();
  }

  /** Take a pipeline that somebody shared. Returns whether it is one. */
  take(text) {
    try {
      this.model.load(readPipeline(text, this.model.schema));
      return true;
    } catch (error) {
      this.result.setError(/** @type {Error} */ (error));
      return false;
    }
  }

  #lay(element) {
    const { result } = this;
    const work = h(
      "section.panel.work",
      { "aria-label": "Picture" },
      h("div.work-head", {}, this.source.element, result.compare.choice),
      result.stage,
      result.note,
      h("div.facts-row", {}, result.facts, result.download, result.state),
    );
    const panels = [result.time, this.share.element];
    const bench = h("div.bench", {}, this.#panel(), h("div.bench-main", {}, work, panels));
    this.peek = new Peek(result.stage, bench);
    element.append(h("div.bench-space", {}, bench), this.peek.element);
    this.source.listenTo(work);
  }

  #panel() {
    const run = h("button.button.primary.run", { type: "button", on: { click: () => this.#run() } }, icon("play"), "Run");
    const preset = h("select", { "aria-label": "Begin with" }, h("option", { value: "" }, "Begin with …"));
    preset.append(...PRESETS.map(({ name, note }, number) => h("option", { value: number, title: note }, name)));
    preset.addEventListener("change", () => {
      this.model.load(fromText(PRESETS[Number(preset.value)].text, this.model.schema));
      preset.value = "";
    });
    const paste = h("button.button.quiet", { type: "button", "aria-label": "Paste a pipeline" }, "Paste");
    paste.addEventListener("click", () => importPipeline(this.model));
    const link = linkButton(() => this.#link());
    return h(
      "section.panel.pipeline",
      { "aria-labelledby": "pipeline-title" },
      h("div.panel-head", {}, h("h2", { id: "pipeline-title" }, "Pipeline"), preset, paste, link),
      this.builder,
      h("div.panel-foot", {}, h("label.live-run", { for: "live-run" }, this.live, "Run on every change"), run),
    );
  }

  async #setSource(file) {
    this.file = file;
    this.share.draw();
    const run = this.#run();
    try {
      await this.result.setSource(file, run);
    } catch (error) {
      this.#failed(/** @type {Error} */ (error));
    }
  }

  #maybeRun() {
    if (this.live.checked && this.#isReady()) this.runner.soon(() => this.#work());
  }

  /** Run now. @returns {Promise<Error | null>} why it did not work */
  async #run() {
    return this.#isReady() ? this.runner.now(this.#work()) : null;
  }

  #isReady() {
    const wanting = this.model.wanting();
    if (!wanting) return Boolean(this.file);
    this.runner.stop();
    this.result.setWaiting(`${title(wanting.op)} wants a picture: choose one, and it runs.`);
    return false;
  }

  #work() {
    return { picture: this.file, pipeline: this.model.data() };
  }

  #done(made) {
    clearErrors(this.builder);
    this.result.setResult(made);
    this.#tellTimes(made.trace.hops);
  }

  #failed(error) {
    const remedy = remedyOf(error.message, this.model.pipeline);
    this.result.setError(error, remedy ? { ...remedy, act: () => this.#mend(remedy.mend) } : undefined);
    clearErrors(this.builder);
    if ([400, 413, 422].includes(error.status)) placeError(this.builder, this.model, error.message);
  }

  /** Change the pipeline as a refusal asks for, and run it whether or not every change runs. */
  #mend(mend) {
    mend();
    this.model.changed("steps");
    // The button goes; who used the keyboard goes on at what it has set.
    this.builder.querySelector("[data-parameter=frames] select")?.focus({ preventScroll: true });
    this.#run();
  }

  /** How long each operation took, beside its name. */
  #tellTimes(hops) {
    const own = hops.filter(({ rendition }) => !rendition);
    const timesOf = ({ operations, operations_s: all }) => operations.map((op, at) => ({ op, took: all[at] }));
    const times = own.flatMap(timesOf);
    const cards = [...this.builder.querySelectorAll(":scope > .step-list .step")];
    const fits = cards.length === times.length && cards.every((card, at) => card.dataset.op === times[at].op);
    cards.forEach((card, at) => {
      // What the decoder does on its way takes no time of its own.
      setText(card.querySelector(".step-time"), fits && times[at].took ? seconds(times[at].took) : "");
    });
  }

  #link() {
    const { schema } = this.model;
    return `${location.origin}/#/try?p=${encodeURIComponent(toText(this.model.data(), schema))}`;
  }

  #given() {
    const port = live.fleet?.orchestrator.address.split(":").pop();
    return {
      pipeline: this.model.data(),
      schema: this.model.schema,
      file: this.file?.name ?? "picture.jpg",
      type: this.file?.type ?? "image/jpeg",
      origin: location.origin,
      grpc: port ? `${location.hostname}:${port}` : "",
      locked: Boolean(token()),
    };
  }
}
