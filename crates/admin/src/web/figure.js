// Figures on the page: an element that shows one says where in the document it comes from
// (`data-path`) and what stands there (`data-value`), so that a page can be held against a
// snapshot.

import { make, say } from './dom.js';
import * as format from './format.js';

/** How a figure is shown, by the name in `data-format`. */
const FORMATS = {
  ...format,
  version: (version) => `v${version}`,
  moment: (ms) => `at ${format.clock(ms)}`,
  verdict: (word) => ({ fine: 'Keeps up', bottleneck: 'Is the bottleneck' })[word] ?? 'Not judged yet',
  agreement: (word) =>
    ({
      equal: 'Served what viewers received',
      but_interrupted: 'Agrees but for interrupted requests',
      differs: 'Does not agree with the viewers',
    })[word] ?? format.words(word),
};

/** What stands at a path of the document, such as `slo.0.p95_ms`; `null` where nothing does. */
export function at(document, path) {
  return path.split('.').reduce((value, key) => value?.[key], document) ?? null;
}

/** Fills an element from the document. */
export function fill(element, document) {
  const { path, format: name, unknown = format.UNKNOWN, bad } = element.dataset;
  const value = at(document, path);
  const raw = JSON.stringify(value);
  if (element.dataset.value !== raw) element.dataset.value = raw;
  say(element, value === null ? unknown : FORMATS[name](value));
  const mood = value === null ? 'unknown' : bad !== undefined && value > 0 ? 'bad' : '';
  if (element.dataset.mood !== mood) element.dataset.mood = mood;
}

/** A cell that shows the figure at a path. */
export function figure(path, name, { unknown, bad, css = '' } = {}) {
  return { path, format: name, unknown, bad, css };
}

/** A cell that shows a text. */
export function cell(text, css = '') {
  return { text, css };
}

/**
 * Makes a table's body show rows of cells, the first of each being its heading. What stays the
 * same stays in place, so that a selection and a reading position live on. Figures in it are
 * filled as those of the page are.
 */
export function fillTable(body, rows) {
  while (body.rows.length > rows.length) body.deleteRow(-1);
  const titles = [...body.parentElement.tHead.rows[0].cells].map((title) => title.textContent);
  rows.forEach((cells, place) => {
    const row = body.rows[place] ?? body.appendChild(emptyRow(titles));
    cells.forEach((cell, column) => fillCell(row.cells[column], cell));
  });
}

/** A table without rows is not shown, heads and all. */
export function emptied(body, rows) {
  body.closest('.scroll').hidden = rows === 0;
}

function emptyRow(titles) {
  const cells = titles.map((title, column) =>
    make(column === 0 ? 'th' : 'td', column === 0 ? { scope: 'row' } : { 'data-label': title }),
  );
  return make('tr', {}, cells);
}

function fillCell(element, { path, format: name, unknown, bad, css, text, children }) {
  if (element.className !== css) element.className = css;
  const data = { path, format: name, unknown, bad: bad ? '' : undefined };
  for (const [key, value] of Object.entries(data)) {
    if (value === undefined) delete element.dataset[key];
    else if (element.dataset[key] !== value) element.dataset[key] = value;
  }
  if (path !== undefined) return;
  delete element.dataset.value;
  delete element.dataset.mood;
  if (children) element.replaceChildren(...children);
  else say(element, text);
}
