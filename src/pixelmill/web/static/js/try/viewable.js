// A picture that the browser can show. What it does not know (TIFF, HEIC …) the orchestrator turns into a PNG for it.

import { process } from "../shared/api.js";

const PREVIEW = {
  operations: [{ op: "resize", width: 2400, height: 2400 }],
  output: { format: "png", frames: "first" },
};

const REFUSED = [413, 415, 422];

/**
 * @typedef {{url: string, width: number, height: number, converted: boolean, free: () => void}} Shown
 *
 * @param {Blob} picture
 * @param {Promise<any>} [run] a request about the picture: where it is refused, it is not asked for once more
 * @returns {Promise<Shown | null>} null where it has been refused
 * @throws {Error} nobody can read it
 */
export async function viewable(picture, run) {
  const direct = await shown(picture, false);
  if (direct) return direct;
  if (REFUSED.includes((await run)?.status)) return null;
  const { outputs } = await process(picture, PREVIEW);
  const converted = await shown(outputs[0].blob, true);
  if (!converted) throw new Error("The browser cannot show this picture.");
  return converted;
}

function shown(blob, converted) {
  const url = URL.createObjectURL(blob);
  const image = new Image();
  const free = () => URL.revokeObjectURL(url);
  image.src = url;
  return image.decode().then(
    () => ({ url, width: image.naturalWidth, height: image.naturalHeight, converted, free }),
    () => {
      free();
      return null;
    },
  );
}
