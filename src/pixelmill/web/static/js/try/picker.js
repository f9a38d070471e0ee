// The dialog that an operation is chosen in.

import { h, newId } from "../shared/dom.js";
import { title } from "../shared/format.js";

const POOLS = { resize: "Size and shape", filter: "Color and effects", watermark: "Text and logos", "": "More" };

/**
 * Ask for an operation.
 *
 * @param {Map<string, import("./schema.js").Kind>} operations
 * @param {(op: string) => void} done is told which one; not, where none is chosen
 */
export function pickOperation(operations, done) {
  const headingId = newId("picker");
  const names = { placeholder: "Search: Enter takes the first", "aria-label": "Search operations" };
  const search = h("input.search", { type: "search", ...names, autofocus: true });
  const dialog = h("dialog.dialog.picker", { "aria-labelledby": headingId });
  const groups = Object.entries(POOLS).map(([pool, name]) => {
    const kinds = [...operations.values()].filter((kind) => (kind.pool in POOLS ? kind.pool : "") === pool);
    return { element: group(pool, name, kinds, choose), kinds };
  });
  const none = h("p.empty", { hidden: true }, "No operation matches.");

  function choose(op) {
    dialog.close();
    done(op);
  }

  function filter() {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    let found = 0;
    for (const button of dialog.querySelectorAll("button[data-op]")) {
      const text = button.textContent.toLowerCase();
      button.hidden = !words.every((word) => text.includes(word));
      found += button.hidden ? 0 : 1;
    }
    for (const { element } of groups) element.hidden = !element.querySelector("button:not([hidden])");
    none.hidden = found > 0;
  }

  search.addEventListener("input", filter);
  search.addEventListener("keydown", (event) => {
    if (event.key !== "Enter") return;
    event.preventDefault();
    dialog.querySelector("button[data-op]:not([hidden])")?.click();
  });
  const cancel = h("button.button", { type: "button", on: { click: () => dialog.close() } }, "Cancel");
  dialog.append(
    h("div.picker-head", {}, h("h2", { id: headingId }, "Add an operation"), search, cancel),
    h("div.picker-body", {}, groups.filter(({ kinds }) => kinds.length).map(({ element }) => element), none),
  );
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
}

function group(pool, name, kinds, choose) {
  const id = newId("group");
  const buttons = kinds.map((kind) => {
    const props = { type: "button", title: kind.summary, dataset: { op: kind.name } };
    const on = { click: () => choose(kind.name) };
    return h("button.option", { ...props, on }, h("strong", {}, title(kind.name)), h("span", {}, kind.summary));
  });
  const props = { "aria-labelledby": id, dataset: { pool } };
  return h("section.picker-group", props, h("h3", { id }, name), h("div.options", {}, buttons));
}
