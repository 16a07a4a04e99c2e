// A tunnel server that is off until a configuration turns it on.
import { TunnelDesk, type TunnelDeskOptions } from '../../src/runtime/tunnels/tunnel-desk.ts';
import { MetricsRecorder } from '../../src/telemetry/metrics-recorder.ts';

export function tunnelDesk(options: Partial<TunnelDeskOptions> = {}): TunnelDesk {
  return new TunnelDesk({ dataDir: '/nonexistent', recorder: new MetricsRecorder(), log: () => {}, ...options });
}
