// The panels: what the terminal's dashboard shows, as functions of the document. Every figure in
// them is one of the document's, or says that it is taken from several.

import { byId, make, say } from './dom.js';
import { at, cell, figure, fill, fillTable } from './figure.js';
import * as format from './format.js';

/** Viewers that are listed before more are asked for. */
const ROSTER_SHORT = 10;
/** Classes of requests, in the order of a viewer's first ones, with their names. */
const CLASSES = {
  multivariant: 'multivariant playlist',
  playlist: 'media playlist',
  init: 'init segment',
  segment: 'segment',
  part: 'part',
  key: 'key',
  other: 'other',
};
const LATENCIES = {
  playlist: 'playlist',
  segment_ttfb: 'segment first byte',
  segment_download: 'segment download',
};
const SEEN = { startup: 'startup', live_latency: 'live latency', glass_to_glass: 'glass to glass' };
/** A sign for each word of health, so that colour is not all there is. */
const SIGNS = {
  healthy: ['good', '✓'],
  warming_up: ['calm', '…'],
  degraded: ['warn', '!'],
  failing: ['bad', '✕'],
  generator_bound: ['bad', '✕'],
  stopping: ['calm', '■'],
  over: ['calm', '■'],
};
const KINDS = {
  dns: 'no address',
  connect_refused: 'connection refused',
  connect_timed_out: 'connect timed out',
  connect_failed: 'no connection',
  tls: 'TLS failed',
  read_timed_out: 'read timed out',
  reset: 'connection reset',
  truncated: 'body cut short',
  too_large: 'too large',
  protocol: 'invalid HTTP',
  redirect: 'redirect to nowhere',
  invalid_playlist: 'no playlist',
  no_descriptor: 'no descriptor left here',
  no_port: 'no port left here',
  generator: 'not sent: short of memory here',
};
const CAUSES = {
  lag: 'timers fire late',
  cpu: 'a worker has no CPU left',
  descriptors: 'no file descriptor was left',
  ports: 'no ephemeral port was left',
  memory: 'no memory was left',
};
const STATES = { met: ['good', '✓ met'], broken: ['bad', '✕ broken'], unknown: ['unknown', 'unknown'] };
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
  showErrors(run);
  showSlo(run);
  showObjectives(run);
  showGenerator(run);
  showOrigin(run);
  showRoster(run, full);
  for (const element of document.querySelectorAll('[data-path]')) fill(element, run);
}

