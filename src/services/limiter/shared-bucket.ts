// One limit that holds for all nodes together. A thread borrows some tokens of a key and gives them away by itself, so that nobody waits while there
// are some. Rule: no more is given away unlent than one slice; limits of which a slice would be nothing are asked for each time.
import type { Loan, LoanWish } from '../../state/shared-state.ts';
import { type Lease, LeaseBook } from './lease-book.ts';
import type { LimitBucket, Verdict } from './limit-bucket.ts';
import type { Limit } from './limit-table.ts';

/** Of the whole, for one node. */
const SLICE_OF_BURST = 1 / 20;
/** And no more than comes in so long. */
const SLICE_MS = 100;
/** Fewer are not worth it. */
const LEAST_SLICE = 2;
/** What was borrowed and not given away is nobody's after so long. */
const HELD_MS = 1_000;

/** Who carries what several limits have to ask. */
export interface Lender {
  /** Nobody can be asked now. */
  readonly isAlone: boolean;
  readonly threads: number;
  now(): number;
  /** It has something to ask: at once, or soon. */
  wants(bucket: SharedBucket, lease: Lease, isUrgent: boolean): void;
  /** By what this node keeps for itself. */
  takeAlone(scope: string, key: string, limit: Limit): Verdict;
  placeOf(scope: string, key: string): string;
}

export function sliceOf({ intervalMs, burst }: Limit, threads: number): number {
  const slice = Math.floor(Math.min(burst * SLICE_OF_BURST, SLICE_MS / intervalMs) / threads);
  return slice < LEAST_SLICE ? 0 : slice;
}

export class SharedBucket implements LimitBucket {
  remaining = 0;
  resetMs = 0;
  retryAfterMs = 0;
  readonly limit: Limit;
  readonly #lender: Lender;
  readonly #scope: string;
  readonly #leases: LeaseBook;
  readonly #slice: number;
  readonly #low: number;

  constructor(lender: Lender, scope: string, limit: Limit, leases: LeaseBook = new LeaseBook()) {
    this.limit = limit;
    this.#lender = lender;
    this.#scope = scope;
    this.#leases = leases;
    this.#slice = sliceOf(limit, lender.threads);
    this.#low = this.#slice / 2;
  }

  take(key: string): boolean | null {
    const lender = this.#lender;
    if (lender.isAlone) return this.#tell(lender.takeAlone(this.#scope, key, this.limit));
    const now = lender.now();
    const lease = this.#leases.find(key);
    if (lease === undefined) return this.#slice === 0 ? null : this.#advance(this.#leases.open(key), now);
    if (lease.tokens >= 1 && now < lease.untilMs) return this.#give(lease, now);
    if (now < lease.closedUntilMs) return this.#refuse(lease, now);
    return this.#slice === 0 || lease.isScarce ? null : this.#advance(lease, now);
  }

  ask(key: string): Promise<Verdict> {
    const lease = this.#leases.open(key);
    const { promise, resolve } = Promise.withResolvers<Verdict>();
    lease.waiting.push(resolve);
    this.#lender.wants(this, lease, true);
    return promise;
  }

  left(key: string): number {
    const lease = this.#leases.find(key);
    if (lease === undefined) return this.limit.burst;
    return lease.fullAtMs <= this.#lender.now() ? this.limit.burst : lease.left + Math.max(0, lease.tokens);
  }

  /** What is asked for a key. What was spent is taken for charged from here on. */
  wishFor(lease: Lease): LoanWish {
    const { limit } = this;
    if (lease.untilMs <= this.#lender.now() && lease.tokens > 0) lease.tokens = 0;
    const spent = Math.max(0, -lease.tokens);
    lease.tokens = Math.max(0, lease.tokens);
    const need = Math.max(0, lease.waiting.length - lease.tokens);
    const more = Math.max(0, this.#slice - lease.tokens);
    if (lease.place === '') lease.place = this.#lender.placeOf(this.#scope, lease.key);
    return { bucket: lease.place, limit, spent, need, more };
  }

  /** `asked`: so many of those that wait have been asked for. */
  lent(lease: Lease, { granted, left, resetMs, retryAfterMs }: Loan, asked: number): void {
    const now = this.#lender.now();
    lease.tokens += granted;
    lease.untilMs = now + HELD_MS;
    lease.left = left;
    lease.fullAtMs = now + resetMs;
    lease.isScarce = left < this.#slice;
    lease.closedUntilMs = left === 0 ? now + retryAfterMs : 0;
    let served = 0;
    for (; served < lease.waiting.length && (lease.tokens >= 1 || served < asked); served += 1) {
      const isWithin = lease.tokens >= 1;
      if (isWithin) lease.tokens -= 1;
      const remaining = left + Math.max(0, lease.tokens);
      lease.waiting[served]?.({ isWithin, remaining, resetMs, retryAfterMs: isWithin ? 0 : Math.max(1, retryAfterMs) });
    }
    lease.waiting.splice(0, served);
  }

  /** Nobody has answered: whoever waits is judged by what this node keeps for itself. */
  notLent(lease: Lease): void {
    for (const resolve of lease.waiting.splice(0)) resolve(this.#lender.takeAlone(this.#scope, lease.key, this.limit));
  }

  #give(lease: Lease, now: number): true {
    lease.tokens -= 1;
    if (lease.tokens <= this.#low && !lease.isWanted) this.#lender.wants(this, lease, false);
    this.remaining = Math.max(0, lease.left + lease.tokens);
    this.resetMs = lease.fullAtMs > now ? lease.fullAtMs - now : this.limit.intervalMs;
    this.retryAfterMs = 0;
    return true;
  }

  /** Given away before it was lent: it is charged with the next question. */
  #advance(lease: Lease, now: number): true | null {
    if (lease.tokens > 0) lease.tokens = 0;
    if (lease.tokens <= -this.#slice) return null;
    if (lease.fullAtMs <= now) lease.left = this.limit.burst;
    return this.#give(lease, now);
  }

  #refuse(lease: Lease, now: number): false {
    this.remaining = 0;
    this.resetMs = Math.max(0, lease.fullAtMs - now);
    this.retryAfterMs = lease.closedUntilMs - now;
    return false;
  }

  #tell({ isWithin, remaining, resetMs, retryAfterMs }: Verdict): boolean {
    this.remaining = remaining;
    this.resetMs = resetMs;
    this.retryAfterMs = retryAfterMs;
    return isWithin;
  }
}
