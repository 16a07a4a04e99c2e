import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sliceOf } from './shared-bucket.ts';

test('a slice is a part of the burst and of what comes in a moment, divided among threads, or nothing', () => {
  const slice = (rate: number, burst: number, threads = 1): number =>
    sliceOf({ intervalMs: 1000 / rate, burst }, threads);
  assert.deepEqual([slice(1000, 1000), slice(1000, 10_000), slice(10_000, 1000)], [50, 100, 50]);
  assert.deepEqual([slice(1000, 1000, 4), slice(20, 40), slice(19, 1000), slice(1000, 39)], [12, 2, 0, 0]);
});
