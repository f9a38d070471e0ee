// Asks the orchestrator. Where it wants a token, the person is asked for one, and then it is asked again.

import { askForToken, forgetToken, token } from "./token.js";

/**
 * @typedef {object} Problem  RFC 9457
 * @property {string} title
 * @property {number} status
 * @property {string} detail
 * @property {string} reason
 * @property {string} [request_id]
 */

/** What the orchestrator refused, or that it does not answer (status 0). */
export class ApiError extends Error {
  /** @param {Problem} problem */
  constructor(problem) {
    super(problem.detail || problem.title);
    this.problem = problem;
    this.status = problem.status;
    this.reason = problem.reason;
  }
}

/**
 * Fetch a path of this origin.
 *
 * @param {string} path
 * @param {RequestInit & {headers?: Record<string, string>}} [options]
 * @returns {Promise<Response>}
 * @throws {ApiError} it is refused, or nobody answers
 */
export async function ask(path, options = {}) {
  for (;;) {
    const sent = token();
    const headers = { ...options.headers, ...(sent ? { Authorization: `Bearer ${sent}` } : {}) };
    const response = await reached(path, { ...options, headers });
    if (response.ok) return response;
    if (response.status !== 401) throw new ApiError(await problemOf(response));
    // Another request may have got a new one in the meantime.
    if (token() === sent) {
      forgetToken();
      if (!(await askForToken(Boolean(sent)))) throw new ApiError(await problemOf(response));
    }
  }
}

/** Fetch JSON. @param {string} path @param {AbortSignal} [signal] @returns {Promise<any>} */
export async function askJson(path, signal) {
  return (await ask(path, { signal })).json();
}

/**
 * @typedef {object} Made
 * @property {string} name its rendition's
 * @property {string} format
 * @property {number} width
 * @property {number} height
 * @property {number} bytes
 * @property {number} frames
 * @property {Blob} blob
 *
 * @typedef {object} Processed
 * @property {Made[]} outputs
 * @property {{request_id: string, queue_s: number, total_s: number, hops: any[]}} trace
 */

/**
 * Run a pipeline on a picture.
 *
 * @param {Blob} picture
 * @param {object} pipeline
 * @param {AbortSignal} [signal]
 * @returns {Promise<Processed>}
 */
export async function process(picture, pipeline, signal) {
  const form = new FormData();
  form.append("pipeline", JSON.stringify(pipeline));
  form.append("image", picture, "picture");
  const headers = { Accept: "application/json" };
  const response = await ask("/v1/process", { method: "POST", body: form, signal, headers });
  const { outputs, trace } = await response.json();
  return { trace, outputs: outputs.map(({ data, ...info }) => ({ ...info, blob: toBlob(data, info.format) })) };
}

async function reached(path, options) {
  try {
    return await fetch(path, options);
  } catch (error) {
    if (/** @type {Error} */ (error).name === "AbortError") throw error;
    const detail = "The orchestrator does not answer.";
    throw new ApiError({ title: "No answer", status: 0, reason: "NO_ANSWER", detail });
  }
}

async function problemOf(response) {
  const otherwise = { title: response.statusText, status: response.status, reason: "", detail: response.statusText };
  try {
    return { ...otherwise, ...(await response.json()) };
  } catch {
    return otherwise;
  }
}

function toBlob(base64, format) {
  const text = atob(base64);
  const data = new Uint8Array(text.length);
  for (let at = 0; at < text.length; at += 1) data[at] = text.charCodeAt(at);
  return new Blob([data], { type: `image/${format}` });
}

/** Bytes as base64. @param {Blob} blob @returns {Promise<string>} */
export function toBase64(blob) {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(String(reader.result).replace(/^[^,]*,/, ""));
    reader.onerror = () => reject(reader.error);
    reader.readAsDataURL(blob);
  });
}
