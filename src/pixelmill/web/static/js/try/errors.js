// Shows what was refused beside what it is about, where the refusal names it: "expected … for blur.sigma, got …".

import { setText } from "../shared/dom.js";
import { face } from "./pipeline.js";

/** Take away what is shown. @param {HTMLElement} builder */
export function clearErrors(builder) {
  // Their fields name them as their description: a hidden text would be read, too.
  for (const place of builder.querySelectorAll(".step-error, .field-error")) {
    place.hidden = true;
    setText(place, "");
  }
  for (const card of builder.querySelectorAll(".at-fault")) card.classList.remove("at-fault");
  for (const control of builder.querySelectorAll("[aria-invalid]")) control.removeAttribute("aria-invalid");
}

/**
 * Show a refusal. Returns whether there was a place for it.
 *
 * @param {HTMLElement} builder
 * @param {import("./pipeline.js").Model} model
 * @param {string} detail
 */
export function placeError(builder, model, detail) {
  const branches = [model.pipeline, ...model.pipeline.renditions];
  const steps = branches.flatMap(({ operations }) => operations);
  const named = steps.filter(({ op }) => new RegExp(`\\b${op}\\b`).test(detail));
  const isGiven = (step) => values(step).some((value) => detail.endsWith(`got '${value}'`));
  const suspects = named.length ? named : steps.filter(isGiven);
  for (const step of suspects) {
    const given = new RegExp(`\\b${step.op}\\.(\\w+)`).exec(detail)?.[1];
    const card = document.getElementById(face(step).id);
    // Of several with that name, it is one whose value was refused.
    if (!card || (suspects.length > 1 && given && !detail.includes(String(step[given])))) continue;
    card.classList.add("at-fault");
    const field = card.querySelector(`[data-parameter="${given}"]`);
    const isShown = field?.checkVisibility({ contentVisibilityAuto: true });
    if (isShown) field.querySelector("input, select, textarea")?.setAttribute("aria-invalid", "true");
    show(isShown ? field.querySelector(".field-error") : card.querySelector(":scope > .step-error"), detail);
    return true;
  }
  if (/\boutput\b/.test(detail)) {
    show(builder.querySelector(".output-error"), detail);
    return true;
  }
  return false;
}

function show(place, detail) {
  if (!place) return;
  setText(place, detail);
  place.hidden = false;
}

const values = ({ op, ...parameters }) => Object.values(parameters);
