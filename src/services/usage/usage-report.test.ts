import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { UsageSum } from '../../state/usage-row.ts';
import { type Price, priceOf, usageLines } from './usage-report.ts';

const PRICE: Price = { input: 3, output: 15, cacheRead: 0.3, cacheWrite: 3.75 };
const MILLION = 1_000_000;

function sum(user: string, model: string, change: Partial<UsageSum> = {}): UsageSum {
  const tokens = { input: MILLION, output: MILLION, cacheRead: 2 * MILLION, cacheWrite: 0 };
  return { keys: { user }, model, requests: 2, unknown: 1, cached: 0, ...tokens, ...change };
}

describe('a report of what has been used', () => {
  test('has one line for what was asked for, whatever the models were', () => {
    const lines = usageLines([sum('ann', 'm-1'), sum('ann', 'm-2'), sum('bob', 'm-2')], new Map([['m-1', PRICE]]));
    const tokens = { input: MILLION, output: MILLION, cacheRead: 2 * MILLION, cacheWrite: 0 };
    const twice = { input: 2 * MILLION, output: 2 * MILLION, cacheRead: 4 * MILLION, cacheWrite: 0 };
    assert.deepEqual(lines, [
      { keys: { user: 'ann' }, requests: 4, unknown: 2, cached: 0, ...twice, cost: 18.6, unpriced: 2 },
      { keys: { user: 'bob' }, requests: 2, unknown: 1, cached: 0, ...tokens, cost: 0, unpriced: 2 },
    ]);
  });

  test('asks for no price of what came from the cache', () => {
    const [line] = usageLines([sum('ann', 'm-2', { cached: 1 })], new Map());
    assert.partialDeepStrictEqual(line, { requests: 2, cached: 1, unpriced: 1 });
  });

  test('takes the price of the model itself, else that of the longest beginning', () => {
    const prices = new Map([
      ['m-*', PRICE],
      ['m-1*', { ...PRICE, input: 1 }],
      ['m-10', { ...PRICE, input: 10 }],
    ]);
    const inputs = ['m-2', 'm-11', 'm-10', 'n', ''].map((model) => priceOf(model, prices)?.input);
    assert.deepEqual(inputs, [3, 1, 10, undefined, undefined]);
  });
});
