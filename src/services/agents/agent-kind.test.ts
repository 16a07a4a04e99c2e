import assert from 'node:assert/strict';
import { test } from 'node:test';
import { noFacts } from './agent-kind.ts';

test('nothing is known of a run before it has said something', () => {
  assert.deepEqual(noFacts(), {
    session: '',
    model: '',
    tokens: null,
    cost: null,
    verdict: null,
    reason: '',
    answers: 0,
  });
  assert.notEqual(noFacts(), noFacts());
});
