// Makes and changes elements. There is no inline style or script anywhere: the page's policy forbids both.

const SVG = "http://www.w3.org/2000/svg";

/**
 * Make an element.
 *
 * @param {string} tag its name; `p.note.small` has classes
 * @param {Record<string, unknown>} [props] attributes; `on` holds listeners, `vars` CSS variables, `dataset` data
 * @param {...(Node | string | number | null | undefined | false | Array<Node | string | null>)} children
 * @returns {any}
 */
export function h(tag, props = {}, ...children) {
  const [name, ...classes] = tag.split(".");
  return filled(document.createElement(name || "div"), classes, props, children);
}

/** Make an SVG element; see `h`. @returns {any} */
export function svg(tag, props = {}, ...children) {
  const [name, ...classes] = tag.split(".");
  return filled(document.createElementNS(SVG, name), classes, props, children);
}

function filled(element, classes, props, children) {
  if (classes.length) element.classList.add(...classes);
  for (const [key, value] of Object.entries(props)) {
    if (value === undefined || value === null) continue;
    if (key === "on") for (const [event, listener] of Object.entries(value)) element.addEventListener(event, listener);
    else if (key === "vars") setVars(element, value);
    else if (key === "dataset") Object.assign(element.dataset, value);
    else if (key === "value" || key === "checked" || key === "disabled") element[key] = value;
    else if (typeof value === "boolean" && !key.startsWith("aria-")) element.toggleAttribute(key, value);
    else element.setAttribute(key, String(value));
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

/** Set CSS variables of an element: `{share: "40%"}` is `--share`. */
export function setVars(element, vars) {
  for (const [name, value] of Object.entries(vars)) element.style.setProperty(`--${name}`, String(value));
}

/** Set an element's text, where it is another one. */
export function setText(element, text) {
  const written = String(text);
  if (element.textContent !== written) element.textContent = written;
}

/** A text as nodes: what stands in backticks is code. @param {string} text */
export const prose = (text) => text.split("`").map((part, at) => (at % 2 ? h("code", {}, part) : part));

/** An id that no other element has. */
let made = 0;
export function newId(stem) {
  made += 1;
  return `${stem}-${made}`;
}

const CALM_MS = 700;
let telling = 0;

/** Tell something to those who hear the page. */
export function announce(text) {
  clearTimeout(telling);
  const place = document.getElementById("announcer");
  if (place) place.textContent = place.textContent === text ? `${text}\u00a0` : text;
}

/** Tell it when nothing else has been told for a moment: what changes again and again is heard once. */
export function announceCalmly(text) {
  clearTimeout(telling);
  telling = setTimeout(() => announce(text), CALM_MS);
}

/** Keep the element of each key: make new ones, drop those that are gone, and put all into order. */
export class Keyed {
  /** @param {Element} parent @param {(item: any) => {element: Element, update: (item: any) => void}} make */
  constructor(parent, make) {
    this.parent = parent;
    this.make = make;
    /** @type {Map<string, {element: Element, update: (item: any) => void}>} */
    this.parts = new Map();
  }

  /** @param {Array<any>} items @param {(item: any) => string} keyOf */
  update(items, keyOf) {
    const gone = new Set(this.parts.keys());
    let place = this.parent.firstElementChild;
    for (const item of items) {
      const key = keyOf(item);
      gone.delete(key);
      let part = this.parts.get(key);
      if (!part) {
        part = this.make(item);
        this.parts.set(key, part);
      }
      part.update(item);
      if (part.element === place) place = place.nextElementSibling;
      else this.parent.insertBefore(part.element, place);
    }
    for (const key of gone) {
      this.parts.get(key)?.element.remove();
      this.parts.delete(key);
    }
  }
}
