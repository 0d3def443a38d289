// A chart over time, drawn as SVG. It knows nothing of runs: it is given times, series of values
// and a kind of figure. A value of `null` is unknown: the line has a gap there, never a zero.
//
// Its legend is its readout: it shows each series' newest value, or the one at the cursor, which
// pointer and arrow keys move. Series are told apart by colour and by dashes or hatching.

import { along, upwards } from './axis.js';
import { make, svg } from './dom.js';
import * as format from './format.js';

/** Room around the plot, in pixels. */
const MARGIN = { left: 62, top: 12, right: 14, bottom: 24 };
/** Space between ticks, in pixels. */
const TICKS_APART = { up: 36, along: 84 };
/** Rows that page keys jump over. */
const PAGE = 30;
/** A chart shows at least this much time, so that a run that has just begun is not all width. */
const TIME_MIN_MS = 30_000;

/**
 * One chart in a `<figure>` that has a `.plot` and a `.legend`.
 *
 * What it shows is a model: `{ name, kind, rows: [{ start, end, unix_ms }], series: [{ name, look,
 * draw, values }], from, to }`. `draw` is `line`, `area`, `bars` or `stack`; `look` is a class of
 * the style sheet; times are milliseconds of the run.
 */
export class Chart {
  #plot;
  #legend;
  #readout = make('p', { class: 'readout', 'aria-live': 'off' });
  #drawing = svg('svg', { role: 'img', tabindex: 0, focusable: 'true' });
  #cursorLayer = svg('g', { class: 'cursor' });
  #model = null;
  #scale = null;
  #cursor = null;
  #moved;

