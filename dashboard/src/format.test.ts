import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  formatBytes,
  formatCost,
  formatCount,
  formatFromNow,
  formatMs,
  formatPercent,
  formatRate,
  formatSeconds,
} from './format.ts';

test('numbers are written for people', () => {
  assert.deepEqual([0, 999, 12_345, 1_234_567].map(formatCount), ['0', '999', '12,345', '1.23M']);
  assert.deepEqual([0, 0.00123, 0.5, 12.345, 12_345].map(formatCost), ['0', '0.0012', '0.50', '12.35', '12,345']);
  assert.deepEqual([0, 0.123, 2.34, 56, 1234].map(formatRate), ['0', '0.12', '2.3', '56', '1,234']);
  assert.deepEqual([0, 1023, 1536, 5 * 1024 ** 3].map(formatBytes), ['0 B', '1023 B', '1.5 KiB', '5 GiB']);
  assert.deepEqual([0, 0.123, 1.5, 12.34, 345.6, 1500, 61_000, null].map(formatMs), [
    '0 ms',
    '0.12 ms',
    '1.5 ms',
    '12.3 ms',
    '346 ms',
    '1.5 s',
    '1 min 1 s',
    '–',
  ]);
  assert.equal(formatPercent(0.5), '50 %');
});

test('times are told in two units', () => {
  assert.deepEqual([59, 61, 3700, 90_000].map(formatSeconds), ['59 s', '1 min 1 s', '1 h 1 min', '1 d 1 h']);
  assert.equal(formatFromNow(new Date(5000).toISOString(), 65_000), '1 min 0 s ago');
  assert.equal(formatFromNow(new Date(65_000).toISOString(), 5000), 'in 1 min 0 s');
});
