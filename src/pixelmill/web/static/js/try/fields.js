// A field for each kind of parameter. Each gets the parameter, where its value is, and tells of changes.

import { toBase64 } from "../shared/api.js";
import { h, newId, prose, setText } from "../shared/dom.js";
import { bytes, title } from "../shared/format.js";
import { STEPS, scaleOf } from "./scale.js";
import { PLACES } from "./schema.js";

/**
 * @typedef {import("./schema.js").Parameter} Parameter
 * @typedef {{get: () => any, set: (value: unknown) => void}} Place where a value is; undefined unsets it
 */

/** A form's fields may have 4 MiB, and base64 makes four bytes of three; there is the rest of the pipeline, too. */
const LARGEST_FILE = 2.9 * 1024 * 1024;

/** A field with its label and description. @param {Parameter} parameter @param {Place} place @returns {HTMLElement} */
export function field(parameter, place) {
  const id = newId("field");
  const ids = { id, hint: `${id}-hint ${id}-error`, label: `${id}-label` };
  const control = CONTROLS[parameter.kind](parameter, place, ids);
  const grouped = ["place", "several"].includes(parameter.kind);
  const name = title(parameter.name);
  const label = grouped ? h("span.label", { id: ids.label }, name) : h("label", { for: id, id: ids.label }, name);
  const group = grouped ? { role: "group", "aria-labelledby": ids.label } : {};
  return h(
    `div.field.is-${parameter.kind}`,
    { dataset: { parameter: parameter.name }, ...group },
    h("div.field-head", {}, label, control.head),
    control.body,
    h("p.hint", { id: `${id}-hint` }, prose(parameter.description)),
    h("p.field-error", { id: `${id}-error`, hidden: true }),
  );
}

const CONTROLS = { number, color, choice, place: anchor, switch: toggle, several, text: words, lines: words, file };

function number(parameter, place, { id, hint, label }) {
  const { min, max, above, whole, optional, preset } = parameter;
  const known = () => place.get() ?? preset;
  const box = h("input.number", {
    id,
    type: "number",
    inputmode: whole ? "numeric" : "decimal",
    min: above ? undefined : min,
    max,
    step: whole ? 1 : "any",
    placeholder: optional ? "auto" : undefined,
    "aria-describedby": hint,
    value: known() ?? "",
  });
  const store = (value) => place.set(value === preset ? undefined : value);
  if (min === undefined || max === undefined) {
    box.addEventListener("input", () => store(read(box)));
    return { head: box };
  }
  const scale = scaleOf(parameter);
  const names = { "aria-labelledby": label, "aria-describedby": hint };
  const slider = h("input.slider", { type: "range", min: 0, max: STEPS, ...names });
  const draw = () => {
    const value = known();
    const at = scale.placeOf(value ?? min);
    slider.value = at;
    slider.style.setProperty("--share", String(at / STEPS));
    const isUnset = value === undefined || value === null;
    slider.classList.toggle("unset", isUnset);
    slider.setAttribute("aria-valuetext", isUnset ? "not set" : String(value));
  };
  box.addEventListener("input", () => {
    store(read(box));
    draw();
  });
  slider.addEventListener("input", () => {
    let value = scale.valueAt(Number(slider.value));
    if (above && value <= min) value = scale.valueAt(1) || max / STEPS;
    box.value = value;
    store(value);
    draw();
  });
  draw();
  return { head: box, body: slider };
}

/** What a person wrote; what is no number is left to the API to refuse. */
function read(box) {
  return box.value === "" ? undefined : Number(box.value);
}

function color({ name, optional, preset }, place, { id, hint }) {
  const known = () => String(place.get() ?? preset ?? "");
  const text = h("input.code", {
    id,
    type: "text",
    maxlength: 32,
    spellcheck: "false",
    placeholder: optional ? "auto" : "#RRGGBB",
    "aria-describedby": hint,
    value: known(),
  });
  const picker = h("input.swatch", { type: "color", "aria-label": `${title(name)}: choose`, value: hex(known()) });
  const store = (value) => place.set(value === "" || value === preset ? undefined : value);
  text.addEventListener("input", () => {
    picker.value = hex(text.value.trim());
    store(text.value.trim());
  });
  picker.addEventListener("input", () => {
    text.value = picker.value;
    store(picker.value);
  });
  return { head: h("div.color", {}, picker, text) };
}

