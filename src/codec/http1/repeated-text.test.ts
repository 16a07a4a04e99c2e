import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DEFAULT_LIMITS } from './message-parser.ts';
import { ResponseParser } from './parser.ts';
import { repeatedName, repeatedValue } from './repeated-text.ts';

function fieldsOf(...lines: readonly string[]): string[] {
  const bytes = Buffer.from(`HTTP/1.1 200 OK\r\n${lines.join('\r\n')}\r\n\r\n`, 'latin1');
  const parser = new ResponseParser(DEFAULT_LIMITS, { onHead() {}, onBody() {}, onEnd() {}, onError() {} });
  parser.feed(bytes, 0, bytes.length);
  return lines.map((_, index) => `${repeatedName(parser.head, index)}: ${repeatedValue(parser.head, index)}`);
}

test('what is repeated is what was said, however the last message had said it', () => {
  for (const lines of [
    ['Date: one', 'Server: a', 'X-Own: 1', 'Content-Type: text/plain'],
    ['date: two', 'Server: a', 'x-own: 2', 'Content-Type: text/html'],
    ['DATE: one', 'server: ab', 'Set-Cookie: s=1', 'Content-Type: '],
    ['Date: one', `Server: ${'long '.repeat(40).trim()}`, 'Set-Cookie: s=2', 'Vary: Accept'],
    ['Date: one', 'Date: two', 'Server: caf\u00e9'],
  ]) {
    for (let again = 0; again < 2; again += 1) assert.deepEqual(fieldsOf(...lines), lines);
  }
});
