// What the origin says of itself, beside what viewers received.

import { byId, say } from './dom.js';
import { cell, emptied, figure, fillTable } from './figure.js';
import * as format from './format.js';
import { SCOPES } from './words.js';

/** Its figures, with their names and how they are shown. */
const FIGURES = {
  'host.cpu': ['CPU, of all cores', 'percent'],
  'host.memory': ['memory in use', 'percent'],
  'host.network_in': ['network in', 'rate'],
  'host.network_out': ['network out', 'rate'],
  'server.connections': ['connections', 'count'],
  'server.requests_per_s': ['requests a second', 'perSecond'],
  'server.sent_per_s': ['bytes sent a second', 'rate'],
  'server.latency_ms': ['latency, mean', 'millis'],
  'server.latency_p95_ms': ['latency, p95', 'millis'],
};

export function showSays({ origin_metrics: says }) {
  if (!says) return;
  const known = Object.keys(FIGURES).filter((of) => reading(says, of));
  const rows = known.map((of) => figures(of, reading(says, of)));
  fillTable(byId('says'), rows);
  emptied(byId('says'), rows.length);
  showSent(says.sent);
  say(byId('says-note'), [...says.sources.map(trouble).filter(Boolean), listed(says)].join(' '));
}

/** A figure of the machine or the web server, where it is told. */
function reading(says, of) {
  const [whose, which] = of.split('.');
  return says[whose]?.[which];
}

function figures(of, { stale }) {
  const [name, shown] = FIGURES[of];
  const path = `origin_metrics.${of}`;
  return [
    cell(name),
    // What is stale is not of this moment.
    stale ? cell(format.UNKNOWN, 'unknown') : figure(`${path}.newest`, shown),
    ...['p50', 'max', 'run_max'].map((which) => figure(`${path}.${which}`, shown)),
    figure(`${path}.age_ms`, 'millis', { css: stale ? 'bad' : '' }),
  ];
}

function showSent(sent) {
  const rows = sent.map(({ scope }, place) => {
    const path = `origin_metrics.sent.${place}`;
    return [
      cell(SCOPES[scope] ?? format.words(scope)),
      figure(`${path}.bytes`, 'bytes'),
      figure(`${path}.received_bytes`, 'bytes'),
      figure(`${path}.difference_percent`, 'signedPercent'),
      figure(`${path}.resets`, 'count', { bad: true }),
    ];
  });
  fillTable(byId('says-sent'), rows);
  emptied(byId('says-sent'), rows.length);
}

/** What is wrong with a source; nothing where nothing is. */
function trouble({ url, stale, age_ms: age, error }) {
  if (!stale) return '';
  const since = age == null ? 'has told nothing' : `tells nothing since ${format.millis(age)}`;
  return `${url} ${since}${error ? `: ${error}` : ''}.`;
}

/** What its listing of segments says. */
function listed({ segments }) {
  if (!segments) return '';
  const { listed: count, p50_bytes: p50, max_bytes: max } = segments;
  const sizes = p50 == null ? '' : `, p50 ${format.bytes(p50)}, max ${format.bytes(max)}`;
  return `${format.things(count, 'segment', 'segments')} listed${sizes}.`;
}
