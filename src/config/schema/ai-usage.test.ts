import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { aiPricesSchema, aiUsageSchema } from './ai-usage.ts';

describe('prices', () => {
  test('are by model or the beginning of its name; what is not said costs nothing', () => {
    assert.deepEqual(aiPricesSchema.parse({ 'm-1': { input: 3 }, 'm-*': {} }), {
      'm-1': { input: 3, output: 0, cache_read: 0, cache_write: 0 },
      'm-*': { input: 0, output: 0, cache_read: 0, cache_write: 0 },
    });
  });

  test('are numbers that are not below zero', () => {
    for (const wrong of [{ m: { input: -1 } }, { m: { input: '3' } }, { m: 3 }, { 'm*x': {} }, { m: { tokens: 1 } }]) {
      assert.ok(!aiPricesSchema.safeParse(wrong).success, JSON.stringify(wrong));
    }
  });
});

test('what was used is kept for a time that is no shorter than a day', () => {
  assert.deepEqual(aiUsageSchema.parse({}), { keep: 90 * 86_400_000, keep_sums: 1095 * 86_400_000 });
  for (const key of ['keep', 'keep_sums']) assert.ok(!aiUsageSchema.safeParse({ [key]: '1h' }).success, key);
});
