import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LimitTable } from './limit-table.ts';
import { TableLimiter } from './table-limiter.ts';

test('the limits of one process answer at once, and say how things stand', async () => {
  const table = new LimitTable({ capacity: 8, now: () => 1_000 });
  const bucket = new TableLimiter(table).bucket('s', { intervalMs: 100, burst: 2 });
  assert.deepEqual([bucket.take('a'), bucket.remaining, bucket.resetMs, bucket.left('a')], [true, 1, 100, 1]);
  assert.deepEqual(await bucket.ask('a'), { isWithin: true, remaining: 0, resetMs: 200, retryAfterMs: 0 });
  assert.deepEqual([bucket.take('a'), bucket.retryAfterMs], [false, 100]);
});
