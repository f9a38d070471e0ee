// Icons as paths on a grid of 24, drawn with lines of the text's color.

import { h, svg } from "./dom.js";

const PATHS = {
  wand: "M5 19 15 9M17 3v4M15 5h4M19 12v3M17.5 13.5h3M8 4v2M7 5h2",
  fleet: "M4 5h16v5H4zM4 14h16v5H4zM7.5 7.5h.01M7.5 16.5h.01M11 7.5h6M11 16.5h6",
  list: "M8 6h12M8 12h12M8 18h12M4 6h.01M4 12h.01M4 18h.01",
  chart: "M4 4v16h16M8 15l3.5-4.5 3 2.5L19 7",
  sun:
    "M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8zM12 3v1.5M12 19.5V21M3 12h1.5M19.5 12H21" +
    "M5.6 5.6l1.1 1.1M17.3 17.3l1.1 1.1M5.6 18.4l1.1-1.1M17.3 6.7l1.1-1.1",
  moon: "M20 14.5A8 8 0 1 1 9.5 4a6.5 6.5 0 0 0 10.5 10.5z",
  auto: "M12 4a8 8 0 1 0 0 16 8 8 0 0 0 0-16zM12 4v16M12 8h4.5M12 12h7M12 16h4.5",
  plus: "M12 5v14M5 12h14",
  close: "M6 6l12 12M18 6 6 18",
  copy: "M9 9h10v10H9zM5 15V5h10",
  check: "M5 12.5l4.5 4.5L19 7.5",
  trash: "M5 7h14M10 7V4.5h4V7M7 7l.800 12.5h8.4L17 7M10.5 11v5M13.5 11v5",
  grip: "M9 6h.01M15 6h.01M9 12h.01M15 12h.01M9 18h.01M15 18h.01",
  chevron: "M9 6l6 6-6 6",
  back: "M14 6l-6 6 6 6",
  upload: "M12 16V5M7.5 9 12 4.5 16.5 9M5 15v4h14v-4",
  download: "M12 5v11M7.5 12 12 16.5 16.5 12M5 19h14",
  link:
    "M10 14a4 4 0 0 0 5.7 0l2.8-2.8a4 4 0 0 0-5.7-5.7L11.5 6.8" +
    "M14 10a4 4 0 0 0-5.7 0l-2.8 2.8a4 4 0 0 0 5.7 5.7l1.3-1.3",
  play: "M8 5.5v13l10.5-6.5z",
  pause: "M9 5.5v13M15 5.5v13",
  healthy: "M12 3.5a8.5 8.5 0 1 0 0 17 8.5 8.5 0 0 0 0-17zM8.5 12.3l2.5 2.5 4.7-5",
  draining: "M12 3.5a8.5 8.5 0 1 0 0 17 8.5 8.5 0 0 0 0-17zM12 7.5v5l3 2",
  down: "M12 3.5a8.5 8.5 0 1 0 0 17 8.5 8.5 0 0 0 0-17zM9 9l6 6M15 9l-6 6",
  alert: "M12 4 3 19.5h18zM12 10v4.5M12 17h.01",
  file: "M7 3.5h7l4 4v13H7zM14 3.5v4h4",
  eye: "M3 12s3.2-6 9-6 9 6 9 6-3.2 6-9 6-9-6-9-6zM12 9.5a2.5 2.5 0 1 0 0 5 2.5 2.5 0 0 0 0-5z",
  hidden: "M3 12s3.2-6 9-6 9 6 9 6-3.2 6-9 6-9-6-9-6zM4.5 4.5l15 15",
  dots: "M6 12h.01M12 12h.01M18 12h.01",
  search: "M10.5 5a5.5 5.5 0 1 0 0 11 5.5 5.5 0 0 0 0-11zM15 15l4.5 4.5",
  retry: "M19 12a7 7 0 1 1-2.2-5.1M19 4v4h-4",
};

/**
 * Draw an icon. It says nothing to those who hear the page: its neighbors do.
 *
 * @param {keyof typeof PATHS} name
 */
export function icon(name) {
  const props = { viewBox: "0 0 24 24", "aria-hidden": "true", focusable: "false" };
  return svg("svg.glyph", props, svg("path", { d: PATHS[name] }));
}

/**
 * A button that is an icon alone.
 *
 * @param {keyof typeof PATHS} glyph
 * @param {string} title
 * @param {string} what it is done to, for those who do not see where it stands
 * @param {() => void} click
 */
export function iconButton(glyph, title, what, click) {
  const props = { type: "button", title, "aria-label": `${title} ${what}`, on: { click } };
  return h("button.button.quiet.icon", props, icon(glyph));
}
