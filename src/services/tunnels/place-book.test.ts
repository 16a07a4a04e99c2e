import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PlaceBook } from './place-book.ts';
import type { TunnelPlace } from './tunnel-directory.ts';

function place(name: string, fence: number): TunnelPlace {
  return { name, account: 'a', node: 'n', address: '', fence, isHere: false };
}

test('what is known is known for a while, and news that is older changes nothing', () => {
  let nowMs = 1_000;
  const book = new PlaceBook(() => nowMs);
  assert.equal(book.find('x'), undefined);
  book.put('x', place('x', 5), 5);
  book.put('x', place('x', 4), 4);
  book.put('x', null, 4);
  assert.equal(book.find('x')?.fence, 5);
  nowMs += 40_000;
  assert.deepEqual([book.find('x'), book.last('x')?.fence], [undefined, 5]);
  book.put('x', null, 5);
  assert.deepEqual([book.find('x'), book.last('x')], [null, null]);
});

test('what is in doubt is asked for again, and only names that are known last take room', () => {
  const book = new PlaceBook(() => 1_000, 2);
  for (const name of ['x', 'y', 'z']) book.put(name, place(name, 1), 1);
  assert.deepEqual([book.size, book.find('x')], [2, undefined]);
  book.doubt(place('y', 7));
  assert.equal(book.find('y')?.fence, 1);
  book.doubt(place('y', 1));
  assert.equal(book.find('y'), undefined);
  book.doubtAll();
  assert.equal(book.find('z'), undefined);
});
