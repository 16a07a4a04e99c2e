import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Breaker } from './breaker.ts';

test('a server that does not answer is left alone for longer and longer, and one asks whether it is back', () => {
  let nowMs = 0;
  const breaker = new Breaker(() => nowMs);
  for (let failure = 0; failure < 3; failure++) {
    assert.equal(breaker.mayAsk(), true);
    breaker.failed();
  }
  assert.equal(breaker.mayAsk(), false);
  nowMs = 1_000;
  assert.deepEqual([breaker.mayAsk(), breaker.mayAsk()], [true, false]);
  breaker.failed();
  nowMs = 2_500;
  assert.equal(breaker.mayAsk(), false);
  nowMs = 3_000;
  assert.equal(breaker.mayAsk(), true);
  breaker.answered();
  assert.deepEqual([breaker.mayAsk(), breaker.mayAsk()], [true, true]);
});

test('many that fail together are one failure of a server', () => {
  let nowMs = 0;
  const breaker = new Breaker(() => nowMs);
  for (let count = 0; count < 50; count += 1) breaker.failed();
  nowMs = 1000;
  assert.equal(breaker.mayAsk(), true);
  assert.equal(breaker.mayAsk(), false);
});
