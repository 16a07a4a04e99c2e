import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ShareCounter } from './share-counter.ts';

test('a share is taken evenly, and exactly', () => {
  const tenth = new ShareCounter(0.1);
  const taken = Array.from({ length: 100 }, (_, index) => (tenth.takes() ? index + 1 : 0)).filter((each) => each > 0);
  assert.deepEqual(taken, [10, 20, 30, 40, 50, 60, 70, 80, 90, 100]);
  const all = new ShareCounter(1);
  assert.ok(Array.from({ length: 100 }, () => all.takes()).every(Boolean));
  const none = new ShareCounter(0);
  assert.ok(!Array.from({ length: 100 }, () => none.takes()).some(Boolean));
});

test('no share is ever off by as much as one', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 1000 }), fc.integer({ min: 1, max: 2000 }), (permille, count) => {
      const counter = new ShareCounter(permille / 1000);
      const taken = Array.from({ length: count }, () => counter.takes()).filter(Boolean).length;
      assert.equal(taken, Math.floor((count * permille) / 1000));
    }),
  );
});
