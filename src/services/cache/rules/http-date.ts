// Dates of HTTP: IMF-fixdate and the two obsolete forms (RFC 9110, 5.6.7). Rule: what is written otherwise is no date, however plain its
// meaning; a cache takes a date that is none for the past. Case is overlooked, since nothing else can be meant.

const DAYS = 'mon|tue|wed|thu|fri|sat|sun';
const LONG_DAYS = 'monday|tuesday|wednesday|thursday|friday|saturday|sunday';
const MONTHS = 'jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec';
const TIME = '(\\d\\d):(\\d\\d):(\\d\\d)';
const IMF = new RegExp(`^(?:${DAYS}), (\\d\\d) (${MONTHS}) (\\d{4}) ${TIME} gmt$`, 'i');
const RFC_850 = new RegExp(`^(?:${LONG_DAYS}), (\\d\\d)-(${MONTHS})-(\\d\\d) ${TIME} gmt$`, 'i');
const ASCTIME = new RegExp(`^(?:${DAYS}) (${MONTHS}) (\\d\\d| \\d) ${TIME} (\\d{4})$`, 'i');
const FIFTY_YEARS = 50;

/** All answers of a second have the same date. */
let lastText = '';
let lastMs: number | null = null;

/** Milliseconds, or null. `nowMs` tells the century of years with two digits. */
export function parseHttpDate(text: string, nowMs: number): number | null {
  if (text === lastText) return lastMs;
  const imf = parseImf(text);
  if (imf === null) return parseRfc850(text, nowMs) ?? parseAsctime(text);
  lastText = text;
  lastMs = imf;
  return imf;
}

function parseImf(text: string): number | null {
  const match = IMF.exec(text);
  if (match === null) return null;
  const [, day = '', month = '', year = '', ...time] = match;
  return timeOf(Number(year), month, Number(day), time);
}

function parseRfc850(text: string, nowMs: number): number | null {
  const match = RFC_850.exec(text);
  if (match === null) return null;
  const [, day = '', month = '', year = '', ...time] = match;
  return timeOf(centuryOf(Number(year), nowMs), month, Number(day), time);
}

function parseAsctime(text: string): number | null {
  const match = ASCTIME.exec(text);
  if (match === null) return null;
  const [, month = '', day = '', hours = '', minutes = '', seconds = '', year = ''] = match;
  return timeOf(Number(year), month, Number(day), [hours, minutes, seconds]);
}

/** A year that seems to be more than fifty years ahead is the one in the past. */
function centuryOf(twoDigits: number, nowMs: number): number {
  const thisYear = new Date(nowMs).getUTCFullYear();
  const year = thisYear - (thisYear % 100) + twoDigits;
  return year > thisYear + FIFTY_YEARS ? year - 100 : year;
}

function timeOf(year: number, month: string, day: number, time: readonly string[]): number | null {
  const [hours = 0, minutes = 0, seconds = 0] = time.map(Number);
  const monthIndex = MONTHS.split('|').indexOf(month.toLowerCase());
  // A leap second is a second.
  if (hours > 23 || minutes > 59 || seconds > 60) return null;
  const date = new Date(0);
  date.setUTCFullYear(year, monthIndex, day);
  if (date.getUTCDate() !== day || day === 0) return null;
  return date.setUTCHours(hours, minutes, Math.min(seconds, 59));
}
