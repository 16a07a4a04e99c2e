// The sessions of the forward proxy of one thread, as all nodes bind them. Rule: nothing is opened where this process is alone; the
// same serves every configuration, since another server takes a restart.
import type { LimitTable } from '../../services/limiter/limit-table.ts';
import { SharedBindings } from '../../services/sticky/shared-bindings.ts';
import { RedisConnection } from '../../state/redis-connection.ts';
import { RedisState } from '../../state/redis-state.ts';
import type { MetricsRecorder } from '../../telemetry/metrics-recorder.ts';
import { stateWatch } from './state-watch.ts';

interface BindingParts {
  /** By which its thread is known. */
  readonly limits: LimitTable;
  readonly recorder: MetricsRecorder;
}

const TIMEOUT_MS = 500;

const opened = new WeakMap<LimitTable, () => void>();

/** null: sessions are this process's own. */
export function sharedBindings({ limits, recorder }: BindingParts, url: string): SharedBindings | null {
  if (url === 'embedded') return null;
  const watch = stateWatch(recorder, 'sessions');
  const state = new RedisState({ connection: new RedisConnection({ url, timeoutMs: TIMEOUT_MS, watch }), url });
  const bindings = new SharedBindings({ state });
  opened.set(limits, () => {
    bindings.close();
    state.close();
  });
  return bindings;
}

/** Those of the thread with these counts. */
export function closeBindings(limits: LimitTable): void {
  opened.get(limits)?.();
  opened.delete(limits);
}
