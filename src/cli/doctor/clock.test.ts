import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkClock } from './clock.ts';

test('the clock is right by the server in the middle', () => {
  assert.equal(checkClock([]).mark, 'skipped');
  assert.equal(checkClock([200, -400, 86_400_000]).mark, 'ok');
  assert.match(checkClock([9_000]).message, /^9 s ahead/);
  assert.deepEqual([checkClock([-30_000]).mark, checkClock([-90_000]).mark], ['warning', 'failure']);
});
