// The metric families of TLS that is not ended here. Rule: names that clients ask for are no labels.
import type { MetricsRecorder } from './metrics-recorder.ts';

export interface PassthroughFamilies {
  readonly open: number;
  readonly connections: (result: string) => number;
}

export function passthroughFamilies(recorder: MetricsRecorder): PassthroughFamilies {
  return {
    open: recorder.gauge('sluice_passthrough_connections_open', 'Connections whose TLS goes through as it is, now.'),
    connections: (result) =>
      recorder.counter(
        'sluice_passthrough_connections_total',
        'Connections whose TLS was to go through as it is, by what became of them.',
        { result },
      ),
  };
}
