// Scales of charts: where the ticks are, and what they say.

/** The units of each kind of figure, smallest first: how many of the kind's own, and the name. */
const UNITS = {
  rate: [
    [1, 'B/s'],
    [1e3, 'kB/s'],
    [1e6, 'MB/s'],
    [1e9, 'GB/s'],
  ],
  millis: [
    [0.001, 'µs'],
    [1, 'ms'],
    [1000, 's'],
    [60_000, 'min'],
  ],
  percent: [[0.01, '%']],
  perSecond: [[1, '/s']],
  count: [[1, '']],
};
/** What an axis reaches to where everything is zero. */
const LEAST = { rate: 1000, millis: 1, percent: 0.01, perSecond: 1, count: 1 };
/** Steps of time that people read easily, in seconds. */
const TIME_STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 28_800];

/** An axis from 0 to at least `max`: `{ top, ticks: [{ value, label }] }`, all in one unit. */
export function upwards(kind, max, wanted) {
  const most = max > 0 ? max : LEAST[kind];
  const [factor, unit] = UNITS[kind].findLast(([size]) => size <= most) ?? UNITS[kind][0];
  const step = Math.max(nice(most / factor / wanted), kind === 'count' ? 1 : 0);
  const steps = Math.ceil(most / factor / step - 1e-9);
  const places = Math.max(0, -Math.floor(Math.log10(step)));
  const ticks = Array.from({ length: steps + 1 }, (_, index) => ({
    value: index * step * factor,
    label: `${grouped((index * step).toFixed(places))} ${unit}`.trim(),
  }));
  return { top: steps * step * factor, ticks };
}

/** Moments between `from` and `to` (milliseconds) to label, at most `wanted`. */
export function along(from, to, wanted) {
  const seconds = (to - from) / 1000;
  const step = 1000 * (TIME_STEPS.find((size) => seconds / size <= wanted) ?? days(seconds, wanted));
  const ticks = [];
  for (let at = Math.ceil(from / step) * step; at <= to; at += step) ticks.push(at);
  return ticks;
}

function days(seconds, wanted) {
  return Math.ceil(seconds / wanted / 86_400) * 86_400;
}

/** The least of 1, 2, 5, 10, 20, 50, … (or of tenths and so on) that is not below `step`. */
function nice(step) {
  const power = 10 ** Math.floor(Math.log10(step));
  return power * [1, 2, 5, 10].find((digit) => digit * power >= step * (1 - 1e-9));
}

function grouped(number) {
  const [whole, rest] = number.split('.');
  const apart = whole.replace(/\B(?=(\d{3})+$)/g, ',');
  return rest === undefined ? apart : `${apart}.${rest}`;
}
