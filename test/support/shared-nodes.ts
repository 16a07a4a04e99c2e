// A node that is alone.
import { SharedNodes } from '../../src/runtime/nodes/shared-nodes.ts';
import { MetricsRecorder } from '../../src/telemetry/metrics-recorder.ts';

export function sharedNodes(): SharedNodes {
  const recorder = new MetricsRecorder();
  return new SharedNodes({ process: { state: 'embedded', data_dir: '/nowhere' }, recorder });
}
