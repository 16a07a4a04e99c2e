import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { formatDuration, parseDuration } from './duration.ts';

describe('parseDuration', () => {
  const cases: [string, number][] = [
    ['0s', 0],
    ['500ms', 500],
    ['30s', 30_000],
    ['10m', 600_000],
    ['1h', 3_600_000],
    ['2d', 172_800_000],
    ['1h30m', 5_400_000],
    ['1.5s', 1500],
    ['1.1s', 1100],
    ['0.001s', 1],
  ];
  for (const [text, ms] of cases) {
    test(`reads ${text} as ${ms} ms`, () => assert.equal(parseDuration(text), ms));
  }

  for (const text of [
    '',
    '30',
    's',
    '30 s',
    '-1s',
    '1.s',
    '.5s',
    '30sec',
    '1e3ms',
    '0.5ms',
    '1h 30m',
    '99999999999999d',
  ]) {
    test(`refuses "${text}"`, () => assert.equal(parseDuration(text), undefined));
  }
});

describe('formatDuration', () => {
  test('uses the largest unit that says it exactly', () => {
    assert.deepEqual([0, 1, 1500, 90_000, 120_000, 3_600_000, 86_400_000].map(formatDuration), [
      '0s',
      '1ms',
      '1500ms',
      '90s',
      '2m',
      '1h',
      '1d',
    ]);
  });

  test('is read back to the same number', () => {
    fc.assert(fc.property(fc.nat(10 ** 12), (ms) => parseDuration(formatDuration(ms)) === ms));
  });
});
