// Requests a second, from the totals of successive documents.

/** Rates are taken over at least this many seconds of the run, where there are so many. */
const OVER_S = 5;
/** Totals that are remembered. */
const MARKS_MAX = 64;

/** Remembers totals, and tells how fast they have grown of late. */
export class Rates {
  #marks = [];

  /** Forgets all there was. */
  begin() {
    this.#marks = [];
  }

  /** Takes a document: requests a second by class, or `null` before there are two of them. */
  observe({ duration_s: at, requests }) {
    if (!requests) return null;
    const sum = ({ ok, failed, cancelled }) => ok + failed + cancelled;
    const ended = Object.entries(requests).map(([of, one]) => [of, sum(one)]);
    const mark = { at, totals: Object.fromEntries(ended) };
    if (!(this.#marks.at(-1)?.at >= at)) this.#marks.push(mark);
    while (this.#marks[1]?.at <= at - OVER_S || this.#marks.length > MARKS_MAX) this.#marks.shift();
    const [since] = this.#marks;
    if (at <= since.at) return null;
    const rate = ([of, total]) => [of, (total - (since.totals[of] ?? 0)) / (at - since.at)];
    return Object.fromEntries(ended.map(rate));
  }
}
