import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AttemptBudget } from './attempt-budget.ts';

test('so much may be done at once from one address, and one more each time it is given back', () => {
  let nowMs = 1_000;
  const budget = new AttemptBudget({ now: () => nowMs, most: 2, eachMs: 100 });
  assert.deepEqual([budget.take('192.0.2.1'), budget.take('192.0.2.1')], [0, 0]);
  assert.deepEqual([budget.waitMs('192.0.2.1'), budget.take('192.0.2.1'), budget.take('192.0.2.2')], [100, 100, 0]);
  nowMs += 100;
  assert.deepEqual([budget.take('192.0.2.1'), budget.take('192.0.2.1')], [0, 100]);
});

test('a network of IPv6 counts as one address', () => {
  const budget = new AttemptBudget({ now: () => 0, most: 1, eachMs: 100 });
  assert.deepEqual(
    [budget.take('2001:db8::1'), budget.take('2001:db8::2'), budget.take('2001:db8:0:1::1')],
    [0, 100, 0],
  );
});
