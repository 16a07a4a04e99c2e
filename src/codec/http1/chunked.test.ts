import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { CHUNK, ChunkedReader } from './chunked.ts';
import { FAULT } from './faults.ts';

const LIMITS = { maxBodyBytes: 100, maxChunkExtensionBytes: 10 };

/** Reads all of the text and returns the slices, the last outcome and what was left. */
function read(text: string, reader = new ChunkedReader(LIMITS)): { slices: string[]; outcome: number; rest: string } {
  const bytes = Buffer.from(text, 'latin1');
  const slices: string[] = [];
  let at = 0;
  do {
    at = reader.feed(bytes, at, bytes.length);
    if (reader.outcome === CHUNK.DATA) slices.push(bytes.toString('latin1', reader.dataFrom, at));
  } while (reader.outcome === CHUNK.DATA);
  return { slices, outcome: reader.outcome, rest: bytes.toString('latin1', at) };
}

describe('a chunked body', () => {
  test('is given out slice by slice', () => {
    const { slices, outcome, rest } = read('5\r\nhello\r\nA;x\r\n0123456789\r\n0\r\n\r\nnext');
    assert.deepEqual([slices, outcome, rest], [['hello', '0123456789'], CHUNK.END, 'next']);
  });

  test('may be cut anywhere', () => {
    const text = '5;ab\r\nhello\r\n00a\r\n0123456789\r\n000\r\n\r\n';
    for (let cut = 0; cut <= text.length; cut++) {
      const reader = new ChunkedReader(LIMITS);
      const first = read(text.slice(0, cut), reader);
      const second = cut < text.length ? read(text.slice(cut), reader) : first;
      const slices = second === first ? first.slices : [...first.slices, ...second.slices];
      assert.equal(slices.join(''), 'hello0123456789');
      assert.equal(second.outcome, CHUNK.END);
    }
  });

  test('stops before a trailer section', () => {
    const { outcome, rest } = read('0\r\nX: y\r\n\r\n');
    assert.deepEqual([outcome, rest], [CHUNK.TRAILERS, 'X: y\r\n\r\n']);
  });

  test('is refused where it is not exactly the grammar', () => {
    const cases: [text: string, detail: string][] = [
      ['x\r\n', FAULT.chunkSize.detail],
      ['\r\n', FAULT.chunkSize.detail],
      ['5 \r\n', FAULT.chunkSize.detail],
      ['00000000000001\r\n', FAULT.chunkSize.detail],
      ['5\rx', FAULT.chunkLine.detail],
      ['5;\n', FAULT.chunkExtension.detail],
      ['5;12345678901\r\n', FAULT.chunkExtensionTooLong.detail],
      ['1\r\nab', FAULT.chunkEnd.detail],
      ['1\r\na\rb', FAULT.chunkEnd.detail],
      ['65\r\n', FAULT.bodyTooLarge.detail],
      ['0\r\n\rx', FAULT.headEnd.detail],
    ];
    for (const [text, detail] of cases) {
      const reader = new ChunkedReader(LIMITS);
      assert.equal(read(text, reader).outcome, CHUNK.FAULT, JSON.stringify(text));
      assert.equal(reader.fault?.detail, detail, JSON.stringify(text));
    }
  });

  test('may be allowed more or less than any other', () => {
    const reader = new ChunkedReader(LIMITS);
    reader.maxBodyBytes = 200;
    assert.equal(read(`65\r\n${'x'.repeat(101)}\r\n0\r\n\r\n`, reader).outcome, CHUNK.END);
    reader.reset();
    assert.equal(read('65\r\n', reader).outcome, CHUNK.FAULT);
  });

  test('of the next message begins anew', () => {
    const reader = new ChunkedReader(LIMITS);
    for (let i = 0; i < 3; i++) {
      assert.equal(read(`60;12345678\r\n${'x'.repeat(96)}\r\n0\r\n\r\n`, reader).outcome, CHUNK.END);
      reader.reset();
    }
  });
});
