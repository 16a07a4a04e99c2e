import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatBytes, formatTable } from './table.ts';

test('columns are as wide as their widest cell, and numbers stand to the right', () => {
  const rows = [
    ['name', 'n'],
    ['a', '10'],
  ];
  assert.equal(formatTable(rows, [1]), 'name   n\na     10');
});

test('bytes are told in the largest unit that they fill', () => {
  assert.deepEqual([0, 1023, 1536, 200 * 1024, 5 * 1024 ** 5].map(formatBytes), [
    '0 B',
    '1023 B',
    '1.5 KiB',
    '200 KiB',
    '5120 TiB',
  ]);
});
