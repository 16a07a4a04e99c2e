import assert from 'node:assert/strict';
import { test } from 'node:test';
import { freePorts } from '../../../test/support/free-ports.ts';
import { refusedPort, TcpVisit } from '../../../test/support/tcp-visits.ts';
import { PortDoors } from './port-doors.ts';
import { TcpTunnel, type TcpVerdict } from './tcp-tunnel.ts';
import type { TunnelLink } from './tunnel-link.ts';

test('whoever comes while the client takes nobody is cut, and counted as such', async (t) => {
  const [port = 0] = await freePorts(1);
  const noted: TcpVerdict[] = [];
  const visits: number[] = [];
  const client = { open: () => null } as unknown as TunnelLink;
  const host = {
    idleMs: 1_000,
    address: '127.0.0.1',
    doors: new PortDoors(),
    proxyProtocol: 'v1' as const,
    judge: () => 'accepted' as const,
    noted: (verdict: TcpVerdict) => void noted.push(verdict),
    visited: (_tunnel: TcpTunnel, change: number) => void visits.push(change),
    counted: () => {},
  };
  const tunnel = new TcpTunnel({ port, client, proxyProtocol: null, allow: null }, host);
  await tunnel.listen();
  const visit = TcpVisit.begin(t, port);
  await visit.closed();
  assert.deepEqual([visit.error, noted, tunnel.connectionsTotal], ['ECONNRESET', ['busy'], 0]);
  tunnel.close();
  assert.ok(await refusedPort(port));
  assert.deepEqual(visits, [1, -1]);
});
