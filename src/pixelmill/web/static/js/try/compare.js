// Two pictures, one before and one after: over each other with a slider between, or side by side.

import { h, newId } from "../shared/dom.js";

const SAME_SHAPE = 0.01;
const MODES = { slider: "Slider", sides: "Side by side", after: "Result" };

/** @typedef {import("./viewable.js").Shown} Shown */

export class Compare {
  constructor() {
    this.before = h("img.before", { alt: "Before" });
    this.after = h("img.after", { alt: "After" });
    const range = { type: "range", min: 0, max: 100, step: 0.5, value: 50 };
    this.slider = h("input.divider", { ...range, "aria-label": "Where before ends and after begins" });
    this.slider.addEventListener("input", () => this.#divide());
    this.frame = h(
      "div.frame",
      {},
      h("figure.side.of-before", {}, this.before, h("figcaption", {}, "Before")),
      h("figure.side.of-after", {}, this.after, h("figcaption", {}, "After")),
      h("div.handle", { "aria-hidden": "true" }),
      this.slider,
    );
    /** @type {keyof typeof MODES | ""} */
    this.wanted = "";
    const name = newId("mode");
    this.modes = Object.entries(MODES).map(([mode, title]) => {
      const input = h("input", { type: "radio", name, value: mode });
      input.addEventListener("change", () => {
        this.wanted = /** @type {keyof typeof MODES} */ (mode);
        this.#arrange();
      });
      return { mode, input, label: h("label", {}, input, h("span", {}, title)) };
    });
    const labels = this.modes.map(({ label }) => label);
    this.choice = h("div.segments", { role: "radiogroup", "aria-label": "How to compare" }, labels);
    this.element = h("div.compare", {}, this.frame);
    this.#divide();
  }

  /** Show nothing: another picture is worked on. */
  clear() {
    for (const image of [this.before, this.after]) image.removeAttribute("src");
    this.shapeBefore = this.shapeAfter = undefined;
    this.#arrange();
  }

  /** @param {Shown} shown */
  setBefore(shown) {
    Object.assign(this.before, { src: shown.url });
    this.shapeBefore = shown;
    this.#arrange();
  }

  /** @param {Shown} shown @param {string} description */
  setAfter(shown, description) {
    Object.assign(this.after, { src: shown.url, alt: `After: ${description}` });
    this.shapeAfter = shown;
    this.#arrange();
  }

  #arrange() {
    const [before, after] = [this.shapeBefore, this.shapeAfter];
    const isSame = before && after && Math.abs(ratio(before) / ratio(after) - 1) < SAME_SHAPE;
    const fits = isSame || !before || !after;
    const mode = this.wanted && (this.wanted !== "slider" || fits) ? this.wanted : fits ? "slider" : "sides";
    this.element.dataset.mode = mode;
    for (const one of this.modes) {
      one.input.checked = one.mode === mode;
      one.input.disabled = one.mode === "slider" && !fits;
      one.label.title = one.input.disabled ? "The result has another shape" : "";
    }
    const largest = before && after ? Math.max(before.width, after.width) : (before ?? after)?.width;
    const shape = mode === "after" ? after : before;
    if (shape) {
      this.frame.style.setProperty("--ratio", String(ratio(shape)));
      this.frame.style.setProperty("--width", `${mode === "after" ? shape.width : largest}px`);
    }
  }

  #divide() {
    const share = Number(this.slider.value);
    this.frame.style.setProperty("--divide", `${share}%`);
    this.slider.setAttribute("aria-valuetext", `${Math.round(share)} % before, ${Math.round(100 - share)} % after`);
  }
}

const ratio = ({ width, height }) => width / height;
