import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Head } from '../codec/http1/head.ts';
import { ResponseParser } from '../codec/http1/parser.ts';
import { DEFAULT_LIMITS } from '../codec/http1/message-parser.ts';
import { HeadCopy, ownCopy } from './own-copy.ts';

function received(text: string): Head {
  const bytes = Buffer.from(text);
  const parser = new ResponseParser(DEFAULT_LIMITS, { onHead() {}, onBody() {}, onEnd() {}, onError() {} });
  parser.feed(bytes, 0, bytes.length);
  return parser.head;
}

test('one copy after the other is what its head was, also of one that is large', () => {
  const copies = new HeadCopy();
  for (const value of ['long'.repeat(50), 'short', 'large'.repeat(1000), 'last']) {
    const copy = copies.of(received(`HTTP/1.1 200 OK\r\nX-A: ${value}\r\n\r\n`));
    assert.deepEqual([copy.count, copy.value(0), copy.length], [1, value, value.length + 26]);
  }
});

test('a copy of a head stays as it was, whatever becomes of the bytes that it came in', () => {
  const bytes = Buffer.from('HTTP/1.1 404 Gone Fishing\r\nX-A: 1\r\nX-B: 2\r\n\r\n');
  const parser = new ResponseParser(DEFAULT_LIMITS, { onHead() {}, onBody() {}, onEnd() {}, onError() {} });
  parser.feed(bytes, 0, bytes.length);
  parser.head.drop[1] = 1;
  const copy = ownCopy(parser.head);
  bytes.fill(0);
  parser.head.drop[1] = 0;
  assert.deepEqual([copy.status, copy.text(copy.reasonFrom, copy.reasonTo)], [404, 'Gone Fishing']);
  assert.deepEqual([copy.value(0), copy.value(1), copy.drop[0], copy.drop[1]], ['1', '2', 0, 1]);
});
