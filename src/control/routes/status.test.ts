import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { AdminDesk, AUTHORIZED } from '../../../test/support/admin-desk.ts';

describe('GET /api/v1/status', () => {
  test('tells the state, the doors and the config in force', async () => {
    const answer = await (await AdminDesk.open()).ask('/api/v1/status', { headers: AUTHORIZED });
    const { uptime_seconds: uptime, ...rest } = (await answer.json()) as Record<string, unknown>;
    assert.ok(Number(uptime) > 0);
    assert.deepEqual(rest, {
      state: 'ready',
      version: '1.2.3',
      pid: 7,
      node: process.version,
      started_at: '1970-01-01T00:00:00.000Z',
      doors: [{ name: 'gateway', address: 'http://127.0.0.1:1', open_connections: 2 }],
      config: {
        files: ['/etc/sluice.yaml'],
        tag: 'tag-1',
        loaded_at: '1970-01-01T00:00:01.000Z',
        needs_restart: ['process.workers'],
      },
      state_store: { server: null, up: true, nodes: 1, degraded: [], waiting_records: 0, lost_records: 0 },
    });
  });

  test('answers HEAD like GET, without the body', async () => {
    const answer = await (await AdminDesk.open()).ask('/api/v1/status', { method: 'HEAD', headers: AUTHORIZED });
    assert.deepEqual([answer.status, await answer.text()], [200, '']);
  });
});
