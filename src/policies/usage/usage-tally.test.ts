import assert from 'node:assert/strict';
import { test } from 'node:test';
import { UsageTally } from './usage-tally.ts';

test('what is said again replaces what was said before, and what is not said again stays', () => {
  const tally = new UsageTally();
  tally.note('m-1', { input_tokens: 25, cache_creation_input_tokens: 3, cache_read_input_tokens: 7, output_tokens: 1 });
  tally.note(undefined, { output_tokens: 15 });
  tally.note(undefined, null);
  assert.deepEqual(tally.read(), { model: 'm-1', isKnown: true, input: 25, output: 15, cacheRead: 7, cacheWrite: 3 });
});

test('what came from the cache is no input as well, and names have an end', () => {
  const tally = new UsageTally();
  tally.note('m'.repeat(1000), { input_tokens: 36, input_tokens_details: { cached_tokens: 4 }, output_tokens: 87 });
  const { model, ...used } = tally.read();
  assert.equal(model.length, 200);
  assert.deepEqual(used, { isKnown: true, input: 32, output: 87, cacheRead: 4, cacheWrite: 0 });
});
