// Figures as people read them: three digits, a unit, and never zero for what is unknown. The rules
// are those of the text report, so that the page and the terminal show a figure alike.

/** What is unknown. */
export const UNKNOWN = 'n/a';

const BYTES = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'];
const RATES = ['B/s', 'kB/s', 'MB/s', 'GB/s', 'TB/s'];
const TIMES = ['µs', 'ms', 's'];
/** From here on a time is shown in minutes. */
const MINUTES_FROM_US = 59_950_000;
/** What lies just between two numbers of three digits has fewer places than this. */
const DIGITS_MAX = 40;

/** A whole number with its thousands apart. */
export function count(number) {
  return String(Math.round(number)).replace(/\B(?=(\d{3})+$)/g, ',');
}

/** `1 thing`, `3 things`. */
export function things(number, one, many) {
  return `${count(number)} ${number === 1 ? one : many}`;
}

/** Bytes, in powers of 1,000. */
export function bytes(number) {
  return number < 1000 ? `${number} B` : scaled(number, BYTES);
}

/** Bytes a second. */
export function rate(number) {
  return number === 0 ? '0 B/s' : scaled(number, RATES);
}

/** Milliseconds. */
export function millis(ms) {
  const us = Math.round(ms * 1000);
  if (us === 0) return '0 ms';
  return us < MINUTES_FROM_US ? scaled(us, TIMES) : minutes(Math.round(us / 1e6));
}

/** Seconds, as a length of time. */
export function length(seconds) {
  return millis(seconds * 1000);
}

/** Whole seconds: a moment of the run, or how much of it is left. */
export function seconds(number) {
  const whole = Math.floor(number);
  return whole < 60 ? `${whole} s` : minutes(whole);
}

/** A share of one as a percentage. What is short of all is not shown as all. */
export function percent(share) {
  const percent = share * 100;
  if (share === 0) return '0 %';
  if (share < 0) return `−${three(-percent)} %`;
  if (percent < 0.01) return '< 0.01 %';
  return percent < 100 ? `${three(Math.min(percent, 99.9))} %` : `${three(percent)} %`;
}

/** A difference in percent; what is less than half of its last decimal is none. */
export function signedPercent(percent) {
  if (Math.abs(percent) < 0.005) return '0.00 %';
  return `${percent < 0 ? '-' : '+'}${fixed(Math.abs(percent), 2)} %`;
}

/** Things a second. */
export function perSecond(number) {
  if (number === 0) return '0';
  if (number < 0.005) return '< 0.01';
  return number < 999.5 ? three(number) : count(number);
}

/** A factor, such as a speed of 1.00×. */
export function times(number) {
  return `${three(number)}×`;
}

/** A factor given in thousandths. */
export function permille(number) {
  return times(number / 1000);
}

/** A moment of the run as a clock shows it: `2:03`, `1:02:03`. */
export function clock(ms) {
  const whole = Math.round(ms / 1000);
  const padded = (number) => String(number).padStart(2, '0');
  const [h, m, s] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  return h > 0 ? `${h}:${padded(m)}:${padded(s)}` : `${m}:${padded(s)}`;
}

/** The time of day at a moment, where the reader is. */
export function timeOfDay(unixMs) {
  return new Date(unixMs).toLocaleTimeString([], { hour12: false });
}

/** A name from the document, in words. */
export function words(name) {
  return String(name).replaceAll('_', ' ');
}

/** A name from the document, as it is. */
export function text(name) {
  return String(name);
}

function minutes(seconds) {
  const padded = (number) => String(number).padStart(2, '0');
  return seconds < 3600
    ? `${Math.floor(seconds / 60)}m ${padded(seconds % 60)}s`
    : `${Math.floor(seconds / 3600)}h ${padded(Math.floor(seconds / 60) % 60)}m`;
}

/** Three digits in the first unit that keeps them below a thousand. */
function scaled(value, units) {
  let place = 0;
  while (value >= 999.5 && place + 1 < units.length) {
    value /= 1000;
    place += 1;
  }
  return `${three(value)} ${units[place]}`;
}

/** Three significant digits. */
function three(value) {
  return fixed(value, value >= 99.95 ? 0 : value >= 9.995 ? 1 : 2);
}

/** With this many places; what lies just between two goes to the even one, not up. */
function fixed(value, places) {
  const rounded = value.toFixed(places);
  const between = /^50*$/.test(value.toFixed(places + DIGITS_MAX).slice(-DIGITS_MAX));
  const odd = '13579'.includes(rounded.at(-1));
  return between && odd ? (value - 10 ** -places / 4).toFixed(places) : rounded;
}
