import assert from 'node:assert/strict';
import { test } from 'node:test';
import { errorWord, objectOf, textOf } from './store-format.ts';

test('only objects and texts with something in them are taken for what they are', () => {
  assert.deepEqual([{ a: 1 }, [], null, 'a', 1].map(objectOf), [{ a: 1 }, null, null, null, null]);
  assert.deepEqual(['a', '', 1, null].map(textOf), ['a', null, null, null]);
});

test('the word for an error is found in every shape', () => {
  const answers = [
    { error: 'invalid_grant' },
    { error: { code: 'invalid_grant' } },
    { error: { type: 'invalid_grant' } },
    { code: 'invalid_grant' },
  ];
  assert.deepEqual(new Set(answers.map(errorWord)), new Set(['invalid_grant']));
  assert.equal(errorWord(null), '');
  assert.equal(errorWord({ error: 7 }), '');
});
