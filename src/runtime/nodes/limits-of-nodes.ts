// The limits of one thread: for this process alone, or for all nodes that share a Redis. Rule: nothing is opened before a limit is configured, and
// the same limiter serves every configuration, since another server takes a restart.
import type { Limiter } from '../../services/limiter/limit-bucket.ts';
import type { LimitTable } from '../../services/limiter/limit-table.ts';
import { SharedLimiter } from '../../services/limiter/shared-limiter.ts';
import { TableLimiter } from '../../services/limiter/table-limiter.ts';
import { RedisConnection } from '../../state/redis-connection.ts';
import { RedisState } from '../../state/redis-state.ts';
import type { MetricsRecorder } from '../../telemetry/metrics-recorder.ts';
import { stateWatch } from './state-watch.ts';

export interface LimiterParts {
  readonly limits: LimitTable;
  readonly threads: number;
  readonly recorder: MetricsRecorder;
}

/** What a request may wait for it. */
const TIMEOUT_MS = 50;

interface Opened {
  readonly limiter: SharedLimiter;
  readonly close: () => void;
}

const opened = new WeakMap<LimitTable, Opened>();

export function limiterOf(parts: LimiterParts, state: string): Limiter {
  if (state === 'embedded') return new TableLimiter(parts.limits);
  return { bucket: (scope, limit) => sharedLimiter(parts, state).bucket(scope, limit) };
}

/** That of the thread with these counts. */
export function closeLimiter(limits: LimitTable): void {
  opened.get(limits)?.close();
  opened.delete(limits);
}

function sharedLimiter({ limits, threads, recorder }: LimiterParts, url: string): SharedLimiter {
  const known = opened.get(limits);
  if (known !== undefined) return known.limiter;
  const watch = stateWatch(recorder, 'limits', true);
  const state = new RedisState({ connection: new RedisConnection({ url, timeoutMs: TIMEOUT_MS, watch }), url });
  const limiter = new SharedLimiter({ state, table: limits, threads, onAlone: (isAlone) => watch.degraded(isAlone) });
  const close = (): void => {
    limiter.close();
    state.close();
  };
  opened.set(limits, { limiter, close });
  return limiter;
}
