// The token for the API: asked for in a dialog, kept until the tab is closed, and nowhere else.

import { h } from "./dom.js";

const KEY = "pixelmill.token";
let known = read();
/** @type {Promise<boolean> | null} */
let asking = null;

/** The token; empty where there is none. */
export const token = () => known;

/** Forget a token that is not valid. */
export function forgetToken() {
  store("");
}

/** Ask the person, once for all who want to know. Returns whether there is one now. @param {boolean} refused */
export function askForToken(refused) {
  asking ??= ask(refused).finally(() => {
    asking = null;
  });
  return asking;
}

function ask(refused) {
  const field = h("input", {
    type: "password",
    id: "token-field",
    required: true,
    autocomplete: "off",
    spellcheck: "false",
    "aria-describedby": "token-note",
  });
  const note = refused
    ? h("p.field-error", { id: "token-note", role: "alert" }, "That token is not valid. Try another one.")
    : h("p.hint", { id: "token-note" }, "One of this orchestrator's tokens. It stays in this tab only.");
  const dialog = h(
    "dialog.dialog.small",
    { "aria-labelledby": "token-title" },
    h(
      "form",
      { method: "dialog" },
      h("h2", { id: "token-title" }, "Token needed"),
      note,
      h("label", { for: "token-field" }, "Token"),
      field,
      h(
        "div.dialog-end",
        {},
        h("button.button", { type: "button", on: { click: () => dialog.close("") } }, "Cancel"),
        h("button.button.primary", { type: "submit", value: "given" }, "Continue"),
      ),
    ),
  );
  document.body.append(dialog);
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => {
      const given = dialog.returnValue === "given" ? field.value.trim() : "";
      if (given) store(given);
      dialog.remove();
      resolve(Boolean(given));
    });
  });
}

function read() {
  try {
    return sessionStorage.getItem(KEY) ?? "";
  } catch {
    return "";
  }
}

function store(value) {
  known = value;
  try {
    if (value) sessionStorage.setItem(KEY, value);
    else sessionStorage.removeItem(KEY);
  } catch {
    // Then it is known until the page is left.
  }
}
