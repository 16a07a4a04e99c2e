// Limits that one process keeps for itself. Rule: nothing waits.
import type { LimitBucket, Limiter, Verdict } from './limit-bucket.ts';
import type { Limit, LimitTable } from './limit-table.ts';

export class TableLimiter implements Limiter {
  readonly #table: LimitTable;

  constructor(table: LimitTable) {
    this.#table = table;
  }

  bucket(scope: string, limit: Limit): LimitBucket {
    return new TableBucket(this.#table, scope, limit);
  }
}

class TableBucket implements LimitBucket {
  remaining = 0;
  resetMs = 0;
  retryAfterMs = 0;
  readonly #table: LimitTable;
  readonly #scope: number;
  readonly #limit: Limit;

  constructor(table: LimitTable, scope: string, limit: Limit) {
    this.#table = table;
    this.#scope = table.scope(scope);
    this.#limit = limit;
  }

  take(key: string): boolean {
    const isWithin = this.#table.take(this.#scope, key, this.#limit);
    this.remaining = this.#table.remaining;
    this.resetMs = this.#table.resetMs;
    this.retryAfterMs = this.#table.retryAfterMs;
    return isWithin;
  }

  ask(key: string): Promise<Verdict> {
    const isWithin = this.take(key);
    const { remaining, resetMs, retryAfterMs } = this;
    return Promise.resolve({ isWithin, remaining, resetMs, retryAfterMs });
  }

  left(key: string): number {
    return this.#table.left(this.#scope, key, this.#limit);
  }
}
