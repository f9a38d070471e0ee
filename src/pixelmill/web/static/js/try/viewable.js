// A picture that the browser can show. What it does not know (TIFF, HEIC …) the orchestrator turns into a PNG for it.

import { process } from "../shared/api.js";

const PREVIEW = { operations: [{ op: "resize", width: 2400, height: 2400 }], output: { format: "png", frames: "first" } };

/**
 * @typedef {{url: string, width: number, height: number, converted: boolean, free: () => void}} Shown
 *
 * @param {Blob} picture
 * @returns {Promise<Shown>}
 * @throws {Error} nobody can read it
 */
export async function viewable(picture) {
  const direct = await shown(picture, false);
  if (direct) return direct;
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
