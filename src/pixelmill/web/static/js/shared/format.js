// Figures for people.

const NUMBER = new Intl.NumberFormat("en");
const KIB = 1024;
const UNITS = ["B", "KiB", "MiB", "GiB", "TiB"];

/** `1,234` */
export const count = (value) => NUMBER.format(value);

/** Three digits at most, without needless zeros: `0.12`, `3.4`, `120`. */
export function figure(value) {
  if (!Number.isFinite(value)) return "–";
  const size = Math.abs(value);
  if (size >= 99.95) return NUMBER.format(Math.round(value));
  const digits = size >= 9.995 ? 1 : 2;
  return String(Number(value.toFixed(digits)));
}

/** Bytes: `12.3 KiB` */
export function bytes(value) {
  let unit = 0;
  let size = value;
  while (size >= KIB && unit < UNITS.length - 1) {
    size /= KIB;
    unit += 1;
  }
  return `${unit ? figure(size) : NUMBER.format(Math.round(size))} ${UNITS[unit]}`;
}

/** Seconds: `0.4 ms`, `12 ms`, `1.5 s` */
export function seconds(value) {
  if (value === 0) return "0 ms";
  if (value < 0.9995) return `${figure(value * 1000)} ms`;
  return value < 120 ? `${figure(value)} s` : span(value);
}

/** A long time, in its two largest units: `3 d 4 h` */
export function span(value) {
  const whole = Math.floor(value);
  const parts = [
    [Math.floor(whole / 86400), "d"],
    [Math.floor(whole / 3600) % 24, "h"],
    [Math.floor(whole / 60) % 60, "min"],
    [whole % 60, "s"],
  ];
  const first = parts.findIndex(([amount]) => amount > 0);
  if (first < 0) return "0 s";
  return parts
    .slice(first, first + 2)
    .filter(([amount]) => amount > 0)
    .map(([amount, unit]) => `${amount} ${unit}`)
    .join(" ");
}

/** A share: `12.3 %` */
export const percent = (share) => `${figure(share * 100)} %`;

/** How two sizes compare: `−83 %` */
export function change(before, after) {
  const share = (after / before - 1) * 100;
  const shown = Math.abs(share) < 10 ? share.toFixed(1) : String(Math.round(share));
  return `${shown.replace("-", "−")} %`.replace(/^(?=[1-9])/, "+");
}

/** The time of day of seconds since 1970: `14:05:09` */
export const clock = (at) => new Date(at * 1000).toLocaleTimeString("en-GB");

/** One or several: `1 call`, `2 calls` */
export const plural = (amount, one, several = `${one}s`) => `${count(amount)} ${amount === 1 ? one : several}`;

/** A name for people: `edge_detect` is `Edge detect` */
export function title(name) {
  const words = name.replaceAll("_", " ");
  return words.charAt(0).toUpperCase() + words.slice(1);
}
