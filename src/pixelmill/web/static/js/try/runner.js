// Runs the pipeline on the picture: at once or a moment after the last change. A new run aborts the one before.

import { process } from "../shared/api.js";

const CALM_MS = 180;

/**
 * @typedef {import("../shared/api.js").Processed} Processed
 * @typedef {{onStart: () => void, onDone: (made: Processed) => void, onError: (error: Error) => void}} Hooks
 */

export class Runner {
  /** @param {Hooks} hooks */
  constructor(hooks) {
    this.hooks = hooks;
    /** @type {AbortController | null} */
    this.running = null;
    this.timer = 0;
  }

  /** Run nothing any more. */
  stop() {
    clearTimeout(this.timer);
    this.running?.abort();
    this.running = null;
  }

  /**
   * Run when nothing has been asked for a moment.
   *
   * @param {() => {picture: Blob, pipeline: object}} given what is then
   */
  soon(given) {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.now(given()), CALM_MS);
  }

  /**
   * Run now.
   *
   * @param {{picture: Blob, pipeline: object}} given
   * @returns {Promise<Error | null>} why it did not work
   */
  async now({ picture, pipeline }) {
    clearTimeout(this.timer);
    this.running?.abort();
    const own = new AbortController();
    this.running = own;
    this.hooks.onStart();
    try {
      const made = await process(picture, pipeline, own.signal);
      if (this.running === own) this.hooks.onDone(made);
      return null;
    } catch (error) {
      if (this.running === own) this.hooks.onError(/** @type {Error} */ (error));
      return /** @type {Error} */ (error);
    } finally {
      if (this.running === own) this.running = null;
    }
  }
}
