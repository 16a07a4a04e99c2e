import assert from 'node:assert/strict';
import { test } from 'node:test';
import { backendHealth, breaker, hopHealth, outliers, STRATEGIES } from './balancing.ts';

test('strategies are different from each other', () => {
  assert.equal(new Set(STRATEGIES).size, STRATEGIES.length);
});

test('health checks have defaults of their own', () => {
  assert.deepEqual(hopHealth.parse({}), {
    url: ['https://api.ipify.org'],
    need: 'any',
    interval: 60_000,
    timeout: 10_000,
    unhealthy_after: 3,
    healthy_after: 2,
  });
  assert.deepEqual(backendHealth.parse({ path: '/healthz' }), {
    path: '/healthz',
    status: [],
    interval: 10_000,
    timeout: 2000,
    unhealthy_after: 3,
    healthy_after: 2,
  });
});

test('checks are not made all the time, and not of anything', () => {
  assert.ok(!backendHealth.safeParse({ interval: '1ms' }).success);
  assert.ok(!backendHealth.safeParse({ path: 'healthz' }).success);
  assert.ok(!backendHealth.safeParse({ status: 99 }).success);
  assert.deepEqual(backendHealth.parse({ status: 204 }).status, [204]);
  assert.ok(!hopHealth.safeParse({ url: 'ftp://a' }).success);
  assert.ok(!hopHealth.safeParse({ url: [] }).success);
});

test('a breaker has defaults, and one that stays open grows to ten times its time', () => {
  assert.deepEqual(breaker.parse({}), {
    failures: 5,
    successes: 3,
    open_for: 30_000,
    max_open_for: 300_000,
    half_open_trials: 1,
    failure_rate: { share: 0.5, window: 30_000, min_requests: 20 },
  });
  assert.equal(breaker.parse({ open_for: '1s' }).max_open_for, 10_000);
  assert.equal(breaker.parse({ open_for: '20h' }).max_open_for, 24 * 3_600_000);
  assert.equal(breaker.parse({ open_for: '1s', max_open_for: '1s', failure_rate: null }).failure_rate, null);
  assert.ok(!breaker.safeParse({ open_for: '1m', max_open_for: '59s' }).success);
});

test('outliers have defaults', () => {
  assert.deepEqual(outliers.parse({}), { above_others: 0.3, min_requests: 20 });
});
