// How a policy asks whether one more may come, whoever keeps the count. Types only. Rule: what can be told at once is told at once.
import type { Limit } from './limit-table.ts';

/** What became of one request. */
export interface Verdict {
  readonly isWithin: boolean;
  /** How many more may come at once. */
  readonly remaining: number;
  /** Until everything is paid for. */
  readonly resetMs: number;
  /** Until one more may come; 0 when it was let through. */
  readonly retryAfterMs: number;
}

/** One limit, with a count for each key. */
export interface LimitBucket {
  /** After `take`: as in a verdict. */
  readonly remaining: number;
  readonly resetMs: number;
  readonly retryAfterMs: number;
  /** Takes one request out of what the key may have. False: it is too much, and nothing was taken. null: others have to be asked, by `ask`. */
  take(key: string): boolean | null;
  /** Always answers, and within a bound. */
  ask(key: string): Promise<Verdict>;
  /** How many of the key may come at once, as far as it is known here. */
  left(key: string): number;
}

export interface Limiter {
  /** Keys of one scope do not meet those of another. */
  bucket(scope: string, limit: Limit): LimitBucket;
}