function hex(text) {
  if (/^#[\da-f]{6}/i.test(text)) return text.slice(0, 7).toLowerCase();
  const short = /^#([\da-f])([\da-f])([\da-f])/i.exec(text);
  return short ? `#${short.slice(1).map((digit) => digit + digit).join("")}`.toLowerCase() : "#ffffff";
}

function choice({ choices = [], preset }, place, { id, hint }) {
  const chosen = place.get() ?? preset;
  const options = choices.map((value) => h("option", { value, selected: value === chosen }, value));
  const select = h("select", { id, "aria-describedby": hint }, options);
  select.addEventListener("change", () => place.set(select.value === preset ? undefined : select.value));
  return { head: select };
}

function anchor({ choices = [], preset }, place, { id }) {
  const chosen = place.get() ?? preset;
  const option = (value, ...shown) => {
    const input = h("input", { type: "radio", name: id, value, "aria-label": value, checked: value === chosen });
    input.addEventListener("change", () => place.set(value === preset ? undefined : value));
    return h("label", { title: value }, input, ...shown);
  };
  const more = choices.filter((value) => !PLACES.includes(value));
  const grid = h("div.anchor-grid", {}, PLACES.map((value) => option(value, h("span.anchor-dot"))));
  const chips = h("div.chips", {}, more.map((value) => option(value, h("span", {}, value))));
  return { head: h("div.anchor", {}, grid, more.length > 0 && chips) };
}

function toggle({ preset }, place, { id, hint }) {
  const props = { id, type: "checkbox", role: "switch", "aria-describedby": hint };
  const input = h("input.switch", { ...props, checked: Boolean(place.get() ?? preset) });
  input.addEventListener("change", () => place.set(input.checked === Boolean(preset) ? undefined : input.checked));
  return { head: input };
}

function several({ choices = [] }, place) {
  const chosen = new Set(place.get() ?? []);
  const boxes = choices.map((value) => {
    const input = h("input", { type: "checkbox", value, checked: chosen.has(value) });
    input.addEventListener("change", () => {
      if (input.checked) chosen.add(value);
      else chosen.delete(value);
      place.set(chosen.size ? choices.filter((one) => chosen.has(one)) : undefined);
    });
    return h("label", {}, input, h("span", {}, value));
  });
  return { body: h("div.chips", {}, boxes) };
}

function words({ kind, longest, required, preset }, place, { id, hint }) {
  const known = place.get() ?? preset ?? "";
  const text = Array.isArray(known) ? known.flat().join(" ") : String(known);
  const props = { id, maxlength: longest, "aria-describedby": hint, spellcheck: "false", value: text };
  const input = kind === "lines" ? h("textarea", { ...props, rows: 2 }) : h("input", { ...props, type: "text" });
  input.addEventListener("input", () => place.set(input.value === "" && !required ? undefined : input.value));
  return { body: input };
}

function file(parameter, place, { id, hint }) {
  const state = h("span.file-state", { role: "status" }, place.get() ? "A picture is set" : "No picture yet");
  const input = h("input.visually-hidden", { id, type: "file", accept: "image/*", "aria-describedby": hint });
  input.addEventListener("change", async () => {
    const [chosen] = input.files;
    input.value = "";
    if (!chosen) return;
    const fits = chosen.size <= LARGEST_FILE;
    state.classList.toggle("refused", !fits);
    if (!fits) {
      setText(state, `expected at most ${bytes(LARGEST_FILE)}, got ${chosen.name} of ${bytes(chosen.size)}`);
      return;
    }
    place.set(await toBase64(chosen));
    setText(state, `${chosen.name}, ${bytes(chosen.size)}`);
  });
  return { body: h("div.file", {}, input, h("label.button", { for: id }, "Choose a picture"), state) };
}
