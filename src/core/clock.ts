// Times as text: for Date headers, logs and the access log. Rule: no timer and no clock of its own; the caller says what
// time it is, and a text is made anew only when that has moved on.

const DAY_MS = 86_400_000;
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** IMF-fixdate, as HTTP wants it: `Fri, 20 Nov 2026 15:51:16 GMT`. */
export function formatHttpDate(ms: number): string {
  return new Date(ms).toUTCString();
}

/** RFC 3339 in UTC with milliseconds: `2026-11-20T15:51:16.123Z`. */
export function formatIsoTime(ms: number): string {
  return new Date(ms).toISOString();
}

/** The Common Log Format's time, in UTC: `20/Nov/2026:15:51:16 +0000`. */
export function formatClfTime(ms: number): string {
  const date = new Date(ms);
  const day = String(date.getUTCDate()).padStart(2, '0');
  const secondsOfDay = new Date(ms - Math.floor(ms / DAY_MS) * DAY_MS).toISOString().slice(11, 19);
  return `${day}/${MONTHS[date.getUTCMonth()] ?? ''}/${date.getUTCFullYear()}:${secondsOfDay} +0000`;
}

/** A text that changes once a second, for callers that ask many times a second. */
export class SecondCache {
  readonly #format: (ms: number) => string;
  #second = Number.NaN;
  #text = '';

  constructor(format: (ms: number) => string) {
    this.#format = format;
  }

  at(ms: number): string {
    const second = Math.floor(ms / 1000);
    if (second !== this.#second) {
      this.#second = second;
      this.#text = this.#format(second * 1000);
    }
    return this.#text;
  }
}

/** `formatIsoTime` for lines written in quick succession: only the milliseconds differ from one to the next. */
export class IsoTimeCache {
  readonly #seconds: SecondCache = new SecondCache((ms) => formatIsoTime(ms).slice(0, -4));

  at(ms: number): string {
    const whole = Math.floor(ms);
    const rest = whole - Math.floor(whole / 1000) * 1000;
    const digits = rest < 10 ? `00${rest}` : rest < 100 ? `0${rest}` : `${rest}`;
    return `${this.#seconds.at(whole)}${digits}Z`;
  }
}
