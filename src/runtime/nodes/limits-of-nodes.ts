// The limits of one thread: for this process alone, or for all nodes that share a Redis. Rule: nothing is opened before a limit is configured, and
// the same limiter serves every configuration, since another server takes a restart.
import type { Limiter } from '../../services/limiter/limit-bucket.ts';
import type { LimitTable } from '../../services/limiter/limit-table.ts';
import type { RunningTable } from '../../services/limiter/running-table.ts';
import { SharedLimiter } from '../../services/limiter/shared-limiter.ts';
import { type RunningLimiter, SharedRunning } from '../../services/limiter/shared-running.ts';
import { TableLimiter } from '../../services/limiter/table-limiter.ts';
import { RedisConnection } from '../../state/redis-connection.ts';
import { RedisState } from '../../state/redis-state.ts';
import type { MetricsRecorder } from '../../telemetry/metrics-recorder.ts';
import { stateWatch } from './state-watch.ts';

export interface RunningParts extends LimiterParts {
  readonly running: RunningTable;
}

export interface LimiterParts {
  readonly limits: LimitTable;
  readonly threads: number;
  readonly recorder: MetricsRecorder;
}

/** What a request may wait for it. */
const TIMEOUT_MS = 50;

interface Opened {
  readonly state: RedisState;
  readonly limiter: SharedLimiter;
  /** Made when something is to be counted. */
  running: SharedRunning | null;
}

const opened = new WeakMap<LimitTable, Opened>();

export function limiterOf(parts: LimiterParts, state: string): Limiter {
  if (state === 'embedded') return new TableLimiter(parts.limits);
  return { bucket: (scope, limit) => sharedBy(parts, state).limiter.bucket(scope, limit) };
}

/** What counts what runs at once. */
export function runningOf(parts: RunningParts, state: string): RunningLimiter {
  if (state === 'embedded') return parts.running;
  // What ends after the thread opens nothing again.
  let made: SharedRunning | null = null;
  const shared = (): SharedRunning => (made ??= openRunning(parts, state));
  return {
    scope: (name) => shared().scope(name),
    enter: (scope, key, most) => shared().enter(scope, key, most),
    ask: (scope, key, most) => shared().ask(scope, key, most),
    leave: (place) => shared().leave(place),
  };
}

function openRunning(parts: RunningParts, url: string): SharedRunning {
  const known = sharedBy(parts, url);
  known.running ??= new SharedRunning({ state: known.state, table: parts.running, threads: parts.threads });
  return known.running;
}

/** That of the thread with these counts. */
export function closeLimiter(limits: LimitTable): void {
  const known = opened.get(limits);
  opened.delete(limits);
  known?.limiter.close();
  known?.running?.close();
  known?.state.close();
}

function sharedBy({ limits, threads, recorder }: LimiterParts, url: string): Opened {
  const known = opened.get(limits);
  if (known !== undefined) return known;
  const watch = stateWatch(recorder, 'limits', true);
  const state = new RedisState({ connection: new RedisConnection({ url, timeoutMs: TIMEOUT_MS, watch }), url });
  const limiter = new SharedLimiter({ state, table: limits, threads, onAlone: (isAlone) => watch.degraded(isAlone) });
  const shared = { state, limiter, running: null };
  opened.set(limits, shared);
  return shared;
}
