// The metric families of TCP tunnels. Rule: ports and accounts are no labels, for clients choose them.
import type { MetricsRecorder } from './metrics-recorder.ts';

export interface TcpTunnelFamilies {
  readonly tunnels: number;
  readonly open: number;
  readonly nodePorts: (state: 'open' | 'unavailable') => number;
  readonly connections: (result: string) => number;
  readonly bytesIn: number;
  readonly bytesOut: number;
}

export function tcpTunnelFamilies(recorder: MetricsRecorder): TcpTunnelFamilies {
  const bytes = (direction: 'in' | 'out'): number =>
    recorder.counter('sluice_tunnel_tcp_bytes_total', 'Bytes from visitors of TCP tunnels and to them.', { direction });
  return {
    tunnels: recorder.gauge('sluice_tunnel_tcp_ports', 'Ports of TCP tunnels that are open now.'),
    open: recorder.gauge('sluice_tunnel_tcp_connections_open', 'Visitors of TCP tunnels who are connected now.'),
    nodePorts: (state) =>
      recorder.gauge(
        'sluice_tunnel_tcp_node_ports',
        'Ports of TCP tunnels whose clients are connected to other nodes, by whether visitors can come in here.',
        { state },
      ),
    connections: (result) =>
      recorder.counter(
        'sluice_tunnel_tcp_connections_total',
        'Visitors who have connected to TCP tunnels, by what became of them.',
        { result },
      ),
    bytesIn: bytes('in'),
    bytesOut: bytes('out'),
  };
}
