import assert from 'node:assert/strict';
import { test } from 'node:test';
import { configuredPrices } from './configured-prices.ts';

test('prices are those of the configuration, by model', () => {
  const prices = configuredPrices({ 'm-*': { input: 1, output: 2, cache_read: 3, cache_write: 4 } });
  assert.deepEqual([...prices], [['m-*', { input: 1, output: 2, cacheRead: 3, cacheWrite: 4 }]]);
});
