import assert from 'node:assert/strict';
import { test } from 'node:test';
import { healthOf } from './health-flags.ts';

test('either flag turns the checks of the local server on', async () => {
  assert.equal(await healthOf({}), null);
  const usual = { interval: 10_000, timeout: 2000, unhealthy_after: 3, healthy_after: 1 };
  assert.deepEqual(await healthOf({ healthPath: '/healthz' }), { path: '/healthz', ...usual });
  assert.deepEqual(await healthOf({ healthInterval: '30s' }), { path: null, ...usual, interval: 30_000 });
});

test('what makes no sense is refused by the name of its flag', async () => {
  await assert.rejects(healthOf({ healthPath: 'healthz' }), {
    code: 'usage',
    message: /^--health-path: .*begins with/,
  });
  await assert.rejects(healthOf({ healthInterval: '1ms' }), { code: 'usage', message: /^--health-interval: .*100ms/ });
});
