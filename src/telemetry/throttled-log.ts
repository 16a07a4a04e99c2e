// A log for what may happen a thousand times a second: a broken backend, a client that keeps failing. Rule: the first is
// written at once, the same again is counted and told once per period.

import type { LogFields } from './application-log.ts';

const PERIOD_MS = 10_000;
/** Kinds of messages that are told apart; beyond that they share one. */
const MAX_KINDS = 256;
const OVERFLOW = 'more';

type ThrottledLevel = 'info' | 'warn' | 'error';

export interface Occurrence {
  /** What makes two occurrences the same: an error code and the upstream or door that it concerns. */
  readonly key: string;
  readonly fields: LogFields;
  readonly message: string;
}

/** Where the lines go. */
export type ThrottledTo = Readonly<Record<ThrottledLevel, (fields: LogFields, message: string) => void>>;

interface Repeated {
  readonly level: ThrottledLevel;
  /** Occurrences in this period that were not written. */
  count: number;
  last: Occurrence;
}

export class ThrottledLog {
  readonly #logger: ThrottledTo;
  readonly #kinds = new Map<string, Repeated>();
  #timer: NodeJS.Timeout | null = null;

  constructor(logger: ThrottledTo) {
    this.#logger = logger;
  }

  info(occurrence: Occurrence): void {
    this.#log('info', occurrence);
  }

  warn(occurrence: Occurrence): void {
    this.#log('warn', occurrence);
  }

  error(occurrence: Occurrence): void {
    this.#log('error', occurrence);
  }

  /** Tells what has been counted and stops. */
  close(): void {
    this.#tell();
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
    this.#kinds.clear();
  }

  #log(level: ThrottledLevel, occurrence: Occurrence): void {
    const own = `${level} ${occurrence.key}`;
    const key = this.#kinds.has(own) || this.#kinds.size < MAX_KINDS ? own : OVERFLOW;
    const known = this.#kinds.get(key);
    if (known === undefined) {
      this.#kinds.set(key, { level, count: 0, last: occurrence });
      this.#timer ??= setInterval(() => this.#tell(), PERIOD_MS).unref();
      this.#logger[level](occurrence.fields, occurrence.message);
    } else {
      known.count += 1;
      known.last = occurrence;
    }
  }

  /** A kind that did not come back in a whole period is forgotten: its next one is a first one again. */
  #tell(): void {
    for (const [key, kind] of this.#kinds) {
      if (kind.count === 0) {
        this.#kinds.delete(key);
        continue;
      }
      this.#logger[kind.level]({ ...kind.last.fields, repeated: kind.count }, kind.last.message);
      kind.count = 0;
    }
    if (this.#kinds.size === 0 && this.#timer !== null) {
      clearInterval(this.#timer);
      this.#timer = null;
    }
  }
}
