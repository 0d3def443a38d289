// What a reader can do: change the number of viewers, stop the run, give a token, choose the
// theme.

import { Unauthorized } from './client.js';
import { byId, say } from './dom.js';

/** How long the outcome of a command is said. */
const SAID_MS = 10_000;
/** Where the choice of theme is kept. */
const THEME_KEY = 'liveswarm.theme';

/** Lets the reader steer the run. `token` asks for a token; `run` gives the newest document. */
export class Controls {
  #api;
  #token;
  #quiet;

  constructor(api, token, run) {
    this.#api = api;
    this.#token = token;
    const form = byId('controls');
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      this.#target(byId('target').valueAsNumber);
    });
    for (const button of form.querySelectorAll('[data-change]')) {
      button.addEventListener('click', () => this.#target(changed(run(), button.dataset.change)));
    }
    byId('stop').addEventListener('click', () => byId('stop-dialog').showModal());
    byId('stop-dialog').addEventListener('close', ({ target: dialog }) => {
      if (dialog.returnValue === 'stop') this.#do('Stopping.', () => this.#api.stop());
      dialog.returnValue = '';
    });
  }

  /** Shows the target of a document, unless somebody is typing another. */
  show(run, { connected }) {
    const input = byId('target');
    const target = run.viewers?.target;
    if (target !== undefined && document.activeElement !== input) input.value = target;
    for (const control of byId('controls').elements) {
      control.disabled = !connected || Boolean(run.exit) || run.health?.word === 'stopping';
    }
  }

  #target(target) {
    if (!Number.isInteger(target) || target < 0) return;
    byId('target').value = target;
    byId('target').blur();
    this.#do(`${target} wanted.`, () => this.#api.target(target));
  }

  /** Asks the server for something, once more where it wants a token first. */
  async #do(done, ask) {
    try {
      await ask().catch(async (error) => {
        if (!(error instanceof Unauthorized)) throw error;
        await this.#token();
        await ask();
      });
      this.#say('', done);
    } catch (error) {
      const why = error instanceof Unauthorized ? 'the token is not accepted' : error.message;
      this.#say('bad', `Refused: ${why}`);
    }
  }

  #say(mood, text) {
    clearTimeout(this.#quiet);
    this.#quiet = setTimeout(() => say(byId('outcome'), ''), SAID_MS);
    byId('outcome').dataset.mood = mood;
    say(byId('outcome'), text);
  }
}

/** The target after a change by a share of it, and by one viewer at least. */
function changed(run, share) {
  const target = run?.viewers?.target ?? 0;
  const step = Math.max(1, Math.round(target * Math.abs(share)));
  return Math.max(0, target + Math.sign(share) * step);
}

/** Asks the reader for a token, and gives it to the API. One question at a time. */
export function tokenPrompt(api) {
  const dialog = byId('token-dialog');
  let asking = null;
  const ask = () =>
    new Promise((answered) => {
      const why = api.hasToken ? 'The token is not accepted.' : 'This run is watched with a token.';
      say(byId('token-why'), why);
      byId('token').value = '';
      dialog.addEventListener('close', () => answered(byId('token').value.trim()), { once: true });
      dialog.showModal();
    });
  return () =>
    (asking ??= ask().then((token) => {
      asking = null;
      byId('token').value = '';
      if (token) api.use(token);
    }));
}

/** The theme: what the system says until the reader chooses otherwise. */
export function startTheme() {
  const button = byId('theme');
  const system = matchMedia('(prefers-color-scheme: dark)');
  let chosen = stored();
  const show = () => {
    const dark = (chosen ?? (system.matches ? 'dark' : 'light')) === 'dark';
    document.documentElement.dataset.theme = dark ? 'dark' : 'light';
    button.setAttribute('aria-pressed', String(dark));
  };
  button.addEventListener('click', () => {
    chosen = document.documentElement.dataset.theme === 'dark' ? 'light' : 'dark';
    try {
      localStorage.setItem(THEME_KEY, chosen);
    } catch {
      // Storage is off: the choice lasts as long as the page.
    }
    show();
  });
  system.addEventListener('change', show);
  show();
}

function stored() {
  try {
    return localStorage.getItem(THEME_KEY);
  } catch {
    return null;
  }
}
