// The list of operations of a pipeline or of a rendition: open, change, move, duplicate, remove, add.

import { announce, h } from "../shared/dom.js";
import { plural, title } from "../shared/format.js";
import { icon, iconButton } from "../shared/icons.js";
import { toText } from "./compact.js";
import { field } from "./fields.js";
import { face } from "./pipeline.js";
import { sortable } from "./sorting.js";

/**
 * @typedef {import("./pipeline.js").Step} Step
 * @typedef {import("./pipeline.js").Model} Model
 */

/**
 * The steps of a list, as the model has them now.
 *
 * @param {Model} model
 * @param {Step[]} steps the list itself: it is changed in place
 * @param {string} label
 * @param {(op: string) => void} onAdd
 * @param {(done: (op: string) => void) => void} pick asks for an operation
 */
export function stepList(model, steps, label, onAdd, pick) {
  const list = h("ol.steps", { "aria-label": label });
  list.append(...steps.map((step, place) => card(model, steps, step, place)));
  const move = (from, to) => {
    const [step] = steps.splice(from, 1);
    steps.splice(to, 0, step);
    model.changed("steps");
    document.getElementById(face(step).id)?.querySelector("button.grip")?.focus();
    announce(`${title(step.op)} is number ${to + 1} of ${steps.length}`);
  };
  sortable(list, move);
  const isFull = steps.length >= model.schema.most;
  const props = { type: "button", disabled: isFull, on: { click: () => pick(onAdd) } };
  const add = h("button.button.add", props, icon("plus"), isFull ? "As many as there may be" : "Add an operation");
  const none = h("p.empty-steps", {}, "No operation: the picture passes as it is.");
  return h("div.step-list", {}, steps.length ? list : none, add);
}

const toggleOf = (step) => document.getElementById(face(step).id)?.querySelector("button.step-toggle");

function card(model, steps, step, place) {
  const kind = model.schema.operations.get(step.op);
  const { id, open } = face(step);
  const name = title(step.op);
  const summary = h("span.step-summary", {}, summaryOf(step, model));
  const body = h("div.step-body", { id: `${id}-body`, hidden: !open });
  const fill = () => {
    if (!body.childElementCount) body.append(...form(step, kind, () => changed()));
  };
  const changed = () => {
    summary.textContent = summaryOf(step, model);
    model.changed("values");
  };
  const toggle = h("button.step-toggle", { type: "button", "aria-expanded": String(open), "aria-controls": body.id });
  toggle.append(h("span.step-name", {}, name), summary, h("span.step-time", { dataset: { time: "" } }), icon("chevron"));
  toggle.addEventListener("click", () => {
    face(step).open = body.hidden;
    body.hidden = !body.hidden;
    toggle.setAttribute("aria-expanded", String(!body.hidden));
    fill();
  });
  if (open) fill();
  const remove = () => {
    steps.splice(place, 1);
    const next = steps[place] ?? steps[place - 1];
    const around = document.getElementById(id)?.closest(".step-list");
    const lists = [...document.querySelectorAll(".step-list")];
    model.changed("steps");
    // The list is a new one; who used the keyboard goes on at the neighbor.
    const list = document.querySelectorAll(".step-list")[lists.indexOf(around)];
    (next ? toggleOf(next) : list?.querySelector(".add"))?.focus();
    announce(`${name} removed, ${plural(steps.length, "operation")} left`);
  };
  const duplicate = () => {
    const copy = structuredClone(step);
    steps.splice(place + 1, 0, copy);
    model.changed("steps");
    toggleOf(copy)?.focus();
    announce(`${name} duplicated`);
  };
  const where = `number ${place + 1} of ${steps.length}`;
  const names = { title: "Drag to move; or the arrow keys", "aria-label": `Move ${name}, ${where}: arrow keys` };
  const grip = h("button.grip", { type: "button", ...names }, icon("grip"));
  return h(
    "li.step",
    { id, dataset: { pool: kind.pool, op: step.op } },
    h(
      "div.step-head",
      {},
      grip,
      toggle,
      iconButton("copy", "Duplicate", name, duplicate),
      iconButton("trash", "Remove", name, remove),
    ),
    body,
    h("p.step-error", { hidden: true }),
  );
}

/** The fields of an operation's parameters: the main ones, and the others under "more". */
function form(step, kind, changed) {
  const placeOf = (name) => ({
    get: () => step[name],
    set: (value) => {
      if (value === undefined) delete step[name];
      else step[name] = value;
      changed();
    },
  });
  const fields = (parameters) => parameters.map((parameter) => field(parameter, placeOf(parameter.name)));
  const isMain = ({ main, name }) => main || step[name] !== undefined;
  const more = kind.parameters.filter((parameter) => !isMain(parameter));
  return [
    h("p.step-about", {}, kind.summary),
    ...fields(kind.parameters.filter(isMain)),
    more.length ? h("details.more", {}, h("summary", {}, plural(more.length, "more option")), fields(more)) : "",
  ];
}

function summaryOf(step, model) {
  const shown = { ...step };
  for (const { name } of model.filesOf(step)) {
    if (step[name]) shown[name] = "…";
    else delete shown[name];
  }
  return toText({ operations: [shown] }, model.schema).slice(step.op.length + 1);
}
