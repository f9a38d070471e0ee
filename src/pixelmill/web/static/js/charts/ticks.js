// Round figures for axes.

import { clock } from "../shared/format.js";

const WANTED = 4;
const APART_PX = 90;

/** From 0 to at least `most`, in round steps. @param {number} most @param {boolean} binary steps of 1024 */
export function niceTicks(most, binary) {
  if (most <= 0) return [0, 1];
  const base = binary ? 1024 ** Math.floor(Math.log(most) / Math.log(1024)) : 1;
  const rough = most / base / WANTED;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 2.5, 5, 10].map((factor) => factor * power).find((size) => size >= rough * 0.999) ?? power * 10;
  const amount = Math.ceil(most / base / step - 0.001);
  return Array.from({ length: amount + 1 }, (_, number) => number * step * base);
}

/** Times of the last `length` seconds up to `last`, so far apart that they can be read. */
export function timeTicks(last, length, width) {
  const room = Math.max(2, Math.floor(width / APART_PX));
  const step = [10, 15, 30, 60, 120, 300].find((size) => length / size <= room) ?? 600;
  const ticks = [];
  const first = Math.ceil((last - length + step / 4) / step) * step;
  for (let at = first; at <= last - step / 4; at += step) ticks.push({ at, text: clock(at).replace(/:00$/, "") });
  return ticks;
}
