// The picture that is worked on: dropped, chosen, pasted, or one of the samples.

import { announce, h } from "../shared/dom.js";
import { icon } from "../shared/icons.js";
import { keep, kept } from "../shared/store.js";
import { SAMPLES, sample } from "./samples.js";

const KEY = "sample";
const ACCEPTED = "image/*,.avif,.heic,.heif,.jxl,.tif,.tiff,.pnm,.ppm,.ico";

/**
 * @param {(picture: File) => void} onPicture
 * @param {(message: string) => void} onRefusal
 * @returns {{element: HTMLElement, start: () => void, listenTo: (area: HTMLElement) => void}}
 */
export function source(onPicture, onRefusal) {
  const input = h("input.visually-hidden", { type: "file", id: "picture-file", accept: ACCEPTED });
  const samples = Object.entries(SAMPLES).map(([name, { title }]) => {
    const props = { type: "button", "aria-pressed": "false", dataset: { sample: name } };
    return h("button.chip", { ...props, on: { click: () => take(name) } }, title);
  });
  const press = (name) => {
    for (const button of samples) button.setAttribute("aria-pressed", String(button.dataset.sample === name));
  };

  // A sample takes a moment to draw: what is chosen in the meantime comes first.
  let choices = 0;

  async function take(name) {
    choices += 1;
    const own = choices;
    press(name);
    keep(KEY, name);
    const drawn = await sample(name);
    if (own === choices) onPicture(drawn);
  }

  function choose(file) {
    if (!file) return;
    if (!file.size) {
      onRefusal(`${file.name} is empty.`);
      return;
    }
    choices += 1;
    press("");
    announce(`Picture ${file.name}`);
    onPicture(file);
  }

  input.addEventListener("change", () => {
    choose(input.files[0]);
    input.value = "";
  });
  addEventListener("paste", (event) => {
    const [file] = [...(event.clipboardData?.files ?? [])];
    if (!file || !input.checkVisibility?.()) return;
    event.preventDefault();
    choose(file);
  });
  return {
    element: h(
      "div.source",
      {},
      input,
      h("label.button.primary", { for: "picture-file" }, icon("upload"), "Choose a picture"),
      h("span.source-or", {}, "drop or paste one, or try"),
      h("div.source-samples", { role: "group", "aria-label": "Sample pictures" }, samples),
    ),
    start: () => take(kept(KEY, "hills") in SAMPLES ? kept(KEY, "hills") : "hills"),
    listenTo: (area) => dropZone(area, choose),
  };
}

function dropZone(area, choose) {
  let depth = 0;
  const mark = (by) => {
    depth = Math.max(0, depth + by);
    area.classList.toggle("dropping", depth > 0);
  };
  const isFile = (event) => [...(event.dataTransfer?.types ?? [])].includes("Files");
  area.addEventListener("dragenter", (event) => isFile(event) && mark(1));
  area.addEventListener("dragleave", (event) => isFile(event) && mark(-1));
  area.addEventListener("dragover", (event) => isFile(event) && event.preventDefault());
  area.addEventListener("drop", (event) => {
    if (!isFile(event)) return;
    event.preventDefault();
    depth = 0;
    mark(0);
    choose(event.dataTransfer?.files[0]);
  });
}
