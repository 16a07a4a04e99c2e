import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { FAULT } from './faults.ts';
import { Head } from './head.ts';
import { HEAD_KIND, HeadReader } from './head-reader.ts';

const LIMITS = { maxTargetBytes: 100, maxHeadBytes: 4000, maxFields: 100 };
const REQUEST = 'GET /path HTTP/1.1\r\nHost: example.com\r\nX-Name: value\r\n\r\n';

const requestReader = (limits = LIMITS): HeadReader => new HeadReader(new Head(), limits, HEAD_KIND.REQUEST);

function bufferOf(text: string): Buffer {
  return Buffer.from(text, 'latin1');
}

describe('reading a head', () => {
  test('that lies whole in the bytes copies nothing', () => {
    const reader = requestReader();
    const bytes = bufferOf(`....${REQUEST}body`);
    assert.equal(reader.feed(bytes, 4, bytes.length), 4 + REQUEST.length);
    assert.equal(reader.done, true);
    assert.equal(reader.head.bytes, bytes);
    assert.deepEqual([reader.head.start, reader.head.length], [4, REQUEST.length]);
  });

  test('that comes in two portions collects it and leaves what follows alone', () => {
    for (let cut = 1; cut < REQUEST.length; cut++) {
      const reader = requestReader();
      const first = bufferOf(REQUEST.slice(0, cut));
      assert.equal(reader.feed(first, 0, first.length), cut);
      assert.equal(reader.done, false);
      first.fill(0);
      const second = bufferOf(`..${REQUEST.slice(cut)}body`);
      assert.equal(reader.feed(second, 2, second.length), second.length - 4);
      assert.equal(reader.done, true);
      assert.notEqual(reader.head.bytes, second);
      assert.equal(reader.head.length, REQUEST.length);
      assert.equal(reader.head.text(0, reader.head.length), REQUEST);
      assert.equal(reader.head.value(1), 'value');
    }
  });

  test('that comes octet by octet makes room as it grows', () => {
    const reader = requestReader();
    const text = `GET / HTTP/1.1\r\nX: ${'y'.repeat(3900)}\r\n\r\n`;
    for (const octet of bufferOf(text)) assert.equal(reader.feed(Buffer.of(octet), 0, 1), 1);
    assert.equal(reader.done, true);
    assert.equal(reader.head.value(0).length, 3900);
  });

  test('is ready for the next one after reset(), and gives back what it held', () => {
    const reader = requestReader();
    const bytes = bufferOf(REQUEST);
    reader.feed(bytes, 0, 20);
    reader.reset();
    reader.head.reset();
    assert.equal(reader.head.bytes.length, 0);
    reader.feed(bytes, 0, bytes.length);
    assert.equal(reader.done, true);
    assert.equal(reader.head.bytes, bytes);
  });

  test('of a response gives status and reason', () => {
    const reader = new HeadReader(new Head(), LIMITS, HEAD_KIND.RESPONSE);
    const bytes = bufferOf('HTTP/1.0 404 Not Found\r\nServer: x\r\n\r\n');
    reader.feed(bytes, 0, bytes.length);
    assert.deepEqual([reader.head.status, reader.head.reason(), reader.head.versionMinor], [404, 'Not Found', 0]);
  });

  test('of a trailer section gives its fields', () => {
    const reader = new HeadReader(new Head(), LIMITS, HEAD_KIND.TRAILERS);
    const bytes = bufferOf('X-A: 1\r\nX-B: 2\r\n\r\nrest');
    assert.equal(reader.feed(bytes, 0, bytes.length), bytes.length - 4);
    assert.deepEqual([reader.done, reader.head.count, reader.head.value(1)], [true, 2, '2']);
  });

  test('stops at the limits, in one portion or in many', () => {
    const limits = { maxTargetBytes: 8, maxHeadBytes: 40, maxFields: 2 };
    const cases: [text: string, fault: object][] = [
      ['GET /23456789 HTTP/1.1\r\n', FAULT.targetTooLong],
      ['GET / HTTP/1.1\r\nX: 4567890123456789012345678', FAULT.headTooLarge],
      ['GET / HTTP/1.1\r\nA: 1\r\nB: 2\r\nC: 3', FAULT.tooManyFields],
      ['M'.repeat(65), FAULT.headTooLarge],
    ];
    for (const [text, fault] of cases) {
      for (const portion of [text.length, 1, 7]) {
        const reader = requestReader(limits);
        const bytes = bufferOf(text);
        let at = 0;
        while (at < bytes.length && reader.fault === null) {
          at = reader.feed(bytes, at, Math.min(bytes.length, at + portion));
        }
        assert.equal(reader.fault, fault, `${text} ${portion}`);
      }
    }
  });

  test('refuses what is odd, whatever has been read before', () => {
    const cases: [text: string, fault: object][] = [
      ['GET  HTTP', FAULT.target],
      ['GET a ', FAULT.targetForm],
      ['(', FAULT.method],
      ['GET / HTTP/2.0\r\n', FAULT.versionUnsupported],
      ['GET / HTTPS/1', FAULT.version],
      ['GET / HTTP/1.1\n', FAULT.startLineEnd],
      ['GET / HTTP/1.1\r\r', FAULT.startLineEnd],
      ['GET / HTTP/1.1\r\n A', FAULT.fieldFolded],
      ['GET / HTTP/1.1\r\nA B', FAULT.fieldName],
      ['GET / HTTP/1.1\r\nA: \x01', FAULT.fieldValue],
      ['GET / HTTP/1.1\r\nA: b\rc', FAULT.fieldValue],
      ['GET / HTTP/1.1\r\nA: b\r\n\rc', FAULT.headEnd],
    ];
    for (const [text, fault] of cases) {
      const whole = requestReader();
      whole.feed(bufferOf(text), 0, text.length);
      assert.equal(whole.fault, fault, text);
      const parts = requestReader();
      for (const octet of bufferOf(text)) if (parts.fault === null) parts.feed(Buffer.of(octet), 0, 1);
      assert.equal(parts.fault, fault, text);
    }
  });

  test('of a response refuses a status line that is odd', () => {
    const cases: [text: string, fault: object][] = [
      ['HTTP/1.1  200', FAULT.status],
      ['HTTP/1.1 099 ', FAULT.status],
      ['HTTP/1.1 2000', FAULT.status],
      ['HTTP/1.1 200 \x01', FAULT.reason],
      ['HTTP/1.1 200 OK\rx', FAULT.startLineEnd],
      ['GET / HTTP/1.1', FAULT.version],
    ];
    for (const [text, fault] of cases) {
      const reader = new HeadReader(new Head(), LIMITS, HEAD_KIND.RESPONSE);
      reader.feed(bufferOf(text), 0, text.length);
      assert.equal(reader.fault, fault, text);
    }
  });

  test('refuses an endless method', () => {
    const reader = requestReader();
    reader.feed(bufferOf('M'.repeat(65)), 0, 65);
    assert.equal(reader.fault, FAULT.methodTooLong);
  });
});
