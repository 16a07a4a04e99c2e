// The metric families of the tunnel server. Rule: names of tunnels and accounts are no labels, for clients choose them.
import type { MetricsRecorder } from './metrics-recorder.ts';

export interface TunnelFamilies {
  readonly clients: number;
  readonly sessions: number;
  readonly refused: number;
  readonly tunnels: number;
  readonly created: number;
  readonly reconnects: number;
  readonly streams: number;
  readonly toNodes: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
}

export function tunnelFamilies(recorder: MetricsRecorder): TunnelFamilies {
  const bytes = (direction: 'in' | 'out'): number =>
    recorder.counter('sluice_tunnel_bytes_total', 'Bytes of messages from clients of tunnels and to them.', {
      direction,
    });
  return {
    clients: recorder.gauge('sluice_tunnel_clients', 'Clients of tunnels that are connected now.'),
    sessions: recorder.counter('sluice_tunnel_sessions_total', 'Clients of tunnels that have connected, each time.'),
    refused: recorder.counter('sluice_tunnel_sessions_refused_total', 'Clients of tunnels without a valid token.'),
    tunnels: recorder.gauge('sluice_tunnels', 'Tunnels whose clients are connected now.'),
    created: recorder.counter(
      'sluice_tunnels_created_total',
      'Tunnels that clients have asked for and got, each time.',
    ),
    reconnects: recorder.counter(
      'sluice_tunnel_reconnects_total',
      'Tunnels whose client has come back, or was replaced by another one of its account.',
    ),
    streams: recorder.counter('sluice_tunnel_streams_total', 'Requests and WebSockets that went through tunnels.'),
    toNodes: recorder.counter(
      'sluice_tunnel_to_nodes_total',
      'Requests and visitors of tunnels whose client is connected to another node, sent there.',
    ),
    bytesIn: bytes('in'),
    bytesOut: bytes('out'),
  };
}
