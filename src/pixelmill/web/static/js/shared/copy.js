// Copies texts.

import { announce, h, setText } from "./dom.js";
import { icon } from "./icons.js";

const TOLD_MS = 1600;

/**
 * A button that copies a text, and says so.
 *
 * @param {string} label
 * @param {() => string} text
 * @param {{glyph?: any, longest?: number}} [options] `longest`: characters that the text may have
 */
export function copyButton(label, text, { glyph = "copy", longest = Infinity } = {}) {
  const word = h("span", {}, label);
  const button = h("button.button", { type: "button" }, icon(glyph), word);
  let timer = 0;
  button.addEventListener("click", async () => {
    const wanted = text();
    const fits = wanted.length <= longest;
    const done = fits && (await copied(wanted));
    setText(word, done ? "Copied" : fits ? "Not allowed" : "Too long");
    button.firstElementChild?.replaceWith(icon(done ? "check" : "alert"));
    announce(done ? "Copied" : fits ? "The browser does not allow copying" : "Too long to be copied: copy the JSON");
    clearTimeout(timer);
    timer = setTimeout(() => {
      setText(word, label);
      button.firstElementChild?.replaceWith(icon(glyph));
    }, TOLD_MS);
  });
  return button;
}

/** Copy; pages without TLS have no clipboard of their own. */
async function copied(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const field = h("textarea.visually-hidden", { value: text });
    document.body.append(field);
    field.select();
    const done = document.execCommand("copy");
    field.remove();
    return done;
  }
}
