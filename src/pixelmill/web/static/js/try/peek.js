// A small picture of the result in a corner, for screens on which the result is scrolled out of sight while one works.

import { h } from "../shared/dom.js";
import { iconButton } from "../shared/icons.js";

const NARROW = "(max-width: 64rem)";
const CALM = "(prefers-reduced-motion: reduce)";

/**
 * Shows the latest result while the stage is out of sight. On a wide screen it observes nothing and loads nothing.
 */
export class Peek {
  /** @param {HTMLElement} stage where the result itself is @param {HTMLElement} controls what it may not cover */
  constructor(stage, controls) {
    this.stage = stage;
    this.url = "";
    this.isAway = false;
    this.isClosed = false;
    /** @type {HTMLElement | null} */
    this.used = null;
    this.image = h("img", { alt: "" });
    const back = { type: "button", "aria-label": "Back to the result", on: { click: () => this.#back() } };
    this.element = h(
      "div.peek",
      { role: "group", "aria-label": "Small result", hidden: true },
      h("button.peek-picture", back, this.image),
      iconButton("close", "Hide", "the small result", () => this.#close()),
    );
    this.observer = new IntersectionObserver((entries) => this.#seen(entries[entries.length - 1].isIntersecting));
    this.narrow = matchMedia(NARROW);
    this.narrow.addEventListener("change", () => this.#follow());
    for (const kind of ["focusin", "pointerdown"]) {
      controls.addEventListener(kind, (event) => this.#giveWay(/** @type {HTMLElement} */ (event.target)));
    }
    this.#follow();
  }

  /** Show another result; none where the address is empty. @param {string} url */
  show(url) {
    this.url = url;
    this.#draw();
  }

  #follow() {
    this.observer.disconnect();
    this.isAway = false;
    if (this.narrow.matches) this.observer.observe(this.stage);
    this.#draw();
  }

  #seen(isInSight) {
    this.isAway = !isInSight;
    // It is closed for as long as one stays away from the result.
    if (isInSight) this.isClosed = false;
    this.#draw();
  }

  #draw() {
    const isShown = this.isAway && !this.isClosed && this.url !== "";
    if (!isShown) this.element.classList.remove("above");
    this.element.hidden = !isShown;
    if (!isShown) this.image.removeAttribute("src");
    else if (this.image.src !== this.url) this.image.src = this.url;
  }

  /** Go to the other end of the screen where it covers what is used. @param {HTMLElement} target */
  #giveWay(target) {
    const control = target.closest("input, select, textarea, button, summary, a, label");
    if (!control) return;
    this.used = control;
    if (this.element.hidden) return;
    const [own, used] = [this.element.getBoundingClientRect(), control.getBoundingClientRect()];
    const isOver = own.left < used.right && own.right > used.left && own.top < used.bottom && own.bottom > used.top;
    if (isOver) this.element.classList.toggle("above");
  }

  #back() {
    this.stage.scrollIntoView({ block: "center", behavior: matchMedia(CALM).matches ? "instant" : "smooth" });
    this.stage.focus({ preventScroll: true });
  }

  #close() {
    this.isClosed = true;
    this.#draw();
    this.used?.focus({ preventScroll: true });
  }
}
