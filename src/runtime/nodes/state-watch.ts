// Counts what is asked of the state that nodes share. Rule: that a use does without it is seen from what was asked last.
import type { ConnectionWatch } from '../../state/redis-connection.ts';
import type { MetricsRecorder } from '../../telemetry/metrics-recorder.ts';
import { stateFamilies, type StateUse } from '../../telemetry/state-families.ts';

export interface StateWatch extends ConnectionWatch {
  degraded(isDegraded: boolean): void;
}

/** `seesAll`: the use says by itself when it does without. */
export function stateWatch(recorder: MetricsRecorder, use: StateUse, seesAll = false): StateWatch {
  const { slots } = recorder;
  const families = stateFamilies(recorder, use);
  const degraded = (isDegraded: boolean): void => void (slots[families.degraded] = isDegraded ? 1 : 0);
  return {
    degraded,
    ended(durationMs, isGood) {
      slots[families.operations] = (slots[families.operations] ?? 0) + 1;
      if (!isGood) slots[families.errors] = (slots[families.errors] ?? 0) + 1;
      recorder.observe(families.duration, durationMs / 1000);
      if (!seesAll) degraded(!isGood);
    },
  };
}
