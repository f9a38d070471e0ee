// Shows what was refused beside what it is about, where the refusal names it: "expected … for blur.sigma, got …".

import { setText } from "../shared/dom.js";
import { face } from "./pipeline.js";

/** Take away what is shown. @param {HTMLElement} builder */
export function clearErrors(builder) {
  for (const place of builder.querySelectorAll(".step-error, .field-error")) place.hidden = true;
  for (const card of builder.querySelectorAll(".at-fault")) card.classList.remove("at-fault");
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
  const suspects = named.length ? named : steps.filter((step) => values(step).some((value) => detail.endsWith(`got '${value}'`)));
  for (const step of suspects) {
    const given = new RegExp(`\\b${step.op}\\.(\\w+)`).exec(detail)?.[1];
    const card = document.getElementById(face(step).id);
    // Of several with that name, it is one whose value was refused.
    if (!card || (suspects.length > 1 && given && !detail.includes(String(step[given])))) continue;
    card.classList.add("at-fault");
    const field = card.querySelector(`[data-parameter="${given}"] .field-error`);
    const place = field?.checkVisibility?.({ contentVisibilityAuto: true }) === false ? field : card.querySelector(":scope > .step-error");
    show(field && card.querySelector(".step-body:not([hidden])") ? field : place, detail);
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

const values = (step) => Object.entries(step).filter(([name]) => name !== "op").map(([, value]) => value);
