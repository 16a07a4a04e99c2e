import assert from 'node:assert/strict';
import { test } from 'node:test';
import { dayOf, dayStartMs, monthOf, monthStartMs, nextDayMs, nextMonthMs } from './utc-periods.ts';

const LAST = Date.UTC(2026, 11, 31, 23, 59, 59, 999);
const FIRST = Date.UTC(2027, 0, 1);

test('a day and a month end where the next one begins, also with the year', () => {
  assert.deepEqual([nextDayMs(LAST), nextMonthMs(LAST)], [FIRST, FIRST]);
  assert.deepEqual([dayStartMs(LAST), monthStartMs(LAST)], [Date.UTC(2026, 11, 31), Date.UTC(2026, 11, 1)]);
  assert.deepEqual([dayStartMs(FIRST), monthStartMs(FIRST)], [FIRST, FIRST]);
  assert.deepEqual([nextDayMs(FIRST), nextMonthMs(FIRST)], [Date.UTC(2027, 0, 2), Date.UTC(2027, 1, 1)]);
});

test('their numbers grow by one', () => {
  assert.deepEqual([dayOf(FIRST) - dayOf(LAST), monthOf(FIRST) - monthOf(LAST)], [1, 1]);
});
