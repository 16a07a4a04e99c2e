// The attempts of one exchange on origins: how many, on which, how they ended. Rule: every attempt that begins ends once,
// answered or failed, and whoever chose its origin hears of it.
import type { Origin, Target } from '../contract/target.ts';
import type { ErrorCode } from '../core/errors.ts';
import type { Pool } from './pool.ts';
import type { Traffic } from './traffic.ts';

export class Attempts {
  count = 0;
  /** Of the last attempt; -1 while there is none that has ended. */
  durationMs = -1;
  private readonly traffic: Traffic;
  private pool: Pool | null = null;
  private target: Target | null = null;
  private startedAtMs = 0;

  constructor(traffic: Traffic) {
    this.traffic = traffic;
  }

  reset(): void {
    this.count = 0;
    this.durationMs = -1;
    this.pool = null;
    this.target = null;
  }

  /** The origin that is asked or has answered. */
  get origin(): Origin | null {
    return this.pool === null ? null : this.pool.origin;
  }

  begin(pool: Pool, target: Target): void {
    this.count++;
    this.pool = pool;
    this.target = target;
    this.startedAtMs = performance.now();
  }

  answered(status: number): void {
    this.report(false, status);
    const { pool } = this;
    if (pool !== null) this.traffic.add(pool.metrics.requests[(status / 100) | 0]!, 1);
  }

  failed(code: ErrorCode): void {
    this.report(true, 0);
    const { pool } = this;
    if (pool !== null) this.traffic.add(pool.metrics.errors(code), 1);
  }

  /** It failed, and the request goes out again. */
  retried(code: ErrorCode): void {
    this.failed(code);
    const { pool } = this;
    if (pool !== null) this.traffic.add(pool.metrics.retries(code), 1);
  }

  private report(failed: boolean, status: number): void {
    const { pool, target } = this;
    this.durationMs = performance.now() - this.startedAtMs;
    if (pool === null || target?.kind !== 'forward' || target.report === undefined) return;
    target.report({ origin: pool.origin, failed, status, durationMs: this.durationMs });
  }
}
