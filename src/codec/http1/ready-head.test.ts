import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { readyHead } from './ready-head.ts';

describe('a head made ready', () => {
  test('has its lines as they go out, with the framing of its body and nothing of a connection', () => {
    const fields = [
      ['ETag', '"a"'],
      ['Content-Length', '9'],
      ['Connection', 'close'],
      ['Transfer-Encoding', 'chunked'],
    ] as const;
    assert.equal(readyHead(200, fields, 5).toString(), 'HTTP/1.1 200 OK\r\nETag: "a"\r\nContent-Length: 5\r\n');
  });

  test('says nothing of a length that is not known, or that may not be said', () => {
    assert.equal(readyHead(200, [], -1).toString(), 'HTTP/1.1 200 OK\r\n');
    assert.equal(readyHead(204, [], 0).toString(), 'HTTP/1.1 204 No Content\r\n');
  });

  test('cannot be made to hold a line of somebody else', () => {
    assert.throws(() => readyHead(200, [['X', 'a\r\nY: b']], 0), { code: 'internal' });
  });
});
