// What is known of the fleet at this moment. Views listen; one stream feeds all of them.

import { askJson } from "./api.js";
import { Stream } from "./stream.js";

const MOST_REQUESTS = 1000;
const MOST_SECONDS = 600;

/** @type {{fleet: any, requests: Map<string, any>, seconds: any[], state: string, retryAt: number}} */
export const live = { fleet: null, requests: new Map(), seconds: [], state: "connecting", retryAt: 0 };

const listeners = { fleet: new Set(), requests: new Set(), seconds: new Set(), state: new Set() };

/**
 * Be told when something is new; the listener gets what changed. Returns what ends that.
 *
 * @param {"fleet" | "requests" | "seconds" | "state"} what
 * @param {(news: any) => void} listener
 */
export function listen(what, listener) {
  listeners[what].add(listener);
  return () => listeners[what].delete(listener);
}

const stream = new Stream("/v1/events", take, (state, retryAt) => {
  if (state === live.state && retryAt === live.retryAt) return;
  const again = state === "live" && live.state !== "live";
  Object.assign(live, { state, retryAt });
  tell("state", state);
  // Where that fails, too, the stream says so, and it is done again.
  if (again) catchUp().catch(() => undefined);
});

/** Connect. */
export function start() {
  stream.run();
  addEventListener("online", () => stream.retry());
  document.addEventListener("visibilitychange", () => document.hidden || stream.retry());
}

/** Try again now, where the connection is lost. */
export const retry = () => stream.retry();

/** What has happened before the stream began, or while there was none. */
async function catchUp() {
  const [{ requests }, { seconds }] = await Promise.all([askJson("/v1/requests?limit=200"), askJson("/v1/timeline")]);
  take("requests", { requests });
  take("seconds", { seconds });
}

function take(event, data) {
  if (event === "fleet") {
    live.fleet = data;
    tell("fleet", data);
  } else if (event === "requests") {
    // The latest comes first; those that came last are to be the last of the map.
    for (const request of [...data.requests].reverse()) note(request);
    trim();
    tell("requests", data.requests);
  } else if (event === "seconds") {
    addSeconds(data.seconds);
    tell("seconds", data.seconds);
  }
}

function note(request) {
  const known = live.requests.get(request.id);
  // What was asked for may come later than what was told in the meantime.
  if (known && isDone(known) && !isDone(request) && known.began_at >= request.began_at) return;
  live.requests.set(request.id, request);
}

function trim() {
  if (live.requests.size <= MOST_REQUESTS) return;
  const sorted = [...live.requests.values()].sort((a, b) => b.began_at - a.began_at).slice(0, MOST_REQUESTS);
  live.requests = new Map(sorted.reverse().map((request) => [request.id, request]));
}

function addSeconds(news) {
  const all = new Map(live.seconds.map((second) => [second.at, second]));
  for (const second of news) all.set(second.at, second);
  live.seconds = [...all.values()].sort((a, b) => a.at - b.at).slice(-MOST_SECONDS);
}

/** Whether a request has come to its end. */
export const isDone = (request) => request.status === "completed" || request.status === "failed";

function tell(what, news) {
  for (const listener of listeners[what]) listener(news);
}
