import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AdminDesk, AUTHORIZED, refused } from '../../../test/support/admin-desk.ts';
import type { TunnelReport } from '../../runtime/tunnels/tunnel-desk.ts';

const OFFLINE: TunnelReport = {
  name: 'old',
  node: null,
  url: 'http://old.test',
  account: 'user:alice',
  sinceMs: 0,
  use: { streams: 3, bytesIn: 4, bytesOut: 5, reconnects: 2 },
  clients: 0,
  client: null,
  tcp: null,
};
const ONLINE: TunnelReport = {
  ...OFFLINE,
  name: 'app',
  client: {
    address: '192.0.2.1',
    version: 2,
    connectedAtMs: 0,
    streams: 1,
    streamsTotal: 5,
    bytesReceived: 10,
    bytesSent: 20,
    roundTripMs: null,
  },
};

test('tunnels are told with their clients, and can be taken away', async () => {
  const desk = await AdminDesk.open();
  desk.tunnels = [ONLINE, OFFLINE];
  const answer = await desk.ask('/api/v1/tunnels', { headers: AUTHORIZED });
  const { tunnels } = (await answer.json()) as {
    tunnels: { name: string; online: boolean; reconnects: number; client: object | null }[];
  };
  assert.deepEqual(
    tunnels.map(({ name, online, reconnects, client }) => [name, online, reconnects, client !== null]),
    [
      ['app', true, 2, true],
      ['old', false, 2, false],
    ],
  );
  desk.missingNodes = ['10.0.0.9:7946'];
  const ofAll = await desk.ask('/api/v1/tunnels?nodes=all', { headers: AUTHORIZED });
  assert.deepEqual(((await ofAll.json()) as { missing_nodes: string[] }).missing_nodes, ['10.0.0.9:7946']);
  assert.equal((await desk.ask('/api/v1/tunnels?nodes=some', { headers: AUTHORIZED })).status, 422);
  const gone = await desk.ask('/api/v1/tunnels/app', { method: 'DELETE', headers: AUTHORIZED });
  assert.deepEqual([gone.status, await gone.json()], [200, { removed: 'app' }]);
  const unknown = await desk.ask('/api/v1/tunnels/x', { method: 'DELETE', headers: AUTHORIZED });
  assert.equal(await refused(unknown), '404 not_found');
  assert.equal(await refused(await desk.ask('/api/v1/tunnels')), '401 unauthorized');
});

test('tunnels that are opened elsewhere are told with why they are not open', async () => {
  const desk = await AdminDesk.open();
  const health = { state: 'unhealthy', why: '/healthz is answered with 500' } as const;
  const counts = { health, requests: 0, bytesIn: 0, bytesOut: 0 };
  desk.exposed = [{ name: 'web', server: 's:1', local: 'l:1', status: 'ended', url: null, why: 'no token', ...counts }];
  const answer = await desk.ask('/api/v1/tunnels/exposed', { headers: AUTHORIZED });
  const { tunnels } = (await answer.json()) as { tunnels: Record<string, unknown>[] };
  assert.deepEqual([tunnels[0]?.['reason'], tunnels[0]?.['bytes_out']], ['no token', 0]);
  assert.deepEqual(tunnels[0]?.['health'], { state: 'unhealthy', reason: health.why });
});
