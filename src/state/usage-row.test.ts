import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { asksForWholeDays, DAY_MS, daySums, type UsageRow } from './usage-row.ts';

const NAMES = { provider: 'claude', user: 'ann', account: '', model: 'm-1', session: 's-1' };
const ROW: UsageRow = { atMs: 5, ...NAMES, isKnown: true, input: 1, output: 2, cacheRead: 3, cacheWrite: 4 };
const TWICE = { requests: 2, unknown: 1, cached: 1, input: 2, output: 4, cacheRead: 6, cacheWrite: 8 };

describe('the sums of a day', () => {
  test('are one for those of the same names, with or without their sessions', () => {
    const rows = [
      ROW,
      { ...ROW, atMs: DAY_MS - 1, isKnown: false, isCached: true as const },
      { ...ROW, atMs: DAY_MS },
      { ...ROW, session: 's-2' },
    ];
    const counts = { requests: 1, unknown: 0, cached: 0, input: 1, output: 2, cacheRead: 3, cacheWrite: 4 };
    assert.deepEqual(daySums(rows, true), [
      { day: 0, ...NAMES, ...TWICE },
      { day: 1, ...NAMES, ...counts },
      { day: 0, ...NAMES, session: 's-2', ...counts },
    ]);
    const sums = daySums(rows, false);
    assert.deepEqual(
      sums.map(({ day, session, requests }) => [day, session, requests]),
      [
        [0, '', 3],
        [1, '', 1],
      ],
    );
  });

  test('are enough for questions about whole days', () => {
    assert.equal(asksForWholeDays({ fromMs: 0, toMs: DAY_MS, by: [] }), true);
    assert.equal(asksForWholeDays({ fromMs: 1, toMs: DAY_MS, by: [] }), false);
    assert.equal(asksForWholeDays({ fromMs: 0, toMs: DAY_MS + 1, by: [] }), false);
  });
});
