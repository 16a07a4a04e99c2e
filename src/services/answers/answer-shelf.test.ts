import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AnswerShelf } from './answer-shelf.ts';

test('a store stays as long as it is wanted, and all of them are told of together', () => {
  let told = [0, 0];
  const shelf = new AnswerShelf((bytes, count) => (told = [bytes, count]));
  const first = shelf.open(new Map([['a', 80_000]])).get('a')!;
  first.put('key', { fields: [], body: new Uint8Array(9), isStream: false, keptAtMs: 0, model: '', used: null });
  assert.deepEqual(told, [first.bytes, 1]);
  const sizes = { a: 160_000, b: 80_000 };
  const both = shelf.open(new Map(Object.entries(sizes)));
  assert.equal(both.get('a'), first);
  assert.equal(first.mostOfOne, 20_000);
  shelf.open(new Map([['b', 80_000]]));
  assert.deepEqual(told, [0, 0]);
  assert.notEqual(shelf.open(new Map([['a', 80_000]])).get('a'), first);
});
