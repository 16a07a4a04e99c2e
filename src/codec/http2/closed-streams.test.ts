import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ClosedStreams } from './closed-streams.ts';

test('of a stream that was closed lately it is known by whom', () => {
  const closed = new ClosedStreams();
  assert.deepEqual([closed.hasEnded(1), closed.wasGivenUp(1)], [false, false]);
  closed.add(1, false);
  closed.add(3, true);
  assert.deepEqual([closed.hasEnded(1), closed.wasGivenUp(1)], [true, false]);
  assert.deepEqual([closed.hasEnded(3), closed.wasGivenUp(3)], [false, true]);
});

test('as many as may be open at once are remembered, and the oldest are forgotten', () => {
  const closed = new ClosedStreams();
  for (let id = 1; id <= 259; id += 2) closed.add(id, true);
  assert.deepEqual([closed.wasGivenUp(3), closed.wasGivenUp(5), closed.wasGivenUp(259)], [false, true, true]);
});
