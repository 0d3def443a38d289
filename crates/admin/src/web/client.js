// The run's HTTP face, as this page uses it. Events are read with `fetch`, not `EventSource`,
// because the latter cannot send a token.

const SNAPSHOT = 'api/v1/snapshot';
const EVENTS = 'api/v1/events';
const VIEWERS = 'api/v1/viewers';
const STOP = 'api/v1/stop';
/** Where the token is kept until the tab is closed. */
const TOKEN_KEY = 'liveswarm.token';
/** A stream of one event a second that says nothing for this long is dead. */
const SILENCE_MS_MAX = 10_000;
/** The longest event, in characters. */
const EVENT_CHARS_MAX = 16 * 1024 * 1024;

/** The server wants a token, or another one. */
export class Unauthorized extends Error {}

/** The server answered, and not with what was asked for. */
export class Refused extends Error {}

/** Calls of the API, with the token that the reader gave. */
export class Api {
  #token = stored();

  get hasToken() {
    return this.#token !== null;
  }

  /** Takes a token for this and every later call of this tab. */
  use(token) {
    this.#token = token;
    try {
      sessionStorage.setItem(TOKEN_KEY, token);
    } catch {
      // Storage is off: the token lasts as long as the page.
    }
  }

  /** The run so far, with all rows of its timeline. */
  async snapshot() {
    return (await this.#call(SNAPSHOT)).json();
  }

  /** The run as it goes on: one document a second, each with only the newest row. */
  async *events() {
    const silence = new AbortController();
    let timer;
    const heard = () => {
      clearTimeout(timer);
      timer = setTimeout(() => silence.abort(), SILENCE_MS_MAX);
    };
    try {
      heard();
      const accept = { accept: 'text/event-stream' };
      const answer = await this.#call(EVENTS, { headers: accept, signal: silence.signal });
      const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
      yield* parsed(chunks(reader, heard));
    } finally {
      clearTimeout(timer);
      silence.abort();
    }
  }

  /** Wants another number of viewers. */
  async target(target) {
    await this.#post(VIEWERS, { target });
  }

  /** Stops the run. */
  async stop() {
    await this.#post(STOP, {});
  }

  async #post(path, body) {
    const headers = { 'content-type': 'application/json' };
    await this.#call(path, { method: 'POST', headers, body: JSON.stringify(body) });
  }

  async #call(path, { headers = {}, ...options } = {}) {
    const bearer = this.hasToken ? { authorization: `Bearer ${this.#token}` } : {};
    const answer = await fetch(path, {
      cache: 'no-store',
      headers: { ...headers, ...bearer },
      ...options,
    });
    if (answer.status === 401) throw new Unauthorized();
    if (!answer.ok) throw new Refused(await reason(answer));
    return answer;
  }
}

async function* chunks(reader, heard) {
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    heard();
    yield value;
  }
}

/** Server-sent events (WHATWG HTML, 9.2.6), each parsed as JSON; comments are keep-alives. */
export async function* parsed(texts) {
  let rest = '';
  for await (const text of texts) {
    const blocks = (rest + text).replaceAll('\r', '').split('\n\n');
    rest = blocks.pop();
    if (rest.length > EVENT_CHARS_MAX) throw new Refused('an event is too long');
    for (const block of blocks) {
      const data = block
        .split('\n')
        .filter((line) => line.startsWith('data:'))
        .map((line) => line.slice(5));
      if (data.length > 0) yield JSON.parse(data.join('\n'));
    }
  }
}

/** Why the server refused, in its own words where it has any. */
async function reason(answer) {
  const said = await answer.json().catch(() => null);
  return said?.error ? String(said.error) : `HTTP ${answer.status}`;
}

function stored() {
  try {
    return sessionStorage.getItem(TOKEN_KEY);
  } catch {
    return null;
  }
}
