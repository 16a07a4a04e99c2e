import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { formatSize, parseSize } from './size.ts';

describe('parseSize', () => {
  const cases: [string, number][] = [
    ['0', 0],
    ['4096', 4096],
    ['1B', 1],
    ['16KiB', 16_384],
    ['16kib', 16_384],
    ['10MB', 10_000_000],
    ['10 MB', 10_000_000],
    ['10MiB', 10_485_760],
    ['1.5KiB', 1536],
    ['2GiB', 2_147_483_648],
    ['1TB', 10 ** 12],
  ];
  for (const [text, bytes] of cases) {
    test(`reads ${text} as ${bytes} bytes`, () => assert.equal(parseSize(text), bytes));
  }

  for (const text of ['', 'KiB', '-1KB', '10M', '10 M B', '1.0001KB', '1e3', '9999999TB']) {
    test(`refuses "${text}"`, () => assert.equal(parseSize(text), undefined));
  }
});

describe('formatSize', () => {
  test('uses the largest unit that says it exactly', () => {
    assert.deepEqual([0, 100, 1000, 1024, 8192, 256_000_000, 10_485_760].map(formatSize), [
      '0B',
      '100B',
      '1KB',
      '1KiB',
      '8KiB',
      '256MB',
      '10MiB',
    ]);
  });

  test('is read back to the same number', () => {
    fc.assert(fc.property(fc.nat(2 ** 31 - 1), (bytes) => parseSize(formatSize(bytes)) === bytes));
  });
});
