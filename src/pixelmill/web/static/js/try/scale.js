// Where a value stands on a slider. A range whose useful values are all at its start gets a curve.

export const STEPS = 1000;
const TYPICAL_PLACE = 0.35;
const TYPICAL_SIZE = 1200;
const STEEPEST = 4;

/** @param {import("./schema.js").Parameter} parameter */
export function scaleOf({ min = 0, max = 100, whole, preset, name }) {
  const span = max - min;
  const usual = /^(width|height)$/.test(name) ? TYPICAL_SIZE : min + span * TYPICAL_PLACE;
  const typical = typeof preset === "number" ? preset : usual;
  const share = (typical - min) / span;
  const curved = min >= 0 && share > 0 && share < TYPICAL_PLACE / 2;
  const power = curved ? Math.min(STEEPEST, Math.log(share) / Math.log(TYPICAL_PLACE)) : 1;
  return {
    /** The value at a place from 0 to STEPS. */
    valueAt(place) {
      const value = min + span * (place / STEPS) ** power;
      if (whole) return Math.round(value);
      const smallest = span / 10 ** 6;
      const digits = value === 0 ? 0 : 1 - Math.floor(Math.log10(Math.max(Math.abs(value), smallest)));
      return Number(value.toFixed(Math.min(6, Math.max(span > 100 ? 1 : 2, digits))));
    },
    /** The place of a value. */
    placeOf(value) {
      const at = Math.min(1, Math.max(0, (value - min) / span));
      return Math.round(STEPS * at ** (1 / power));
    },
  };
}
