import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AccountMeter, type TunnelLimits } from './account-meter.ts';

const NONE: TunnelLimits = { tunnels: 9, clients: 9, streams: null, requestsPerMinute: null, bytesPerDay: null };
const meter = (limits: Partial<TunnelLimits>): AccountMeter =>
  new AccountMeter('a', { ...NONE, ...limits }, { day: 0, bytes: 0, requests: 0 });

test('without limits everything may be', () => {
  const free = meter({});
  for (let i = 0; i < 1000; i++) {
    free.opened();
    free.add(1e9);
  }
  assert.equal(free.refusal(5), null);
});

test('so many requests may run at once, and so many may come in a minute', () => {
  const few = meter({ streams: 2 });
  few.opened();
  few.opened();
  assert.equal(few.refusal(0)?.code, 'tunnel_busy');
  few.left();
  assert.equal(few.refusal(0), null);
  const slow = meter({ requestsPerMinute: 3 });
  assert.deepEqual([slow.refusal(0), slow.refusal(0), slow.refusal(0)], [null, null, null]);
  assert.deepEqual(slow.refusal(0), { code: 'tunnel_rate_limited', retryAfterMs: 20_000 });
  assert.deepEqual([slow.refusal(20_000), slow.refusal(20_000)?.code], [null, 'tunnel_rate_limited']);
});

test('bytes are counted by the day, and the next one begins with none', () => {
  const thrifty = meter({ bytesPerDay: 100 });
  thrifty.add(99);
  assert.equal(thrifty.refusal(1_000), null);
  thrifty.add(1);
  assert.deepEqual(thrifty.refusal(86_399_000), { code: 'tunnel_quota_spent', retryAfterMs: 1_000 });
  assert.equal(thrifty.refusal(86_400_000), null);
});
