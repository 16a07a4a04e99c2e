// What is asked of the state that nodes share, by what it is asked for, and the slots in which a thread records it. Rule: the uses are few and known.
import type { MetricsRecorder } from './metrics-recorder.ts';

export type StateUse = 'cache' | 'limits' | 'nodes' | 'purges' | 'sessions' | 'usage';

export interface StateFamilies {
  readonly operations: number;
  readonly errors: number;
  /** A histogram, in seconds. */
  readonly duration: number;
  readonly degraded: number;
}

export const DEGRADED = 'sluice_state_degraded';

const BUCKETS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1];

export function stateFamilies(recorder: MetricsRecorder, use: StateUse): StateFamilies {
  return {
    operations: recorder.counter('sluice_state_operations_total', 'What Redis was asked, by what for.', { use }),
    errors: recorder.counter('sluice_state_errors_total', 'What Redis did not answer in time, or refused.', { use }),
    duration: recorder.histogram(
      'sluice_state_operation_seconds',
      'Time until Redis has answered, or was given up.',
      BUCKETS,
      { use },
    ),
    degraded: recorder.gauge(DEGRADED, 'How many threads do without Redis for now, by what for.', { use }),
  };
}
