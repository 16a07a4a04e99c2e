import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hopChain } from './hop-chain.ts';

test('a chain is a name, a list of names, or direct, which stands alone', () => {
  assert.deepEqual(
    ['a', ['a', 'b'], [], 'direct', ['direct']].map((value) => hopChain().parse(value)),
    [['a'], ['a', 'b'], [], [], []],
  );
  assert.ok(!hopChain().safeParse(['a', 'direct']).success);
});
