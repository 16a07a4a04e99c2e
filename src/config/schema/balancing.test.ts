import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BACKEND_STRATEGIES, backendHealth, breaker, HOP_STRATEGIES, hopHealth } from './balancing.ts';

test('backends know every strategy that hops know', () => {
  for (const strategy of HOP_STRATEGIES) assert.ok(BACKEND_STRATEGIES.includes(strategy), strategy);
});

test('health checks have defaults of their own', () => {
  assert.deepEqual(hopHealth.parse({}), {
    url: 'https://api.ipify.org',
    interval: 60_000,
    timeout: 10_000,
    unhealthy_after: 3,
    healthy_after: 2,
  });
  assert.deepEqual(backendHealth.parse({ path: '/healthz' }), {
    path: '/healthz',
    interval: 10_000,
    timeout: 2000,
    unhealthy_after: 3,
    healthy_after: 2,
  });
});

test('checks are not made all the time, and not of anything', () => {
  assert.ok(!backendHealth.safeParse({ interval: '1ms' }).success);
  assert.ok(!backendHealth.safeParse({ path: 'healthz' }).success);
  assert.ok(!hopHealth.safeParse({ url: 'ftp://a' }).success);
});

test('a breaker has defaults', () => {
  assert.deepEqual(breaker.parse({}), { failures: 5, successes: 3, open_for: 30_000 });
});
