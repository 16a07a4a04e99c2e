import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { AdminDesk, AUTHORIZED, refused } from '../../../test/support/admin-desk.ts';
import type { OpenConnection } from '../../runtime/threads/data-plane.ts';

const TUNNEL: OpenConnection = {
  door: 'egress',
  client: '192.0.2.7:5',
  protocol: 'tunnel',
  ageMs: 20,
  bytesReceived: 3,
  bytesSent: 4,
  request: {
    id: 'r1',
    route: 'forward',
    method: 'CONNECT',
    destination: 'example.com:443',
    user: '',
    exit: 'exits/fr-1',
    session: 'abc',
    ageMs: 10,
  },
};

async function deskWith(...open: readonly OpenConnection[]): Promise<AdminDesk> {
  const desk = await AdminDesk.open();
  Object.assign(desk.parts.sluice, { connections: (limit: number) => Promise.resolve(open.slice(0, limit)) });
  return desk;
}

describe('GET /api/v1/connections', () => {
  test('tells who has what open, through which exit', async () => {
    const idle: OpenConnection = { ...TUNNEL, protocol: 'http1', request: null };
    const desk = await deskWith(TUNNEL, idle);
    const answer = await desk.ask('/api/v1/connections', { headers: AUTHORIZED });
    const shared = { door: 'egress', client: '192.0.2.7:5', age_ms: 20, bytes_received: 3, bytes_sent: 4 };
    assert.deepEqual(await answer.json(), {
      connections: [
        {
          ...shared,
          protocol: 'tunnel',
          request_id: 'r1',
          route: 'forward',
          method: 'CONNECT',
          destination: 'example.com:443',
          user: null,
          exit: 'exits/fr-1',
          session: 'abc',
          request_age_ms: 10,
        },
        {
          ...shared,
          protocol: 'http1',
          request_id: null,
          route: null,
          method: null,
          destination: null,
          user: null,
          exit: null,
          session: null,
          request_age_ms: null,
        },
      ],
      total: 2,
    });
  });

  test('has a limit, and says how many there are beyond it', async () => {
    const desk = await deskWith(TUNNEL, TUNNEL, TUNNEL);
    const answer = await desk.ask('/api/v1/connections?limit=1', { headers: AUTHORIZED });
    const { connections, total } = (await answer.json()) as { connections: unknown[]; total: number };
    assert.deepEqual([connections.length, total], [1, 2]);
    for (const limit of ['0', '10001', 'x']) {
      const wrong = await desk.ask(`/api/v1/connections?limit=${limit}`, { headers: AUTHORIZED });
      assert.equal(await refused(wrong), '422 invalid_input');
    }
  });
});
