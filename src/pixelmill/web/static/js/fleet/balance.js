// How evenly calls are spread over instances.

const WINDOW_S = 60;
const NOW_S = 4;

/**
 * How even shares are: 1 where all are alike, 1/n where one has all.
 *
 * Source: Jain, Chiu and Hawe, A Quantitative Measure of Fairness, DEC TR-301, 1984.
 *
 * @param {number[]} shares
 */
export function evenness(shares) {
  const sum = shares.reduce((total, share) => total + share, 0);
  const squares = shares.reduce((total, share) => total + share * share, 0);
  return squares ? (sum * sum) / (shares.length * squares) : 1;
}

/** Counts each instance's calls of the last minute, from what it says that it has answered since it started. */
export class Recent {
  constructor() {
    /** @type {Map<string, {at: number, calls: number}[]>} */
    this.seen = new Map();
  }

  /** Take note. @param {string} key @param {number} calls @param {number} at seconds */
  add(key, calls, at) {
    const seen = this.seen.get(key) ?? [];
    const last = seen.at(-1);
    // Fewer than before: it was started anew.
    if (last && calls < last.calls) seen.length = 0;
    seen.push({ at, calls });
    while (seen.length > 2 && seen[1].at < at - WINDOW_S) seen.shift();
    this.seen.set(key, seen);
  }

  /** How many calls it has answered lately. @param {string} key */
  calls(key) {
    const seen = this.seen.get(key);
    return seen?.length ? seen[seen.length - 1].calls - seen[0].calls : 0;
  }

  /** Calls per second of the last seconds: between two looks alone it would jump. @param {string} key */
  rate(key) {
    return this.#rateAt(this.seen.get(key) ?? [], -1);
  }

  /** How that has been, the oldest first. @param {string} key @param {number} most */
  rates(key, most) {
    const seen = this.seen.get(key) ?? [];
    const first = Math.max(1, seen.length - most);
    return seen.slice(first).map((_, after) => this.#rateAt(seen, first + after));
  }

  #rateAt(seen, place) {
    const last = seen.at(place);
    const first = last && seen.find(({ at }) => at >= last.at - NOW_S);
    return last && first !== last ? (last.calls - first.calls) / (last.at - first.at) : 0;
  }
}
