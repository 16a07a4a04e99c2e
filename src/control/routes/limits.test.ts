import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AdminDesk, AUTHORIZED } from '../../../test/support/admin-desk.ts';
import { configOf } from '../../../test/support/gateway.ts';
import type { LimitsAnswer } from '../gateway-answers.ts';

test('what is limited is told by place, and who has run into it', async () => {
  const desk = await AdminDesk.open();
  const config = configOf({
    limits: { connections: 7 },
    gateway: { policies: { rate_limit: { rate: '60/m', burst: 3 }, limits: false } },
  });
  Object.assign(desk.parts.sluice, { loaded: { ...desk.parts.sluice.loaded, config } });
  const fields = { limit: 'too_many_requests', door: 'gateway', route: 'app' };
  desk.limitHits = [
    { fields, times: 3, lastAtMs: Date.now() },
    { fields: { limit: 'requests per day', user: 'ann' }, times: 1, lastAtMs: 0 },
  ];
  const { limits, hits } = (await (await desk.ask('/api/v1/limits', { headers: AUTHORIZED })).json()) as LimitsAnswer;
  assert.deepEqual(limits, [
    { place: 'gateway.policies.rate_limit', kind: 'rate_limit', settings: { per: 'client_ip', rate: 1, burst: 3 } },
    { place: 'limits.connections', kind: 'connections', settings: { most: 7 } },
  ]);
  assert.deepEqual(
    hits.map(({ limit, door, user, times, now }) => [limit, door, user, times, now]),
    [
      ['too_many_requests', 'gateway', null, 3, true],
      ['requests per day', null, 'ann', 1, false],
    ],
  );
});
