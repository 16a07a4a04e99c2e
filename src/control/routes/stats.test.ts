import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AdminDesk, AUTHORIZED } from '../../../test/support/admin-desk.ts';

test('GET /api/v1/stats tells the traffic in a few numbers', async () => {
  const answer = await (await AdminDesk.open()).ask('/api/v1/stats', { headers: AUTHORIZED });
  const stats = (await answer.json()) as Record<string, number>;
  assert.ok(stats['uptime_seconds']! >= 5);
  assert.deepEqual(stats, {
    uptime_seconds: stats['uptime_seconds'],
    total_requests: 9,
    requests_per_second: 1.5,
    requests_in_flight: 1,
    active_connections: 2,
    healthy_proxies: 0,
    unhealthy_proxies: 0,
  });
});
