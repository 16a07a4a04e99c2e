import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { groupRules } from './group-rules.ts';

describe('the rules of a group', () => {
  test('without a breaker let no number of failures open anything', () => {
    const { breaker } = groupRules({ strategy: 'random' });
    assert.equal(breaker.failures, Infinity);
    assert.equal(breaker.rate, null);
  });

  test('with a breaker have a failure rate too, one trial at a time, and a cap on how long it stays open', () => {
    const { breaker } = groupRules({ strategy: 'random', breaker: { failures: 5, successes: 3, openForMs: 1000 } });
    assert.deepEqual(breaker, {
      failures: 5,
      successes: 3,
      openForMs: 1000,
      maxOpenForMs: 10_000,
      trials: 1,
      rate: { windowMs: 30_000, minUses: 20, share: 0.5 },
    });
  });

  test('count uses over the window of the failure rate', () => {
    const rate = { windowMs: 5000, minUses: 1, share: 0.1 };
    const breaker = { failures: 5, successes: 3, openForMs: 1000, rate };
    assert.equal(groupRules({ strategy: 'random', breaker }).windowMs, 5000);
    assert.equal(groupRules({ strategy: 'random', breaker: { ...breaker, rate: null } }).windowMs, 30_000);
  });

  test('fail closed and take out as many as fail, unless told otherwise', () => {
    const { whenAllOut, maxEjectedShare } = groupRules({ strategy: 'random' });
    assert.deepEqual({ whenAllOut, maxEjectedShare }, { whenAllOut: 'fail', maxEjectedShare: 1 });
  });
});
