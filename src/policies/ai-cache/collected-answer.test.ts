import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { BodySink } from '../../contract/policy.ts';
import { AnswerStore } from '../../services/answers/answer-store.ts';
import { CollectedAnswer } from './collected-answer.ts';

class Stage implements BodySink {
  readonly steps: string[] = [];
  readonly store: AnswerStore;
  readonly body: CollectedAnswer;

  constructor(maxBytes = 800) {
    this.store = new AnswerStore(maxBytes);
    this.body = new CollectedAnswer(this, this.store, (whole) => this.steps.push(`whole ${whole.toString()}`));
  }

  write(bytes: Uint8Array, from: number, to: number): void {
    this.steps.push(Buffer.from(bytes.subarray(from, to)).toString());
  }

  end(): void {
    this.steps.push('end');
  }

  pause(): void {}

  resume(): void {}

  fail(): void {}
}

const BYTES = Buffer.from('hello');

describe('an answer that is collected', () => {
  test('passes as it is, and is told of when it is whole, before its client can ask again', () => {
    const { body, steps, store } = new Stage();
    const borrowed = Buffer.from(BYTES);
    body.write(borrowed, 0, 2);
    borrowed.fill(0);
    body.write(BYTES, 2, 5);
    assert.equal(store.bytes, 5);
    body.end();
    body.abort();
    assert.deepEqual(steps, ['he', 'llo', 'whole hello', 'end']);
    assert.equal(store.bytes, 0);
  });

  test('that is given up, or too large, is let go', () => {
    const given = new Stage();
    given.body.write(BYTES, 0, 5);
    given.body.abort();
    assert.deepEqual([given.steps, given.store.bytes], [['hello'], 0]);
    const large = new Stage(72);
    for (let i = 0; i < 3; i += 1) large.body.write(BYTES, 0, 5);
    large.body.end();
    assert.deepEqual([large.steps, large.store.bytes], [['hello', 'hello', 'hello', 'end'], 0]);
  });
});
