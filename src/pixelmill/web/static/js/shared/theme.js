// Light, dark, or as the system says; remembered.

import { announce } from "./dom.js";
import { icon } from "./icons.js";

const KEY = "pixelmill.theme";
const NEXT = { system: "light", light: "dark", dark: "system" };
const ICONS = /** @type {const} */ ({ system: "auto", light: "sun", dark: "moon" });

/** Make a button that changes it. @param {HTMLElement} button */
export function themeButton(button) {
  const show = () => {
    const theme = current();
    button.replaceChildren(icon(ICONS[theme]));
    button.setAttribute("aria-label", `Theme: ${theme}. Change to ${NEXT[theme]}`);
    button.title = `Theme: ${theme}`;
  };
  button.addEventListener("click", () => {
    const theme = NEXT[current()];
    if (theme === "system") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = theme;
    try {
      if (theme === "system") localStorage.removeItem(KEY);
      else localStorage.setItem(KEY, theme);
    } catch {
      // Then it is so until the page is left.
    }
    show();
    announce(`Theme: ${theme}`);
  });
  show();
}

function current() {
  return /** @type {"system" | "light" | "dark"} */ (document.documentElement.dataset.theme ?? "system");
}
