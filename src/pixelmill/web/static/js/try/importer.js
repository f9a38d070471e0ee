// The dialog that a pipeline is pasted into: JSON or the compact form.

import { h, newId, setText } from "../shared/dom.js";
import { fromText } from "./compact.js";

/** @param {import("./pipeline.js").Model} model */
export function importPipeline(model) {
  const id = newId("import");
  const text = h("textarea.code", {
    id: `${id}-text`,
    rows: 8,
    spellcheck: "false",
    autofocus: true,
    placeholder: 'resize:1280x720 | sepia | text:"© me" | webp:80',
    "aria-describedby": `${id}-error`,
  });
  const error = h("p.field-error", { id: `${id}-error`, role: "alert" });
  const dialog = h("dialog.dialog", { "aria-labelledby": `${id}-title` });
  const cancel = h("button.button", { type: "button", on: { click: () => dialog.close() } }, "Cancel");
  const form = h(
    "form",
    { method: "dialog" },
    h("h2", { id: `${id}-title` }, "Paste a pipeline"),
    h("label", { for: `${id}-text` }, "JSON, or the compact text form"),
    text,
    error,
    h("div.dialog-end", {}, cancel, h("button.button.primary", { type: "submit" }, "Use it")),
  );
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    try {
      model.load(readPipeline(text.value, model.schema));
      dialog.close();
    } catch (problem) {
      setText(error, /** @type {Error} */ (problem).message);
    }
  });
  dialog.append(form);
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
}

/** Read JSON or the compact form, which may begin with a rendition. @param {string} text @param {any} schema */
export function readPipeline(text, schema) {
  const isJson = /^\s*\{/.test(text) && !/^\s*\{\s*[A-Za-z0-9][A-Za-z0-9_-]*\s*=/.test(text);
  return isJson ? JSON.parse(text) : fromText(text, schema);
}
