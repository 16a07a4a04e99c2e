import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { KeptBody, MAX_LOGGED_BYTES } from './kept-body.ts';

function stage(): { readonly steps: string[]; readonly body: KeptBody } {
  const steps: string[] = [];
  const sink = {
    write: (_bytes: Uint8Array, from: number, to: number) => void steps.push(`${from}-${to}`),
    end: () => void steps.push('end'),
    pause: () => assert.fail('it is held back'),
    resume: () => assert.fail('it was held back'),
    fail: () => assert.fail('it is given up'),
  };
  return { steps, body: new KeptBody(sink) };
}

describe('a body that is kept for the log', () => {
  test('passes as it is, whether it ends or is cut', () => {
    const { steps, body } = stage();
    const borrowed = Buffer.from('hello');
    body.write(borrowed, 0, 2);
    body.write(borrowed, 2, 5);
    borrowed.fill(0);
    assert.deepEqual([body.beginning.toString(), body.bytes, body.isComplete], ['hello', 5, false]);
    body.end();
    assert.equal(body.isComplete, true);
    assert.deepEqual(steps, ['0-2', '2-5', 'end']);
    const cut = stage();
    cut.body.write(Buffer.from('he'), 0, 2);
    cut.body.abort();
    assert.deepEqual([cut.body.beginning.toString(), cut.body.isComplete], ['he', false]);
  });

  test('is kept up to a bound, and counted beyond it', () => {
    const { body } = stage();
    const piece = Buffer.alloc(MAX_LOGGED_BYTES - 1);
    body.write(piece, 0, piece.length);
    body.write(piece, 0, piece.length);
    assert.deepEqual([body.beginning.length, body.bytes], [MAX_LOGGED_BYTES, 2 * piece.length]);
  });
});
