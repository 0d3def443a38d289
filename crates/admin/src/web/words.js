// Words for what the document names, and signs for what colour says too.

/** Classes of requests, in the order of a viewer's first ones, with their names. */
export const CLASSES = {
  multivariant: 'multivariant playlist',
  playlist: 'media playlist',
  init: 'init segment',
  segment: 'segment',
  part: 'part',
  key: 'key',
  other: 'other',
};

/** Why a request failed. */
export const KINDS = {
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

/** Why the generator was the bottleneck. */
export const CAUSES = {
  lag: 'timers fire late',
  cpu: 'a worker has no CPU left',
  descriptors: 'no file descriptor was left',
  ports: 'no ephemeral port was left',
  memory: 'no memory was left',
};

/** How an objective stands: its looks, and the words with a sign. */
export const STATES = { met: ['good', '✓ met'], broken: ['bad', '✕ broken'], unknown: ['unknown', 'unknown'] };

/** A sign for each word of health, so that colour is not all there is. */
export const SIGNS = {
  healthy: ['good', '✓'],
  warming_up: ['calm', '…'],
  degraded: ['warn', '!'],
  failing: ['bad', '✕'],
  generator_bound: ['bad', '✕'],
  stopping: ['calm', '■'],
  over: ['calm', '■'],
};

/** What a count of bytes that the origin sent counts. */
export const SCOPES = {
  bodies: 'bodies of the stream',
  server: 'answers of the web server, with heads',
  host: 'all that left the machine, framing too',
};
