// The run over time, as far as this page knows it: the rows of the snapshot it began with, and one
// more with each event.

/** Rows that are kept: an hour of seconds. */
export const ROWS_MAX = 3600;
/** Rows that lie this close to each other have nothing between them. */
const SEAM_MS = 500;
/** A row this many times as long as the one before is of another resolution. */
const COARSER = 4;

/** Rows in order of time; see `timeline` in the run's schema for what a row holds. */
export class History {
  #rows = [];
  #whole = true;

  get rows() {
    return this.#rows;
  }

  /** Forgets all there was, and begins with `rows`. */
  begin(rows) {
    this.#rows = rows.slice(-ROWS_MAX);
    this.#whole = true;
  }

  /**
   * Adds the newest row. It takes the place of rows it overlaps: the same one once more, or finer
   * ones where the run has become so long that its rows are coarser. False once rows are missing,
   * or differ in length: only a snapshot has what is to be shown then.
   */
  add(row) {
    const start = begin(row);
    while (this.#rows.length > 0 && overlaps(this.#rows.at(-1), start)) this.#rows.pop();
    const before = this.#rows.at(-1);
    this.#rows.push(row);
    if (this.#rows.length > ROWS_MAX) this.#rows.shift();
    const missing = start - (before?.elapsed_ms ?? 0) > SEAM_MS;
    const coarser = before !== undefined && row.span_ms > before.span_ms * COARSER;
    this.#whole &&= !missing && !coarser;
    return this.#whole;
  }
}

function begin({ elapsed_ms: end, span_ms: span }) {
  return end - span;
}

function overlaps(row, start) {
  return begin(row) >= start || row.elapsed_ms > start + SEAM_MS;
}
