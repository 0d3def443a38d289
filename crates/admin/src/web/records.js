// The panels that list things: groups, errors, latency series, objectives, what an origin served, viewers.

import { byId, make, say } from './dom.js';
import { cell, emptied, figure, fillTable } from './figure.js';
import * as format from './format.js';
import { CLASSES, KINDS, STATES } from './words.js';

/** Viewers that are listed before more are asked for. */
const ROSTER_SHORT = 10;
/** Kinds of errors, and series, that are listed; there may be many more than anybody reads. */
const LISTED_MAX = 100;
/** What is shown of a series' newest samples. */
const PERCENTILES = ['p50', 'p95', 'p99', 'max'];

/** The groups of a scenario, one by one, in the order of its file. */
export function showGroups(run) {
  const groups = run.groups ?? [];
  const rows = groups.map((group, place) => {
    const path = `groups.${place}`;
    const failed = Object.values(group.requests).reduce((sum, of) => sum + of.failed, 0);
    return [
      figure(`${path}.name`, 'text'),
      cell(format.count(active(group.viewers.states))),
      figure(`${path}.viewers.target`, 'count'),
      cell(format.count(failed), failed > 0 ? 'bad' : ''),
      figure(`${path}.playback.stalls`, 'count'),
      figure(`${path}.playback.rebuffer_ratio`, 'percent'),
      figure(`${path}.latency_ms.startup.p95`, 'millis'),
      figure(`${path}.latency_ms.segment_download.p95`, 'millis'),
    ];
  });
  fillTable(byId('groups'), rows);
}

/** Viewers that take part, of counts by state. */
function active({ starting = 0, playing = 0, stalled = 0, backing_off: waiting = 0 }) {
  return starting + playing + stalled + waiting;
}

export function showErrors(run) {
  const errors = run.errors ?? [];
  // The most frequent first, each with its place in the document.
  const places = errors.map((_, place) => place);
  places.sort((a, b) => errors[b].count - errors[a].count);
  const rows = places.slice(0, LISTED_MAX).map((place) => [
    cell(kind(errors[place])),
    cell(CLASSES[errors[place].class] ?? errors[place].class, 'word broken'),
    figure(`errors.${place}.count`, 'count', { css: 'bad' }),
    figure(`errors.${place}.first_ms`, 'clock'),
    figure(`errors.${place}.last_ms`, 'clock'),
  ]);
  fillTable(byId('errors'), rows);
  emptied(byId('errors'), rows.length);
  say(byId('errors-note'), rows.length === 0 ? 'No request has failed.' : listed(errors));
}

function listed(all) {
  if (all.length <= LISTED_MAX) return '';
  return `${format.count(LISTED_MAX)} of ${format.count(all.length)} are listed.`;
}

function kind({ kind, status }) {
  return kind === 'status' ? `HTTP ${status}` : (KINDS[kind] ?? format.words(kind));
}

export function showSlo(run) {
  const series = run.slo ?? [];
  const rows = series.slice(0, LISTED_MAX).map((one, place) => [
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
  say(byId('slo-note'), `${sloNote(run, rows.length)} ${listed(series)}`.trim());
}

function sloNote({ slo_refused: refused }, series) {
  if (refused?.series > 0) {
    const samples = format.things(refused.samples, 'sample', 'samples');
    return `${format.count(refused.series)} series with ${samples} found no room.`;
  }
  return series > 0
    ? 'p50 to max are of the newest 1,024 samples.'
    : 'No sample yet: glass to glass is known where the source stamps its wall-clock time.';
}

/** How the objectives stand that are of a series. */
function budgets(series, objectives) {
  const own = objectives.filter(
    ({ metric, group, transport, source }) =>
      metric === 'glass_to_glass' &&
      // A group's series has its name, unless it was given another.
      (group ?? series.broadcast) === series.broadcast &&
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

export function showObjectives(run) {
  const objectives = run.objectives ?? [];
  const rows = objectives.map(({ objective, group, state, unit, abort }, place) => {
    const path = `objectives.${place}`;
    const [css, word] = STATES[state] ?? STATES.unknown;
    const shown = unit === 'ms' ? 'millis' : 'percent';
    return [
      group === undefined ? figure(`${path}.objective`, 'text') : cell(`${group}: ${objective}`),
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

/** The table of an origin's own face. */
export function showServing(run) {
  const rows = (run.served ?? []).map((_, place) => [
    figure(`served.${place}.class`, 'words'),
    figure(`served.${place}.status`, 'text', { unknown: 'none sent' }),
    figure(`served.${place}.requests`, 'count'),
    figure(`served.${place}.bytes`, 'bytes'),
  ]);
  fillTable(byId('serving'), rows);
}

export function showRoster(run, full) {
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
