import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { SessionBook } from './session-book.ts';
import { TokenBook, tokenDigest } from './token-book.ts';

const HOUR_MS = 3_600_000;
const tokens = new TokenBook([{ name: 'alice', digest: tokenDigest('one') }]);

describe('the session book', () => {
  test('knows whose token opened a session, until it is closed', () => {
    const book = new SessionBook();
    const id = book.open('one');
    assert.notEqual(id, book.open('one'));
    assert.equal(book.findHolder(id, tokens), 'alice');
    assert.equal(book.findHolder(`${id}x`, tokens), undefined);
    book.close(id);
    assert.equal(book.findHolder(id, tokens), undefined);
  });

  test('ends a session with its token', () => {
    const book = new SessionBook();
    const id = book.open('one');
    assert.equal(book.findHolder(id, new TokenBook([])), undefined);
    assert.equal(book.findHolder(id, tokens), undefined, 'and it does not come back with it');
  });

  test('ends a session that is not used for long, and any after a week', () => {
    let nowMs = 0;
    const book = new SessionBook(() => nowMs);
    const idle = book.open('one');
    const busy = book.open('one');
    for (let hour = 0; hour <= 7 * 24; hour += 12) {
      nowMs = hour * HOUR_MS;
      assert.equal(book.findHolder(busy, tokens), 'alice');
    }
    assert.equal(book.findHolder(idle, tokens), undefined);
    nowMs += 1;
    assert.equal(book.findHolder(busy, tokens), undefined);
  });

  test('never grows beyond its bound: whoever was away for longest leaves', () => {
    const book = new SessionBook();
    const [first, second] = [book.open('one'), book.open('one')];
    for (let count = 2; count < 256; count += 1) book.open('one');
    assert.equal(book.findHolder(first, tokens), 'alice');
    book.open('one');
    assert.equal(book.findHolder(second, tokens), undefined);
    assert.equal(book.findHolder(first, tokens), 'alice');
  });
});