  /** `moved` is told the time at which the cursor was put, or `null`. */
  constructor(figure, moved) {
    this.#plot = figure.querySelector('.plot');
    this.#legend = figure.querySelector('.legend');
    this.#moved = moved;
    figure.querySelector('figcaption').append(this.#readout);
    this.#plot.append(this.#drawing);
    this.#listen();
    new ResizeObserver(() => this.#draw()).observe(this.#plot);
  }

  /** Shows a model. */
  show(model) {
    this.#model = model;
    this.#draw();
  }

  /** Puts the cursor at a time of the run, or takes it away. */
  point(time) {
    this.#cursor = time;
    this.#drawCursor();
  }

  #listen() {
    const drawing = this.#drawing;
    const at = (event) => {
      const left = drawing.getBoundingClientRect().left;
      if (this.#scale) this.#moved(this.#scale.time(event.clientX - left));
    };
    drawing.addEventListener('pointermove', at);
    drawing.addEventListener('pointerdown', at);
    drawing.addEventListener('pointerleave', () => this.#moved(null));
    drawing.addEventListener('blur', () => this.#moved(null));
    drawing.addEventListener('keydown', (event) => this.#key(event));
  }

  #key(event) {
    const rows = this.#model?.rows ?? [];
    const last = rows.length - 1;
    const now = this.#cursor === null ? last : this.#nearest();
    const to = {
      ArrowLeft: now - 1,
      ArrowRight: now + 1,
      PageUp: now - PAGE,
      PageDown: now + PAGE,
      Home: 0,
      End: last,
      Escape: null,
    }[event.key];
    if (to === undefined || last < 0) return;
    event.preventDefault();
    // Only who moves by key is told in words; a pointer would flood a screen reader.
    this.#readout.setAttribute('aria-live', 'polite');
    this.#moved(to === null ? null : rows[Math.min(Math.max(to, 0), last)].end);
    this.#drawing.setAttribute('aria-label', this.#said());
  }

  #draw() {
    const width = this.#plot.clientWidth;
    const height = this.#plot.clientHeight;
    if (!this.#model || width === 0) return;
    const parts = [];
    this.#scale = null;
    if (this.#model.rows.length > 0 && this.#model.series.length > 0) {
      this.#scale = scale(this.#model, width, height);
      parts.push(...axes(this.#scale), ...shapes(this.#model, this.#scale));
    } else {
      parts.push(label('empty', width / 2, height / 2, this.#model.empty ?? 'warming up'));
    }
    this.#drawing.setAttribute('viewBox', `0 0 ${width} ${height}`);
    this.#drawing.replaceChildren(...parts, this.#cursorLayer);
    this.#drawCursor();
    this.#drawing.setAttribute('aria-label', this.#said());
  }

  #drawCursor() {
    const { rows = [], series = [] } = this.#model ?? {};
    const index = this.#nearest();
    const row = rows[index];
    const pointed = this.#cursor !== null && row !== undefined;
    this.#readout.replaceChildren(...(row ? moment(row, pointed) : []));
    showLegend(this.#legend, this.#model?.kind, series, index);
    this.#cursorLayer.replaceChildren(
      ...(pointed && this.#scale ? mark(this.#model, this.#scale, index) : []),
    );
  }

  /** The row at the cursor, or the newest. */
  #nearest() {
    const rows = this.#model?.rows ?? [];
    if (this.#cursor === null) return rows.length - 1;
    const after = rows.findIndex((row) => row.end >= this.#cursor);
    if (after < 0) return rows.length - 1;
    const before = rows[after - 1];
    const nearer = before && this.#cursor - before.end < rows[after].end - this.#cursor;
    return nearer ? after - 1 : after;
  }

  /** The chart in words. */
  #said() {
    const { name, kind, rows, series } = this.#model;
    const index = this.#nearest();
    if (!rows[index]) return `${name}: no data yet`;
    const values = series.map((one) => `${one.name} ${figure(kind, one.values[index])}`);
    const when = format.clock(rows[index].end);
    return `${name} at ${when}: ${values.join(', ')}. Arrow keys move in time.`;
  }
}

function scale(model, width, height) {
  const plot = {
    left: MARGIN.left,
    right: width - MARGIN.right,
    top: MARGIN.top,
    bottom: height - MARGIN.bottom,
  };
  const from = model.from;
  const to = Math.max(model.to, from + TIME_MIN_MS);
  const wanted = Math.max(2, Math.floor((plot.bottom - plot.top) / TICKS_APART.up));
  const axis = upwards(model.kind, highest(model), wanted);
  const [wide, tall] = [(plot.right - plot.left) / (to - from), (plot.bottom - plot.top) / axis.top];
  return {
    plot,
    from,
    to,
    axis,
    x: (time) => plot.left + (time - from) * wide,
    y: (value) => plot.bottom - value * tall,
    time: (x) => Math.min(Math.max(from + (x - plot.left) / wide, from), to),
  };
}

function highest({ rows, series }) {
  const known = series.filter(({ draw }) => draw !== 'stack').flatMap(({ values }) => values);
  const stacks = series.filter(({ draw }) => draw === 'stack');
  const sums = rows.map((_, row) => stacks.reduce((sum, { values }) => sum + (values[row] ?? 0), 0));
  return [...known, ...sums].reduce((most, value) => Math.max(most, value ?? 0), 0);
}

function axes({ plot, axis, from, to, x, y }) {
  const parts = [];
  for (const { value, label: text } of axis.ticks) {
    const at = y(value);
    const line = { x1: plot.left, x2: plot.right, y1: at, y2: at };
    parts.push(svg('line', { class: value === 0 ? 'axis' : 'grid', ...line }));
    parts.push(label('tick up', plot.left - 8, at, text));
  }
  const wanted = Math.max(2, Math.floor((plot.right - plot.left) / TICKS_APART.along));
  for (const time of along(from, to, wanted)) {
    const line = { x1: x(time), x2: x(time), y1: plot.bottom, y2: plot.bottom + 4 };
    parts.push(svg('line', { class: 'axis', ...line }));
    parts.push(label('tick along', x(time), plot.bottom + 16, format.clock(time)));
  }
  return parts;
}

function shapes({ rows, series }, scale) {
  const below = rows.map(() => 0);
  return series.flatMap(({ draw, look, values }) => {
    if (draw === 'bars') return [path(`bars ${look}`, bars(rows, values, scale))];
    if (draw === 'stack') {
      const lower = below.slice();
      values.forEach((value, row) => (below[row] += value ?? 0));
      return [
        path(`fill ${look}`, band(rows, lower, below, scale)),
        path(`line edge ${look}`, line(rows, below, scale)),
      ];
    }
    const drawn = path(`line ${look}`, line(rows, values, scale));
    const zeros = values.map((value) => (value === null ? null : 0));
    const filled = path(`fill soft ${look}`, band(rows, zeros, values, scale));
    return draw === 'area' ? [filled, drawn] : [drawn];
  });
}

/** A line with gaps where values are unknown; a value on its own is a dot of the line's width. */
function line(rows, values, { x, y }) {
  let out = '';
  let gap = true;
  rows.forEach(({ end }, row) => {
    const value = values[row];
    if (value !== null) {
      const at = `${round(x(end))} ${round(y(value))}`;
      out += gap ? `M${at}h0` : `L${at}`;
    }
    gap = value === null;
  });
  return out;
}

/** The area between two lines, in pieces where values are unknown. */
function band(rows, lower, upper, { x, y }) {
  const pieces = [[]];
  upper.forEach((value, row) => {
    if (value === null) pieces.push([]);
    else pieces.at(-1).push(row);
  });
  const outline = (piece) => {
    const at = (values) => (row) => `${round(x(rows[row].end))} ${round(y(values[row]))}`;
    const there = piece.map(at(upper));
    const back = piece.toReversed().map(at(lower));
    return `M${[...there, ...back].join('L')}Z`;
  };
  return pieces.filter((piece) => piece.length > 0).map(outline).join('');
}

function bars(rows, values, { plot, x, y }) {
  return rows
    .map(({ start, end }, row) => {
      if (!values[row]) return '';
      const [left, right] = [Math.max(x(start), plot.left), x(end)];
      const gap = right - left > 4 ? 1 : 0;
      const [from, to] = [round(left + gap / 2), round(Math.max(right - gap / 2, left + 1))];
      return `M${from} ${round(plot.bottom)}V${round(y(values[row]))}H${to}V${round(plot.bottom)}Z`;
    })
    .join('');
}

/** The cursor's line, and a dot on each line that has a value there. */
function mark({ rows, series }, { plot, x, y }, index) {
  const at = x(rows[index].end);
  const dots = series
    .filter(({ draw, values }) => draw !== 'stack' && draw !== 'bars' && values[index] !== null)
    .map(({ look, values }) =>
      svg('circle', { class: `dot ${look}`, cx: at, cy: y(values[index]), r: 3.5 }),
    );
  return [svg('line', { x1: at, x2: at, y1: plot.top, y2: plot.bottom }), ...dots];
}

function showLegend(list, kind, series, index) {
  while (list.children.length > series.length) list.lastChild.remove();
  series.forEach(({ name, look, draw, values }, place) => {
    const item = list.children[place] ?? list.appendChild(legendItem());
    const [swatch, title, value] = item.children;
    const key = `${draw} ${look}`;
    if (item.dataset.key !== key) {
      item.dataset.key = key;
      swatch.replaceChildren(...sample(draw, look));
    }
    title.textContent = name;
    value.textContent = figure(kind, values[index] ?? null);
  });
}

function legendItem() {
  const swatch = svg('svg', { class: 'swatch', viewBox: '0 0 26 12', 'aria-hidden': 'true' });
  return make('li', {}, [swatch, make('span', { class: 'name' }), make('span', { class: 'value' })]);
}

function sample(draw, look) {
  const block = (name) => svg('rect', { class: name, x: 0.5, y: 0.5, width: 25, height: 11 });
  const stroke = path(`line ${look}`, 'M0 6H26');
  if (draw === 'bars') return [block(`bars ${look}`)];
  if (draw === 'stack') return [block(`fill ${look}`), block(`line edge ${look}`)];
  return draw === 'area' ? [block(`fill soft ${look}`), stroke] : [stroke];
}

function figure(kind, value) {
  if (value === null) return format.UNKNOWN;
  if (kind !== 'perSecond') return format[kind](value);
  return `${Number.isInteger(value) ? format.count(value) : format.perSecond(value)} /s`;
}

function moment({ end, unix_ms: unix }, pointed) {
  if (!pointed) return [`newest, ${format.clock(end)}`];
  const ofDay = make('span', { class: 'of-day' }, [` · ${format.timeOfDay(unix)}`]);
  return [`at ${format.clock(end)}`, ofDay];
}

function path(name, d) {
  return svg('path', { class: name, d });
}

function label(name, x, y, text) {
  const out = svg('text', { class: name, x, y });
  out.textContent = text;
  return out;
}

/** A tenth of a pixel is enough. */
function round(number) {
  return Math.round(number * 10) / 10;
}
