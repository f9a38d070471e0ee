// The pipeline as a person builds it: its operations, and the output or the renditions that it ends in.

import { h } from "../shared/dom.js";
import { plural, title } from "../shared/format.js";
import { icon } from "../shared/icons.js";
import { field } from "./fields.js";
import { pickOperation } from "./picker.js";
import { stepList } from "./steps.js";

/** @typedef {import("./pipeline.js").Model} Model */

/** @param {Model} model @returns {HTMLElement} */
export function builder(model) {
  const place = h("div.builder");
  const draw = (reason) => {
    if (reason !== "steps") return;
    const { pipeline } = model;
    place.replaceChildren(
      steps(model, pipeline.operations, "Operations of the pipeline"),
      ...(pipeline.renditions.length ? pipeline.renditions.map((branch) => rendition(model, branch)) : [end(model, pipeline)]),
      h(
        "button.button.quiet.branch",
        { type: "button", title: "Several pictures of one source, which is decoded once", on: { click: () => model.branch() } },
        icon("plus"),
        pipeline.renditions.length ? "Add a rendition" : "Make several renditions",
      ),
    );
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
    const card = [...document.querySelectorAll(".step")].find((one) => one.querySelector(".step-toggle[aria-expanded=true]") && one.dataset.op === op && !one.nextElementSibling);
    card?.querySelector("input, select, textarea, .step-toggle")?.focus({ preventScroll: true });
    card?.scrollIntoView({ block: "nearest" });
  };
  return stepList(model, list, label, add, (done) => pickOperation(model.schema.operations, done));
}

function rendition(model, branch) {
  const name = h("input", { type: "text", value: branch.name, "aria-label": "Name of the rendition", maxlength: 64, spellcheck: "false" });
  name.addEventListener("input", () => {
    branch.name = name.value;
    model.changed("values");
  });
  return h(
    "section.rendition",
    { "aria-label": `Rendition ${branch.name}`, dataset: { rendition: branch.name } },
    h(
      "div.rendition-head",
      {},
      name,
      h("button.button.quiet.icon", { type: "button", "aria-label": `Remove rendition ${branch.name}`, title: "Remove", on: { click: () => model.prune(branch) } }, icon("trash")),
    ),
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
    const fits = ({ name, formats }) => name !== "format" && (!formats || chosen === "source" || formats.includes(chosen));
    const fitting = parameters.filter(fits);
    for (const { name } of parameters) {
      if (name !== "format" && !fitting.some((one) => one.name === name)) delete branch.output[name];
    }
    const isMain = ({ name }) => name === "quality" || branch.output[name] !== undefined;
    const more = fitting.filter((parameter) => !isMain(parameter));
    place.replaceChildren(
      ...fitting.filter(isMain).map((parameter) => field(parameter, placeOf(parameter.name))),
      h("details.more", {}, h("summary", {}, plural(more.length, "more option")), more.map((parameter) => field(parameter, placeOf(parameter.name)))),
    );
  }

  drawFields();
  return h(
    "div.output",
    { role: "group", "aria-label": branch.name ? `Output of ${branch.name}` : "Output" },
    h("h3", {}, icon("file"), title("output")),
    field(format, placeOf("format")),
    place,
    h("p.output-error.field-error", { hidden: true, role: "alert" }),
  );
}
