import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { tierAnswerOf } from '../../../../test/support/tier-answer.ts';
import { tierAnswer, tierText } from './tier-entry.ts';

describe('an answer as nodes share it', () => {
  test('is read as it was written, whatever bytes it has', () => {
    const body = Buffer.from(Array.from({ length: 256 }, (_, octet) => octet));
    const answer = { ...tierAnswerOf(''), body, trailers: [['X-Sum', '1']] as const, keptAtMs: 5 };
    assert.deepEqual(tierAnswer(tierText(answer)), answer);
  });

  test('is nothing when it is torn or changed', () => {
    const text = tierText({ ...tierAnswerOf('hello'), keptAtMs: 5 });
    assert.equal(tierAnswer(text.slice(0, -1)), null);
    assert.equal(tierAnswer(text.replace('web', 'wed')), null);
    assert.equal(tierAnswer(''), null);
  });
});
