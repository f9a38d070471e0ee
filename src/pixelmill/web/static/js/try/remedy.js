// What mends a refusal, where one change of the pipeline does.

/** @typedef {import("./pipeline.js").Branch} Branch */

/**
 * The change that a refusal names: an animation that the output's format cannot keep becomes its first frame.
 *
 * @param {string} detail
 * @param {import("./pipeline.js").Pipeline} pipeline
 * @returns {{label: string, mend: () => void} | null} null where nobody but a person can tell
 */
export function remedyOf(detail, pipeline) {
  if (!/\bframes=first\b/.test(detail)) return null;
  /** @type {Branch[]} */
  const ends = pipeline.renditions.length ? pipeline.renditions : [pipeline];
  const format = /\bgot (\w+)(?:, in rendition .*)?$/.exec(detail)?.[1];
  const refused = ends.filter(({ output }) => output.format === format);
  const mend = () => {
    for (const { output } of refused.length ? refused : ends) output.frames = "first";
  };
  return { label: "Use the first frame", mend };
}
