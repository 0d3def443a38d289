// The charts: which series of the timeline each shows, and what moves them all together.

import { Chart } from './chart.js';
import { byId } from './dom.js';
import * as format from './format.js';

/** States in the order in which they are stacked, those who watch at the bottom. */
const STATES = ['playing', 'starting', 'stalled', 'backing_off', 'failed', 'ended', 'waiting'];
/** Series of glass-to-glass latency that are drawn; more could not be told apart. */
const SERIES_MAX = 5;

/** All charts of the page, with one cursor and one span of time. */
export class Charts {
  #rows = [];
  #chosen = { range: '', latency: 'segment_download', glass: 'p95', stalls: 'count' };
  #charts = {};
  #due = false;

  constructor() {
    for (const name of Object.keys(MODELS)) {
      this.#charts[name] = new Chart(byId(`chart-${name}`), (time) => this.#point(time));
    }
    for (const name of Object.keys(this.#chosen)) this.#listen(name);
  }

  /** Shows the rows of a timeline, when the browser next draws. */
  show(rows) {
    this.#rows = rows;
    if (this.#due) return;
    this.#due = true;
    requestAnimationFrame(() => {
      this.#due = false;
      this.#draw();
    });
  }

  #listen(name) {
    for (const choice of document.querySelectorAll(`input[name="${name}"]`)) {
      // A browser may restore what was chosen before a reload.
      if (choice.checked) this.#chosen[name] = choice.value;
      choice.addEventListener('change', () => {
        this.#chosen[name] = choice.value;
        this.show(this.#rows);
      });
    }
  }

  #draw() {
    const rows = within(this.#rows, Number(this.#chosen.range));
    const times = rows.map((row) => ({
      start: row.elapsed_ms - row.span_ms,
      end: row.elapsed_ms,
      unix_ms: row.unix_ms,
    }));
    const [from, to] = [times[0]?.start ?? 0, times.at(-1)?.end ?? 0];
    for (const [name, chart] of Object.entries(this.#charts)) {
      chart.show({ ...MODELS[name](rows, this.#chosen), rows: times, from, to });
    }
  }

  #point(time) {
    for (const chart of Object.values(this.#charts)) chart.point(time);
  }
}

const MODELS = { throughput, viewers, latency, glass, stalls };

function throughput(rows) {
  return {
    name: 'Segment throughput',
    kind: 'rate',
    series: [
      area('mean', 'hue-1', rows.map((row) => perSecond(row, row.media_bytes))),
      line('fullest 100 ms', 'hue-2 thin', rows.map((row) => row.peak_100ms)),
    ],
  };
}

function viewers(rows) {
  const counts = (state) => rows.map((row) => row.states[state] ?? 0);
  const there = STATES.filter((state) => rows.some((row) => row.states[state] > 0));
  const stacked = there.map((state) => ({
    name: format.words(state),
    look: `state-${state}`,
    draw: 'stack',
    values: counts(state),
  }));
  const target = line('wanted', 'hue-0 dash-2', rows.map((row) => row.target));
  return { name: 'Viewers by state', kind: 'count', series: [...stacked, target] };
}

function latency(rows, { latency: what }) {
  const of = (percentile) => rows.map((row) => row.latency_ms[what]?.[percentile] ?? null);
  const name = { playlist: 'Playlist', segment_ttfb: 'Segment first byte' }[what];
  return {
    name: `${name ?? 'Segment download'} latency`,
    kind: 'millis',
    series: [
      line('p50', 'hue-1', of('p50')),
      line('p95', 'hue-2 dash-1', of('p95')),
      line('p99', 'hue-4 dash-2', of('p99')),
    ],
  };
}

function stalls(rows, { stalls: what }) {
  const begun = bars('stalls begun', 'hue-5', rows.map((row) => perSecond(row, row.stalls)));
  const share = rows.map(({ stall_ms: stalled, play_ms: played }) =>
    stalled + played > 0 ? stalled / (stalled + played) : null,
  );
  return what === 'count'
    ? { name: 'Stalls', kind: 'perSecond', series: [begun] }
    : { name: 'Stalls', kind: 'percent', series: [area('of time stalled', 'hue-5', share)] };
}

function glass(rows, { glass: percentile }) {
  const keys = new Map();
  for (const row of rows) for (const one of row.slo) keys.set(keyOf(one), one);
  // In the order of the table, which is that of the names.
  const shown = [...keys].sort(([a], [b]) => (a < b ? -1 : 1)).slice(0, SERIES_MAX);
  const values = (key) =>
    rows.map((row) => row.slo.find((one) => keyOf(one) === key)?.spread[percentile] ?? null);
  const lines = shown.map(([key, one], place) =>
    line(title(one, shown), `hue-${place + 1} dash-${place}`, values(key)),
  );
  const live = rows.map((row) => row.latency_ms.live_latency?.[percentile] ?? null);
  if (live.some((value) => value !== null)) lines.push(line('live latency', 'hue-0 dash-5', live));
  const more = keys.size > SERIES_MAX ? `, ${SERIES_MAX} of ${keys.size} series` : '';
  return {
    name: `Glass to glass, ${percentile}${more}`,
    kind: 'millis',
    series: lines,
    empty: rows.length > 0 ? 'no sample yet' : undefined,
  };
}

function keyOf({ broadcast, transport, source }) {
  return JSON.stringify([broadcast, transport, source]);
}

/** What tells a series from the others. */
function title({ broadcast, transport, source }, shown) {
  const alone = shown.every(([, one]) => one.broadcast === broadcast);
  return `${alone ? '' : `${broadcast} · `}${transport} · ${source}`;
}

/** The rows of the last `seconds`, or all. */
function within(rows, seconds) {
  if (seconds === 0 || rows.length === 0) return rows;
  const since = rows.at(-1).elapsed_ms - seconds * 1000;
  return rows.filter((row) => row.elapsed_ms > since);
}

function perSecond(row, sum) {
  return row.span_ms > 0 ? (sum * 1000) / row.span_ms : null;
}

function line(name, look, values) {
  return { name, look, draw: 'line', values };
}

function area(name, look, values) {
  return { name, look, draw: 'area', values };
}

function bars(name, look, values) {
  return { name, look, draw: 'bars', values };
}
