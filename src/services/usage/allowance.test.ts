import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type Budget, isModelAllowed, resetMs, usedOf, usedUp } from './allowance.ts';

const NOON = Date.UTC(2026, 10, 10, 12);
const SPENT = { dayTokens: 10, monthTokens: 100, dayCost: 0.1 + 0.2, monthCost: 3 };
const DAY: Budget = { key: 'ai_tokens_per_day', most: 10 };
const MONTH: Budget = { key: 'ai_tokens_per_month', most: 100 };

describe('a budget', () => {
  test('is used up when as much as may be was used', () => {
    assert.equal(usedUp([{ ...DAY, most: 11 }], SPENT, NOON), null);
    assert.deepEqual(usedUp([DAY], SPENT, NOON), { budget: DAY, freeAtMs: Date.UTC(2026, 10, 11) });
    assert.notEqual(usedUp([{ key: 'ai_cost_per_day', most: 0.3 }], SPENT, NOON), null);
    assert.equal(usedUp([{ key: 'ai_cost_per_month', most: 3.01 }], SPENT, NOON), null);
  });

  test('of a month lasts longer than one of a day', () => {
    const first = Date.UTC(2026, 11, 1);
    assert.deepEqual(usedUp([DAY, MONTH], SPENT, NOON), { budget: MONTH, freeAtMs: first });
    assert.deepEqual(usedUp([MONTH, DAY], SPENT, NOON)?.budget, MONTH);
    assert.equal(resetMs(MONTH, NOON), first);
  });

  test('is of its own amount', () => {
    assert.deepEqual(
      (['ai_tokens_per_day', 'ai_tokens_per_month', 'ai_cost_per_day', 'ai_cost_per_month'] as const).map((key) =>
        usedOf(SPENT, key),
      ),
      [10, 100, 0.1 + 0.2, 3],
    );
  });
});

test('a model is allowed by its name or by a beginning of it', () => {
  assert.ok(isModelAllowed('m-1', ['x', 'm-1']));
  assert.ok(isModelAllowed('m-1', ['m-*']));
  assert.ok(isModelAllowed('anything', ['*']));
  assert.ok(!isModelAllowed('m-10', ['m-1', 'n*']));
  assert.ok(!isModelAllowed('M-1', ['m-1']));
});
