// The dashboard: takes the run's documents as they come, and has them shown.
//
// It begins with a snapshot, which has the whole timeline, and goes on with events, each of which
// has one row more. After a break, and where rows are missing, it begins anew. What it shows is at
// `window.liveswarm`, for whoever has the console open.

import { Api, Unauthorized } from './client.js';
import { Charts } from './charts.js';
import { Controls, startTheme, tokenPrompt } from './controls.js';
import { byId, say } from './dom.js';
import * as format from './format.js';
import { History } from './history.js';
import { show } from './panels.js';
import { Rates } from './rates.js';

/** The pause before another attempt to connect: doubled each time, up to the most. */
const PAUSE_MS = { first: 500, most: 15_000 };
/** A reader's connection is called lost when nothing came for this long. */
const STALE_MS = 4000;
/** How often how old the figures are is said anew. */
const AGE_MS = 1000;
/** Snapshots for rows that are missing are fetched this far apart at least. */
const REFRESH_MS = 10_000;

const api = new Api();
const askToken = tokenPrompt(api);
const history = new History();
const rates = new Rates();
const charts = new Charts();
const view = {
  /** The document that is shown. */
  document: null,
  /** Its rates, by class. */
  rates: null,
  /** When it came, by the page's own clock. */
  at: null,
  /** Whether events come. */
  connected: false,
  /** Why they do not. */
  problem: null,
  /** When another attempt is made. */
  retryAt: null,
  /** Whether all listed viewers are shown. */
  full: false,
};
const controls = new Controls(api, askToken, () => view.document);
let refreshedAt = -Infinity;

/** A snapshot: the document with all rows. */
function begin(run) {
  refreshedAt = performance.now();
  if (run.started_ms !== view.document?.started_ms) rates.begin();
  history.begin(run.timeline ?? []);
  take(run);
}

/** An event: the document with its newest row. Whether nothing is missing before it. */
function take(run) {
  view.document = run;
  view.rates = rates.observe(run);
  view.at = performance.now();
  view.problem = null;
  document.body.classList.remove('waiting');
  render();
}

function render() {
  if (!view.document) return;
  show(view.document, view);
  controls.show(view.document, view);
  charts.show(history.rows);
  showConnection();
}

async function follow() {
  begin(await api.snapshot());
  for await (const run of api.events()) {
    view.connected = true;
    // The first event may have been put up before the snapshot was taken.
    if (older(run, view.document)) {
      render();
      continue;
    }
    const whole = (run.timeline ?? []).map((row) => history.add(row)).every(Boolean);
    take(run);
    const rested = performance.now() - refreshedAt > REFRESH_MS;
    if (!whole && rested) begin(await api.snapshot());
  }
}

/** Whether a document shows an earlier moment of the same run than another. */
function older(run, than) {
  return run.started_ms === than.started_ms && moment(run) < moment(than);
}

/** Milliseconds since the run, or the origin, began. */
function moment(run) {
  return run.at_ms === undefined ? run.duration_s * 1000 : run.at_ms - run.started_ms;
}

/** One connection after the other, for as long as there is a run to watch. */
async function watch() {
  let pause = PAUSE_MS.first;
  while (!view.document?.exit) {
    try {
      await follow();
      view.problem = 'the server ended the stream';
    } catch (error) {
      if (error instanceof Unauthorized) {
        await askToken();
        continue;
      }
      // What browsers say of a network that fails differs, and tells a person nothing.
      view.problem = error instanceof TypeError ? 'no answer' : error.message;
    }
    pause = view.connected ? PAUSE_MS.first : Math.min(pause * 2, PAUSE_MS.most);
    view.connected = false;
    view.retryAt = performance.now() + pause;
    render();
    showConnection();
    if (!view.document?.exit) await new Promise((rested) => setTimeout(rested, pause));
    view.retryAt = null;
  }
}

/** Whether figures are live; if not, how old they are. */
function showConnection() {
  const { document: run, at, connected, problem: why } = view;
  const age = at === null ? null : performance.now() - at;
  const over = Boolean(run?.exit);
  const stale = !over && run !== null && (!connected || age > STALE_MS) && age > AGE_MS;
  const failed = run === null && why !== null;
  const state = over ? 'over' : stale || failed ? 'lost' : run ? 'live' : 'connecting';
  const words = { over: 'over', lost: 'connection lost', live: 'live', connecting: 'connecting' };
  const connection = byId('connection');
  connection.dataset.state = state;
  say(connection, words[state]);
  document.body.classList.toggle('stale', stale);
  const lost = byId('lost');
  lost.hidden = state !== 'lost';
  if (state === 'lost') say(lost, lostWords(run, age, why));
}

function lostWords(run, age, why) {
  const reason = why ?? 'no event came';
  const wait = view.retryAt === null ? null : Math.ceil((view.retryAt - performance.now()) / 1000);
  const next = wait > 0 ? ` Trying again in ${wait} s.` : ' Trying again.';
  if (run === null) return `Not connected: ${reason}.${next}`;
  const old = format.seconds(age / 1000);
  const from = format.clock(moment(run));
  return `Connection lost: ${reason}. The figures are ${old} old, from ${from} after the start.${next}`;
}

startTheme();
byId('roster-more').addEventListener('click', () => {
  view.full = !view.full;
  render();
});
setInterval(showConnection, AGE_MS);
window.liveswarm = view;
watch();