function showHeader(run) {
  const word = run.health?.word;
  sign(byId('health'), SIGNS[word] ?? ['calm', '•']);
  say(byId('phase'), phase(run));
  if (run.at_ms) say(byId('up'), format.seconds((run.at_ms - run.started_ms) / 1000));
  const whole = run.config?.duration_s ?? null;
  const left = whole === null ? 'until stopped' : format.seconds(Math.max(0, whole - run.duration_s));
  say(byId('left'), run.exit ? '0 s' : left);
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

function showErrors(run) {
  const errors = run.errors ?? [];
  // The most frequent first, each with its place in the document.
  const places = errors.map((_, place) => place);
  places.sort((a, b) => errors[b].count - errors[a].count);
  const rows = places.map((place) => [
    cell(kind(errors[place])),
    cell(CLASSES[errors[place].class] ?? errors[place].class, 'word broken'),
    figure(`errors.${place}.count`, 'count', { css: 'bad' }),
    figure(`errors.${place}.first_ms`, 'clock'),
    figure(`errors.${place}.last_ms`, 'clock'),
  ]);
  fillTable(byId('errors'), rows);
  emptied(byId('errors'), rows.length);
  say(byId('errors-note'), rows.length === 0 ? 'No request has failed.' : '');
}

function kind({ kind, status }) {
  return kind === 'status' ? `HTTP ${status}` : (KINDS[kind] ?? format.words(kind));
}

function showSlo(run) {
  const series = run.slo ?? [];
  const rows = series.map((one, place) => [
    figure(`slo.${place}.broadcast`, 'text'),
    figure(`slo.${place}.transport`, 'text', { css: 'word' }),
    figure(`slo.${place}.source`, 'text', { css: 'word' }),
    ...PERCENTILES.map((of) => figure(`slo.${place}.${of}_ms`, 'millis')),
    figure(`slo.${place}.last_60s.p95_ms`, 'millis'),
    figure(`slo.${place}.last_300s.p95_ms`, 'millis'),
    figure(`slo.${place}.total_observed`, 'count'),
    { css: 'word', children: budgets(one, run.objectives ?? []) },
  ]);
  fillTable(byId('slo'), rows);
  emptied(byId('slo'), rows.length);
  say(byId('slo-note'), sloNote(run, rows.length));
}

function sloNote({ slo_refused: refused }, series) {
  if (refused?.series > 0) {
    return `${format.things(refused.series, 'series', 'series')} with ${format.things(refused.samples, 'sample', 'samples')} found no room.`;
  }
  return series > 0
    ? 'p50 to max are of the newest 1,024 samples.'
    : 'No sample yet: glass to glass is known where the source stamps its wall-clock time.';
}

/** How the objectives stand that are of a series. */
function budgets(series, objectives) {
  const own = objectives.filter(
    ({ metric, transport, source }) =>
      metric === 'glass_to_glass' &&
      (transport ?? spelling(series.transport)) === spelling(series.transport) &&
      (source ?? 'viewer') === series.source,
  );
  const chips = own.map(({ objective, state, budget_left: left }) => {
    const [css, word] = STATES[state] ?? STATES.unknown;
    const short = objective.replace(/^glass_to_glass\./, '').replace(/ for .*/, '');
    const rest = left === null ? '' : ` · ${format.percent(left)}`;
    return make('span', { class: `budget ${css}`, title: `${objective}: ${word}` }, [
      `${word.split(' ')[0]} ${short}${rest}`,
    ]);
  });
  return chips.length > 0 ? chips : [make('span', { class: 'unknown' }, ['none'])];
}

/** The one spelling of a transport that has several. */
function spelling(transport) {
  const name = transport.toLowerCase();
  return name === 'ws' ? 'websocket' : name;
}

function showObjectives(run) {
  const objectives = run.objectives ?? [];
  const rows = objectives.map(({ state, unit, abort }, place) => {
    const path = `objectives.${place}`;
    const [css, word] = STATES[state] ?? STATES.unknown;
    const shown = unit === 'ms' ? 'millis' : 'percent';
    return [
      figure(`${path}.objective`, 'text'),
      cell(abort ? `${word}, aborts` : word, `word ${css}`),
      figure(`${path}.figure`, shown),
      figure(`${path}.limit`, shown),
      figure(`${path}.budget_left`, 'percent'),
      figure(`${path}.burn_60s`, 'times'),
      figure(`${path}.burn_300s`, 'times'),
    ];
  });
  fillTable(byId('objectives'), rows);
  emptied(byId('objectives'), rows.length);
  const hint = 'None was given: --slo \'glass_to_glass.p95 < 3s\' or --slo default sets some.';
  const burn = 'Burn 1× spends the error budget exactly as it comes.';
  say(byId('objectives-note'), rows.length === 0 ? hint : burn);
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
  say(byId('origin-note'), origin ? '' : 'This origin keeps no count that could be compared.');
  showServing(run);
}

function more(difference) {
  return difference ? format.things(difference.requests, 'request', 'requests') : 'none';
}

/** The table of an origin's own face. */
function showServing(run) {
  const rows = (run.served ?? []).map((_, place) => [
    figure(`served.${place}.class`, 'words'),
    figure(`served.${place}.status`, 'text', { unknown: 'none sent' }),
    figure(`served.${place}.requests`, 'count'),
    figure(`served.${place}.bytes`, 'bytes'),
  ]);
  fillTable(byId('serving'), rows);
}

function showRoster(run, full) {
  const slowest = run.roster?.slowest ?? [];
  const listed = slowest.slice(0, full ? slowest.length : ROSTER_SHORT);
  const extra = { css: 'extra' };
  const rows = listed.map(({ state }, place) => {
    const path = `roster.slowest.${place}`;
    return [
      figure(`${path}.viewer`, 'text'),
      cell(format.words(state), `word in state-${state}`),
      figure(`${path}.drift_ms`, 'millis'),
      figure(`${path}.speed_permille`, 'permille'),
      figure(`${path}.stalls`, 'count'),
      figure(`${path}.restarts`, 'count', extra),
      figure(`${path}.live_latency_ms`, 'millis'),
      figure(`${path}.played_ms`, 'millis', extra),
      figure(`${path}.requests_ok`, 'count', extra),
      figure(`${path}.requests_failed`, 'count', { bad: true }),
      figure(`${path}.bytes`, 'bytes', extra),
    ];
  });
  fillTable(byId('roster'), rows);
  emptied(byId('roster'), rows.length);
  const button = byId('roster-more');
  button.hidden = slowest.length <= ROSTER_SHORT;
  button.setAttribute('aria-expanded', String(full));
  say(button, full ? `Show ${ROSTER_SHORT}` : `Show all ${slowest.length}`);
  if (run.roster) say(byId('pace'), pace(run.roster.pace));
}

function pace({ viewers, below_realtime: slow, high_drift: behind, ...sums }) {
  if (viewers === 0) return 'No viewer has a playhead yet.';
  const speed = format.permille(sums.speed_permille_sum / viewers);
  const drift = format.millis(sums.drift_ms_sum / viewers);
  return (
    `${format.things(viewers, 'viewer plays', 'viewers play')} at ${speed} on average; ` +
    `${format.count(slow)} slower than real time, ${format.count(behind)} more than 5 s behind; ` +
    `behind by ${drift} on average, ${format.millis(sums.drift_ms_max)} at most.`
  );
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

/** A table without rows is not shown, heads and all. */
function emptied(body, rows) {
  body.closest('.scroll').hidden = rows === 0;
}
