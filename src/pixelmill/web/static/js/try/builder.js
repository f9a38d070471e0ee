// The pipeline as a person builds it: its operations, and the output or the renditions that it ends in.

import { h } from "../shared/dom.js";
import { plural, title } from "../shared/format.js";
import { icon, iconButton } from "../shared/icons.js";
import { field } from "./fields.js";
import { face } from "./pipeline.js";
import { pickOperation } from "./picker.js";
import { stepList } from "./steps.js";

/** @typedef {import("./pipeline.js").Model} Model */

/** @param {Model} model @returns {HTMLElement} */
export function builder(model) {
  const place = h("div.builder");
  const draw = (reason) => {
    if (reason !== "steps") return;
    const { pipeline } = model;
    const several = pipeline.renditions.length > 0;
    place.replaceChildren(
      steps(model, pipeline.operations, "Operations of the pipeline"),
      ...(several ? pipeline.renditions.map((branch) => rendition(model, branch, prune)) : [end(model, pipeline)]),
      more(several ? "Add a rendition" : "Make several renditions"),
    );
  };
  // All is made anew; who used the keyboard goes on where something came, or where something can.
  const branch = () => {
    model.branch();
    [...place.querySelectorAll(".rendition-head input")].at(-1)?.focus();
  };
  const prune = (one) => {
    model.prune(one);
    place.querySelector(".branch")?.focus();
  };
  const more = (text) => {
    const title = "Several pictures of one source, which is decoded once";
    return h("button.button.quiet.branch", { type: "button", title, on: { click: branch } }, icon("plus"), text);
  };
  model.listeners.add(draw);
  draw("steps");
  return place;
}

function steps(model, list, label) {
  const add = (op) => {
    const step = model.step(op);
    list.push(step);
    model.changed("steps");
    const card = document.getElementById(face(step).id);
    const first = card?.querySelector(".step-body :is(input, select, textarea)") ?? card?.querySelector(".step-toggle");
    first?.focus({ preventScroll: true });
    card?.scrollIntoView({ block: "nearest" });
  };
  return stepList(model, list, label, add, (done) => pickOperation(model.schema.operations, done));
}

function rendition(model, branch, prune) {
  const props = { type: "text", maxlength: 64, spellcheck: "false", "aria-label": "Name of the rendition" };
  const name = h("input", { ...props, value: branch.name });
  name.addEventListener("input", () => {
    branch.name = name.value;
    model.changed("values");
  });
  return h(
    "section.rendition",
    { "aria-label": `Rendition ${branch.name}`, dataset: { rendition: branch.name } },
    h("div.rendition-head", {}, name, iconButton("trash", "Remove", `rendition ${branch.name}`, () => prune(branch))),
    steps(model, branch.operations, `Operations of ${branch.name}`),
    end(model, branch),
  );
}

/** How the picture is encoded: the format, and what there is to choose for it. */
function end(model, branch) {
  const { parameters } = model.schema.output;
  const [format] = parameters.filter(({ name }) => name === "format");
  const place = h("div.output-fields");
  const placeOf = (name) => ({
    get: () => branch.output[name],
    set: (value) => {
      if (value === undefined) delete branch.output[name];
      else branch.output[name] = value;
      if (name === "format") drawFields();
      model.changed("values");
    },
  });

  function drawFields() {
    const chosen = branch.output.format ?? format.preset;
    const isOf = (formats) => !formats || chosen === "source" || formats.includes(chosen);
    const fits = ({ name, formats }) => name !== "format" && isOf(formats);
    const fitting = parameters.filter(fits);
    for (const { name } of parameters) {
      if (name !== "format" && !fitting.some((one) => one.name === name)) delete branch.output[name];
    }
    const isMain = ({ name }) => name === "quality" || branch.output[name] !== undefined;
    const more = fitting.filter((parameter) => !isMain(parameter));
    const fields = (some) => some.map((parameter) => field(parameter, placeOf(parameter.name)));
    place.replaceChildren(
      ...fields(fitting.filter(isMain)),
      more.length ? h("details.more", {}, h("summary", {}, plural(more.length, "more option")), fields(more)) : "",
    );
  }

  drawFields();
  return h(
    "div.output",
    { role: "group", "aria-label": branch.name ? `Output of ${branch.name}` : "Output" },
    h("h3", {}, icon("file"), title("output")),
    field(format, placeOf("format")),
    place,
    h("p.output-error.field-error", { hidden: true }),
  );
}
