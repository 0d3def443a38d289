// The panels: what the terminal's dashboard shows, as functions of the document. Every figure in
// them is one of the document's, or says that it is taken from several.

import { byId, say } from './dom.js';
import { at, cell, figure, fill, fillTable } from './figure.js';
import * as format from './format.js';
import { showErrors, showGroups, showObjectives, showRoster, showServing, showSlo } from './records.js';
import { showSays } from './says.js';
import { CAUSES, CLASSES, SIGNS } from './words.js';

const LATENCIES = {
  playlist: 'playlist',
  segment_ttfb: 'segment first byte',
  segment_download: 'segment download',
};
const SEEN = { startup: 'startup', live_latency: 'live latency', glass_to_glass: 'glass to glass' };
/** What latency tables show. */
const PERCENTILES = ['p50', 'p95', 'p99', 'max'];

/** Shows a document. `rates` has requests a second by class; `full` lists every viewer. */
export function show(run, { rates, full }) {
  for (const element of document.querySelectorAll('[data-needs]')) {
    element.hidden = at(run, element.dataset.needs) === null;
  }
  showHeader(run);
  showViewers(run);
  showPlayback();
  showRequests(run, rates);
  showLatencies();
  showGroups(run);
  showErrors(run);
  showSlo(run);
  showObjectives(run);
  showGenerator(run);
  showOrigin(run);
  showSays(run);
  showServing(run);
  showRoster(run, full);
  for (const element of document.querySelectorAll('[data-path]')) fill(element, run);
}

function showHeader(run) {
  const word = run.health?.word;
  sign(byId('health'), SIGNS[word] ?? ['calm', '•']);
  say(byId('phase'), phase(run));
  if (run.at_ms) say(byId('up'), format.seconds((run.at_ms - run.started_ms) / 1000));
  const whole = run.config?.duration_s ?? null;
  const rest = run.exit ? 0 : Math.max(0, whole - run.duration_s);
  say(byId('left'), whole === null ? 'until stopped' : format.seconds(rest));
  byId('progress').hidden = whole === null;
  if (whole !== null) progress(byId('progress'), run.duration_s, whole);
  const over = byId('over');
  over.hidden = !run.exit;
  if (run.exit) sign(over, run.exit.code === 0 ? ['good', '✓'] : ['bad', '✕']);
  const stream = run.config?.url ?? 'origin';
  document.title = `${word ? `${format.words(word)} · ` : ''}${stream} · liveswarm`;
}

/** What the run does, in a word. */
function phase(run) {
  if (run.exit) return 'over';
  if (run.phase) return format.words(run.phase);
  if (run.health?.word === 'stopping') return 'stopping';
  return run.viewers?.states.waiting > 0 ? 'ramping' : 'steady';
}

function showViewers({ viewers }) {
  if (!viewers) return;
  progress(byId('ramp'), viewers.started, viewers.target);
}

function showPlayback() {
  const rows = Object.entries(SEEN).map(([what, name]) => [
    cell(name),
    ...PERCENTILES.map((of) => figure(`latency_ms.${what}.${of}`, 'millis')),
  ]);
  fillTable(byId('playback-table'), rows);
}

function showRequests(run, rates) {
  const { requests = {} } = run;
  const present = Object.keys(CLASSES).filter((of) => total(requests[of]) > 0);
  const rows = present.map((of) => [
    cell(CLASSES[of]),
    figure(`requests.${of}.ok`, 'count'),
    figure(`requests.${of}.failed`, 'count', { bad: true }),
    figure(`requests.${of}.cancelled`, 'count', { css: 'extra' }),
    figure(`requests.${of}.in_flight`, 'count', { css: 'extra' }),
    cell(perSecond(rates?.[of], run)),
    figure(`requests.${of}.bytes`, 'bytes'),
  ]);
  const sum = (key) => present.reduce((sum, of) => sum + requests[of][key], 0);
  const all = rates ? present.reduce((sum, of) => sum + (rates[of] ?? 0), 0) : undefined;
  rows.push([
    cell('all', 'sum'),
    cell(format.count(sum('ok')), 'sum'),
    cell(format.count(sum('failed')), sum('failed') > 0 ? 'sum bad' : 'sum'),
    cell(format.count(sum('cancelled')), 'sum extra'),
    cell(format.count(sum('in_flight')), 'sum extra'),
    cell(perSecond(all, run), 'sum'),
    cell(format.bytes(sum('bytes')), 'sum'),
  ]);
  fillTable(byId('requests'), rows);
  const judged = sum('ok') + sum('failed');
  const share = judged > 0 ? format.percent(sum('failed') / judged) : format.UNKNOWN;
  say(byId('requests-note'), `Error rate ${share}. Per second: requests that ended of late.`);
}

function showLatencies() {
  const of = ['p50', 'p90', 'p95', 'p99', 'max'];
  const rows = Object.entries(LATENCIES).map(([what, name]) => [
    cell(name),
    ...of.map((each) => figure(`latency_ms.${what}.${each}`, 'millis')),
    figure(`latency_ms.${what}.count`, 'count', { css: 'extra' }),
  ]);
  fillTable(byId('latency'), rows);
}

function showGenerator({ generator }) {
  if (!generator) return;
  const signs = { fine: ['good', '✓'], bottleneck: ['bad', '✕'] };
  sign(byId('verdict'), signs[generator.verdict] ?? ['calm', '…']);
  const causes = Object.entries(generator.causes).map(
    ([cause, seen]) => `${CAUSES[cause] ?? format.words(cause)} (${format.count(seen.count)}×)`,
  );
  say(byId('causes'), causes.length > 0 ? `: ${causes.join(', ')}` : '');
}

function showOrigin(run) {
  const { origin } = run;
  const served = Object.keys(CLASSES).filter((of) => origin?.classes[of]);
  const rows = served.map((of) => [
    cell(CLASSES[of]),
    figure(`origin.classes.${of}.requests`, 'count'),
    figure(`origin.classes.${of}.bytes`, 'bytes'),
    figure(`origin.classes.${of}.interrupted`, 'count'),
    cell(more(origin.difference[of])),
  ]);
  fillTable(byId('served'), rows);
  if (origin) {
    const signs = { equal: ['good', '✓'], but_interrupted: ['calm', '✓'], differs: ['warn', '!'] };
    sign(byId('agreement'), signs[origin.agreement] ?? ['calm', '•']);
  }
  const none = run.config?.own_origin
    ? 'What the origin counted is held against the viewers at the end.'
    : 'This origin keeps no count that could be compared.';
  say(byId('origin-note'), origin ? '' : none);
}

function more(difference) {
  return difference ? format.things(difference.requests, 'request', 'requests') : 'none';
}

function total(counters) {
  const { ok = 0, failed = 0, cancelled = 0, in_flight: flying = 0 } = counters ?? {};
  return ok + failed + cancelled + flying;
}

function perSecond(rate, { exit }) {
  if (rate !== undefined) return format.perSecond(rate);
  return exit ? format.UNKNOWN : 'warming up';
}

function sign(element, [css, text]) {
  element.dataset.mood = css;
  say(element.querySelector('.sign'), text);
}

function progress(element, done, whole) {
  const share = whole > 0 ? Math.min(done / whole, 1) : 1;
  element.style.setProperty('--share', share);
  element.setAttribute('aria-valuenow', String(Math.round(share * 100)));
}

