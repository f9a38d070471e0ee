// Server-sent events, read by fetch: EventSource cannot send a token. Connects again by itself, ever more slowly.

import { ApiError, ask } from "./api.js";

const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 8000;
const SILENCE_MS = 10000;
/** The server tells how the fleet is every two seconds or more often: silence means that the connection is dead. */

/**
 * @typedef {"connecting" | "live" | "lost" | "locked"} State
 */

export class Stream {
  /**
   * @param {string} path
   * @param {(event: string, data: any) => void} onEvent
   * @param {(state: State, retryAt: number) => void} onState `retryAt`: when it is tried again, ms since 1970
   */
  constructor(path, onEvent, onState) {
    this.path = path;
    this.onEvent = onEvent;
    this.onState = onState;
    this.failures = 0;
    /** @type {(() => void) | null} */
    this.wake = null;
  }

  /** Connect, again and again. */
  async run() {
    this.onState("connecting", 0);
    for (;;) {
      let locked = false;
      try {
        await this.#read();
      } catch (error) {
        locked = error instanceof ApiError && error.status === 401;
      }
      const wait = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** this.failures) * (0.75 + Math.random() / 2);
      this.failures += 1;
      this.onState(locked ? "locked" : "lost", Date.now() + wait);
      await this.#pause(locked ? Infinity : wait);
    }
  }

  /** Do not wait any longer, where it waits. */
  retry() {
    this.wake?.();
  }

  async #read() {
    const stop = new AbortController();
    let timer = setTimeout(() => stop.abort(), SILENCE_MS);
    const heard = () => {
      clearTimeout(timer);
      timer = setTimeout(() => stop.abort(), SILENCE_MS);
    };
    try {
      // The silence counts from the answer on: a person who is asked for a token may take longer.
      clearTimeout(timer);
      const response = await ask(this.path, { signal: stop.signal });
      heard();
      const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
      let text = "";
      for (;;) {
        const { done, value } = await reader.read();
        if (done) return;
        heard();
        const parts = (text + value).split("\n\n");
        text = parts.pop() ?? "";
        for (const part of parts) this.#tell(part);
      }
    } finally {
      clearTimeout(timer);
    }
  }

  #tell(part) {
    let event = "message";
    const data = [];
    for (const line of part.split("\n")) {
      if (line.startsWith("event:")) event = line.slice(6).trim();
      else if (line.startsWith("data:")) data.push(line.slice(5));
    }
    if (!data.length) return;
    this.failures = 0;
    this.onState("live", 0);
    this.onEvent(event, JSON.parse(data.join("\n")));
  }

  #pause(ms) {
    return new Promise((resolve) => {
      const timer = Number.isFinite(ms) ? setTimeout(resolve, ms) : 0;
      this.wake = () => {
        clearTimeout(timer);
        resolve(undefined);
      };
    }).finally(() => {
      this.wake = null;
    });
  }
}
