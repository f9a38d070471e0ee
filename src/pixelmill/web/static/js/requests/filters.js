// Which requests are looked for.

import { isDone } from "../shared/live.js";

const SLOW_SHARE = 0.95;
const FEWEST = 20;

/** @type {Record<string, {title: string, fits: (request: any, slow: number) => boolean}>} */
export const FILTERS = {
  all: { title: "All", fits: () => true },
  running: { title: "Running", fits: (request) => !isDone(request) },
  failed: { title: "Failed", fits: ({ status }) => status === "failed" },
  slow: { title: "Slow", fits: ({ status, total_s: took }, slow) => status === "completed" && took >= slow },
  retried: { title: "Retried", fits: ({ attempts }) => attempts > 0 },
};

/** From which duration on a request is slow, seconds: longer than 95 % of those that were completed. */
export function slowFrom(requests) {
  const took = requests.filter(({ status }) => status === "completed").map((request) => request.total_s);
  if (took.length < FEWEST) return took.length ? Math.max(...took) : Infinity;
  return took.sort((one, other) => one - other)[Math.floor(SLOW_SHARE * took.length)];
}

/** What is searched in. */
export function textOf(request) {
  const { id, stages, reason, message, entrance, placement, status } = request;
  const outputs = request.outputs.map(({ name, format }) => `${name} ${format}`);
  return [id, ...stages, reason, message, entrance, placement, status, ...outputs].join(" ").toLowerCase();
}
