import assert from 'node:assert/strict';
import { test } from 'node:test';
import { configOf } from '../../../test/support/gateway.ts';
import { freePorts } from '../../../test/support/free-ports.ts';
import type { TunnelLink } from '../../services/tunnels/tunnel-link.ts';
import { MetricsRecorder } from '../../telemetry/metrics-recorder.ts';
import { TcpDesk } from './tcp-desk.ts';

test('a tunnel is told with its client, and waits for it afterwards', async () => {
  const [port = 0] = await freePorts(1);
  const desk = new TcpDesk(new MetricsRecorder());
  const client = { names: new Set(), account: 'alice', version: 2, isOpen: true } as unknown as TunnelLink;
  const wish = { port, proxyProtocol: null, allow: null };
  const disabled = await desk.open(wish, client);
  desk.configure(configOf({ tunnels: { server: { enabled: true, tcp_ports: { from: port, to: port } } } }));
  const opened = await desk.open(wish, client);
  const online = desk.reports()[0]?.session;
  desk.release(client);
  assert.deepEqual(
    [disabled, opened],
    [
      { refused: 'TCP_DISABLED', why: 'this server has no TCP tunnels' },
      { name: `tcp-${port}`, url: `tcp://localhost:${port}`, port },
    ],
  );
  assert.deepEqual([online, desk.reports()[0]?.session, desk.remove(`tcp-${port}`)], [client, null, true]);
});
