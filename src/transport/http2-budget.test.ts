import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Http2Budget } from './http2-budget.ts';

test('a budget is used up, unless something is earned', () => {
  const budget = new Http2Budget(3, 0);
  assert.deepEqual([budget.spend(), budget.spend(), budget.spend(), budget.spend()], [true, true, true, false]);
  budget.earn(100);
  assert.equal(budget.spend(), true);
});

test('no more can be earned than there was in the beginning', () => {
  const budget = new Http2Budget(2, 0);
  budget.earn(100);
  assert.deepEqual([budget.spend(), budget.spend(), budget.spend()], [true, true, false]);
});

test('it fills up with time', async () => {
  const budget = new Http2Budget(1, 1000);
  budget.spend();
  assert.equal(budget.spend(), false);
  // Its clock ticks when it is asked.
  while (!budget.spend()) await new Promise(setImmediate);
});
