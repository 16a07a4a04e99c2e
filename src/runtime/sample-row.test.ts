import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SampleRow } from './sample-row.ts';

test('the last few are kept, the oldest first, from the start until it is stopped', (t) => {
  t.mock.timers.enable({ apis: ['setInterval'] });
  let next = 0;
  const row = new SampleRow({ everyMs: 10, most: 3, look: () => (next += 1) });
  row.stop();
  row.start();
  assert.deepEqual(row.samples, [1]);
  for (let turn = 0; turn < 3; turn += 1) t.mock.timers.tick(10);
  assert.deepEqual(row.samples, [2, 3, 4]);
  row.stop();
  t.mock.timers.tick(100);
  assert.deepEqual(row.samples, [2, 3, 4]);
});
