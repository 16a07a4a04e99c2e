import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LeaseBook } from './lease-book.ts';

test('a book finds what was opened, and makes room by letting go of what was opened first and is not under way', () => {
  const book = new LeaseBook(3);
  const first = book.open('first');
  assert.equal(book.open('first'), first);
  first.isAsked = true;
  book.open('second');
  book.open('third');
  book.open('fourth');
  assert.equal(book.find('first'), first);
  assert.deepEqual([book.find('second'), book.find('third'), book.size], [undefined, undefined, 2]);
});
