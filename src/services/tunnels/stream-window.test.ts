import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MOST_WINDOW_BYTES, StreamWindow, WindowBudget } from './stream-window.ts';

const KIB = 1024;

test('what was written is given back in parts that are worth a message', () => {
  const window = new StreamWindow(new WindowBudget(0));
  assert.deepEqual([window.written(10 * KIB), window.written(60 * KIB), window.written(1)], [0, 70 * KIB, 0]);
});

test('no more may come than was given credit for', () => {
  const window = new StreamWindow(new WindowBudget(0), 64 * KIB);
  assert.equal(window.received(64 * KIB), true);
  assert.equal(window.written(20 * KIB), 20 * KIB);
  assert.equal(window.received(20 * KIB), true);
  assert.equal(window.received(1), false);
});

test('a window doubles up to its limit, and no further than the budget of all', () => {
  const window = new StreamWindow(new WindowBudget(100 * KIB * KIB));
  const sizes = [0, 1, 2, 3, 4, 5].map(() => {
    window.grow();
    return window.size;
  });
  assert.deepEqual(
    sizes.map((size) => size / KIB),
    [512, 1024, 2048, 4096, 6144, 6144],
  );
  assert.equal(sizes.at(-1), MOST_WINDOW_BYTES);
  const budget = new WindowBudget(100 * KIB);
  const [one, other] = [new StreamWindow(budget), new StreamWindow(budget)];
  assert.deepEqual([one.grow(), other.grow()], [100 * KIB, 0]);
  one.close();
  one.close();
  assert.equal(budget.leftBytes, 100 * KIB);
});

test('a window is no larger than the way is long', () => {
  const budget = new WindowBudget(100 * KIB * KIB);
  const mostAfter = (ms: number): number => {
    budget.knowRoundTrip(ms);
    const window = new StreamWindow(budget);
    for (let grown = 0; grown < 8; grown += 1) window.grow();
    return window.size / KIB;
  };
  assert.deepEqual([mostAfter(0.1), mostAfter(20), mostAfter(500)], [1024, 3072, 6144]);
});

test('a reader who does not keep up gives back what its window has grown by', () => {
  const budget = new WindowBudget(300 * KIB);
  const window = new StreamWindow(budget);
  window.grow();
  assert.equal(window.writtenSlowly(200 * KIB), 0);
  assert.deepEqual([window.size, budget.leftBytes], [312 * KIB, 244 * KIB]);
  assert.equal(window.writtenSlowly(200 * KIB), 144 * KIB);
  assert.deepEqual([window.size, budget.leftBytes], [256 * KIB, 300 * KIB]);
});
