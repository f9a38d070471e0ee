// A field for each kind of parameter. Each gets the parameter, where its value is, and tells of changes.

import { toBase64 } from "../shared/api.js";
import { h, newId, setText } from "../shared/dom.js";
import { bytes, title } from "../shared/format.js";
import { STEPS, scaleOf } from "./scale.js";
import { PLACES } from "./schema.js";

/**
 * @typedef {import("./schema.js").Parameter} Parameter
 * @typedef {{get: () => any, set: (value: unknown) => void}} Place where a value is; undefined unsets it
 */

/** A field with its label and description. @param {Parameter} parameter @param {Place} place @returns {HTMLElement} */
export function field(parameter, place) {
  const id = newId("field");
  const ids = { id, hint: `${id}-hint`, label: `${id}-label` };
  const control = CONTROLS[parameter.kind](parameter, place, ids);
  const grouped = ["place", "several"].includes(parameter.kind);
  const name = title(parameter.name);
  const label = grouped ? h("span.label", { id: ids.label }, name) : h("label", { for: id, id: ids.label }, name);
  const error = h("p.field-error", { hidden: true, dataset: { errorOf: parameter.name } });
  return h(
    `div.field.is-${parameter.kind}`,
    { dataset: { parameter: parameter.name }, ...(grouped ? { role: "group", "aria-labelledby": ids.label } : {}) },
    h("div.field-head", {}, label, control.head),
    control.body,
    parameter.description && h("p.hint", { id: ids.hint }, parameter.description),
    error,
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
  const slider = h("input.slider", { type: "range", min: 0, max: STEPS, "aria-labelledby": label, "aria-describedby": hint });
  const draw = () => {
    const value = known();
    const at = scale.placeOf(value ?? min);
    slider.value = at;
    slider.style.setProperty("--share", String(at / STEPS));
    slider.classList.toggle("unset", value === undefined || value === null);
    slider.setAttribute("aria-valuetext", value === undefined || value === null ? "not set" : String(value));
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

function anchor({ choices = [], preset, name }, place, { id }) {
  const option = (value, ...shown) => {
    const input = h("input", { type: "radio", name: id, value, "aria-label": value, checked: (place.get() ?? preset) === value });
    input.addEventListener("change", () => place.set(value === preset ? undefined : value));
    return h("label", { title: value }, input, ...shown);
  };
  const more = choices.filter((value) => !PLACES.includes(value));
  const grid = h("div.anchor-grid", { "aria-label": title(name) }, PLACES.map((value) => option(value, h("span.anchor-dot"))));
  return { head: h("div.anchor", {}, grid, more.length ? h("div.chips", {}, more.map((value) => option(value, h("span", {}, value)))) : null) };
}

function toggle({ preset }, place, { id, hint }) {
  const input = h("input.switch", { id, type: "checkbox", role: "switch", checked: Boolean(place.get() ?? preset), "aria-describedby": hint });
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
  const state = h("span.file-state", {}, place.get() ? "A picture is set" : "No picture yet");
  const input = h("input.visually-hidden", { id, type: "file", accept: "image/*", "aria-describedby": hint });
  input.addEventListener("change", async () => {
    const [chosen] = input.files;
    if (!chosen) return;
    place.set(await toBase64(chosen));
    setText(state, `${chosen.name}, ${bytes(chosen.size)}`);
  });
  return { body: h("div.file", {}, input, h("label.button", { for: id }, "Choose a picture"), state) };
}
