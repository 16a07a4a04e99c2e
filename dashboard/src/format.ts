// Numbers and times for people. Rule: three figures are enough for anybody, and a unit always stands beside them.

const KIBI = 1024;
const BYTE_UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
const SECOND_MS = 1000;
const MINUTE_S = 60;
const HOUR_S = 3600;
const DAY_S = 86_400;
const counts = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });
const short = new Intl.NumberFormat('en', { notation: 'compact', maximumSignificantDigits: 3 });
const clock = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit' });
const dates = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'medium' });

export function formatCount(count: number): string {
  return count < 100_000 ? counts.format(count) : short.format(count);
}

export function formatRate(perSecond: number): string {
  if (perSecond === 0) return '0';
  return perSecond < 10 ? perSecond.toFixed(perSecond < 1 ? 2 : 1) : formatCount(perSecond);
}

export function formatBytes(bytes: number): string {
  let value = bytes;
  let unit = 0;
  for (; value >= KIBI && unit < BYTE_UNITS.length - 1; unit += 1) value /= KIBI;
  return `${figures(value)} ${BYTE_UNITS[unit] ?? ''}`;
}

export function formatMs(ms: number | null): string {
  if (ms === null) return '–';
  if (ms >= MINUTE_S * SECOND_MS) return formatSeconds(ms / SECOND_MS);
  return ms >= SECOND_MS ? `${figures(ms / SECOND_MS)} s` : `${figures(ms)} ms`;
}

/** Two units, the larger one first. */
export function formatSeconds(seconds: number): string {
  const whole = Math.floor(seconds);
  if (whole < MINUTE_S) return `${whole} s`;
  if (whole < HOUR_S) return `${Math.floor(whole / MINUTE_S)} min ${whole % MINUTE_S} s`;
  if (whole < DAY_S) return `${Math.floor(whole / HOUR_S)} h ${Math.floor((whole % HOUR_S) / MINUTE_S)} min`;
  return `${Math.floor(whole / DAY_S)} d ${Math.floor((whole % DAY_S) / HOUR_S)} h`;
}

export function formatPercent(ratio: number): string {
  return `${figures(ratio * 100)} %`;
}

/** Of money: small sums need the digits that large ones do not. */
export function formatCost(cost: number): string {
  if (cost === 0) return '0';
  return cost < 0.01 ? cost.toPrecision(2) : cost < 1000 ? cost.toFixed(2) : formatCount(cost);
}

/** The time of day here. */
export function formatClock(iso: string): string {
  return clock.format(new Date(iso));
}

export function formatDate(iso: string): string {
  return dates.format(new Date(iso));
}

/** `3 min 2 s ago`, `in 2 h 0 min`. */
export function formatFromNow(iso: string, nowMs: number = Date.now()): string {
  const seconds = (new Date(iso).getTime() - nowMs) / SECOND_MS;
  return seconds > 0 ? `in ${formatSeconds(seconds)}` : `${formatSeconds(-seconds)} ago`;
}

function figures(value: number): string {
  if (value >= 100 || Number.isInteger(value)) return String(Math.round(value));
  return value >= 10 ? value.toFixed(1) : value.toFixed(value < 1 ? 2 : 1);
}
