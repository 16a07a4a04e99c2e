// What runs programs, for tests in which nobody counts them.
import { ProcessDesk } from '../../src/runtime/processes/process-desk.ts';
import { MetricsRecorder } from '../../src/telemetry/metrics-recorder.ts';

export function processDesk(recorder: MetricsRecorder = new MetricsRecorder()): ProcessDesk {
  return new ProcessDesk({ dataDir: null, recorder, log: () => {} });
}
