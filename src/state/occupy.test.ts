import assert from 'node:assert/strict';
import { test } from 'node:test';
import { occupy } from './occupy.ts';

const WISH = { room: 'r', owner: 'a', most: 10, taken: 2, need: 3, more: 100 };

test('a room gives what is needed first, and half of the rest in advance', () => {
  assert.deepEqual(occupy(WISH, 0), { granted: 5, left: 3 });
  assert.deepEqual(occupy(WISH, 6), { granted: 2, left: 0 });
  assert.deepEqual(occupy({ ...WISH, more: 0 }, 0), { granted: 3, left: 5 });
});

test('what is taken already stays, also where there are fewer places by now', () => {
  assert.deepEqual(occupy({ ...WISH, taken: 12 }, 3), { granted: 0, left: 0 });
});
