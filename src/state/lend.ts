// What a bucket lends. A bucket is one number, the time at which everything that was taken from it will be paid for (GCRA). Rule: the script for Redis
// (redis-scripts.ts) reckons in the same way.
import type { Loan, LoanWish } from './shared-state.ts';

/** Sums of intervals have last digits that are not exact. */
const PRECISION = 0.001;

export interface Lent {
  readonly loan: Loan;
  readonly paidAtMs: number;
}

export function lend({ limit, spent, need, more }: LoanWish, paidAtMs: number, nowMs: number): Lent {
  const { intervalMs, burst } = limit;
  const allMs = intervalMs * burst;
  // Of a limit that was stricter before nothing is owed any more; what was spent beyond it is.
  const known = Math.max(paidAtMs, nowMs);
  const before = (known > nowMs + 2 * allMs ? nowMs + allMs : known) + spent * intervalMs;
  const left = leftOf(before);
  const needed = Math.min(need, left);
  const granted = needed + Math.min(more, Math.floor((left - needed) / 2));
  const after = before + granted * intervalMs;
  const rest = leftOf(after);
  const retryAfterMs = rest > 0 ? 0 : after + intervalMs - nowMs - allMs;
  return { loan: { granted, left: rest, resetMs: after - nowMs, retryAfterMs }, paidAtMs: after };

  function leftOf(paid: number): number {
    return Math.max(0, Math.floor((nowMs + allMs - paid) / intervalMs + PRECISION));
  }
}
