import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TunnelTally } from './tunnel-tally.ts';

test('requests are counted, and a bounded number of them is kept', () => {
  let now = 10_000;
  const tally = new TunnelTally(() => now);
  const tunnel = {} as never;
  for (let durationMs = 1; durationMs <= 100; durationMs += 1) {
    tally.add({
      tunnel,
      method: 'GET',
      path: `/${durationMs}`,
      status: durationMs === 1 ? 502 : 200,
      durationMs,
      bytesIn: 1,
      bytesOut: 2,
    });
  }
  const { last, ...numbers } = tally.view();
  assert.deepEqual(numbers, { requests: 100, failed: 1, perSecond: 20, p50: 51, p90: 91, bytesIn: 100, bytesOut: 200 });
  assert.deepEqual([last.length, last[0]?.path], [50, '/100']);
  now += 60_000;
  assert.equal(tally.view().perSecond, 0);
});
