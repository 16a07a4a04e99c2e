// Counts what is asked of the state that nodes share. Rule: a use does without it while there is no connection, and after what it asked last has failed, as
// long as that is not long ago.
import type { ConnectionWatch } from '../../state/redis-connection.ts';
import type { MetricsRecorder } from '../../telemetry/metrics-recorder.ts';
import { stateFamilies, type StateUse } from '../../telemetry/state-families.ts';

export interface StateWatch extends ConnectionWatch {
  degraded(isDegraded: boolean): void;
}

/** A failure that nobody has asked after since says nothing any more. */
const FORGOTTEN_MS = 10_000;

/** `tellsItself`: the use says by itself when it does without. */
export function stateWatch(recorder: MetricsRecorder, use: StateUse, tellsItself = false): StateWatch {
  const { slots } = recorder;
  const families = stateFamilies(recorder, use);
  const degraded = (isDegraded: boolean): void => void (slots[families.degraded] = isDegraded ? 1 : 0);
  let forgetting: NodeJS.Timeout | null = null;
  const told = (isGood: boolean): void => {
    degraded(!isGood);
    if (forgetting !== null) clearTimeout(forgetting);
    forgetting = null;
  };
  return {
    degraded,
    turned(isUp) {
      if (!tellsItself) told(isUp);
    },
    ended(durationMs, isGood) {
      slots[families.operations] = (slots[families.operations] ?? 0) + 1;
      if (!isGood) slots[families.errors] = (slots[families.errors] ?? 0) + 1;
      recorder.observe(families.duration, durationMs / 1000);
      if (tellsItself) return;
      told(isGood);
      if (!isGood) forgetting = setTimeout(() => degraded(false), FORGOTTEN_MS).unref();
    },
  };
}
