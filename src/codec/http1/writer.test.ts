import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Head } from './head.ts';
import { HEAD_KIND, HeadReader } from './head-reader.ts';
import { DEFAULT_LIMITS } from './message-parser.ts';
import { CONTINUE_LINE, copyStatusLine, LAST_CHUNK, OutBuffer, writeFields, writeStatusLine } from './writer.ts';

const textOf = (out: OutBuffer): string => out.bytes.toString('latin1', 0, out.length);

function written(write: (out: OutBuffer) => void): string {
  const out = new OutBuffer(4);
  write(out);
  return textOf(out);
}

function responseHead(text: string): Head {
  const reader = new HeadReader(new Head(), DEFAULT_LIMITS, HEAD_KIND.RESPONSE);
  const bytes = Buffer.from(`..${text}`, 'latin1');
  reader.feed(bytes, 2, bytes.length);
  assert.ok(reader.done);
  return reader.head;
}

describe('an out buffer', () => {
  test('grows and keeps what it has', () => {
    const out = new OutBuffer(4);
    out.latin1('abc');
    out.latin1('d\xfc'.repeat(50));
    out.copy(Buffer.from('0123456789'), 2, 5);
    out.copy(Buffer.from('x'.repeat(100)), 0, 100);
    out.crlf();
    assert.equal(textOf(out), `abc${'d\xfc'.repeat(50)}234${'x'.repeat(100)}\r\n`);
    out.reset();
    assert.equal(out.length, 0);
    out.reserve(1000);
    assert.ok(out.bytes.length >= 1000);
  });

  test('writes numbers', () => {
    for (const value of [0, 1, 9, 10, 99, 100, 12_345, 2_147_483_647, 2_147_483_648, 999_999_999_999_999]) {
      assert.equal(
        written((out) => out.decimal(value)),
        String(value),
      );
    }
  });

  test('writes chunk size lines', () => {
    for (const size of [0, 1, 9, 10, 15, 16, 255, 256, 4095, 65_536, 0x7fffffff]) {
      assert.equal(
        written((out) => out.chunkHead(size)),
        `${size.toString(16)}\r\n`,
      );
    }
  });
});

describe('fields', () => {
  test('are written as they came, those aside that are to be skipped', () => {
    const lines = ['A:1', 'B:  2  ', 'C: ', 'D: 4'];
    const head = responseHead(`HTTP/1.1 200 OK\r\n${lines.join('\r\n')}\r\n\r\n`);
    for (let mask = 0; mask < 16; mask++) {
      const skip = Uint8Array.from({ length: 4 }, (_, index) => (mask >> index) & 1);
      const expected = lines.filter((_, index) => skip[index] === 0).map((line) => `${line}\r\n`);
      assert.equal(
        written((out) => writeFields(out, head, skip)),
        expected.join(''),
      );
    }
  });

  test('of an empty head are nothing', () => {
    const head = responseHead('HTTP/1.1 200 OK\r\n\r\n');
    assert.equal(
      written((out) => writeFields(out, head, head.drop)),
      '',
    );
  });
});

describe('status lines', () => {
  const line = (status: number, reason?: string): string => written((out) => writeStatusLine(out, status, reason));

  test('have the usual reason, the given one, or none', () => {
    assert.equal(line(200), 'HTTP/1.1 200 OK\r\n');
    assert.equal(line(431), 'HTTP/1.1 431 Request Header Fields Too Large\r\n');
    assert.equal(line(404, 'Gone fishing'), 'HTTP/1.1 404 Gone fishing\r\n');
    assert.equal(line(404, ''), 'HTTP/1.1 404 Not Found\r\n');
    assert.equal(line(799), 'HTTP/1.1 799 \r\n');
  });

  test('of a received head are copied, in our version', () => {
    const copied = (text: string): string => written((out) => copyStatusLine(out, responseHead(`${text}\r\n\r\n`)));
    assert.equal(copied('HTTP/1.0 200 Fine'), 'HTTP/1.1 200 Fine\r\n');
    assert.equal(copied('HTTP/1.1 404 '), 'HTTP/1.1 404 Not Found\r\n');
    assert.equal(copied('HTTP/1.1 404'), 'HTTP/1.1 404 Not Found\r\n');
  });

  test('and chunks have their constants', () => {
    assert.equal(LAST_CHUNK.toString(), '0\r\n\r\n');
    assert.equal(CONTINUE_LINE.toString(), 'HTTP/1.1 100 Continue\r\n\r\n');
  });
});
