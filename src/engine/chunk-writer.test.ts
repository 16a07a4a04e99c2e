import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { requestHead } from '../../test/support/playbook-heads.ts';
import { OutBuffer } from '../codec/http1/writer.ts';
import { reopenChunk, writeChunk, writeLastChunk } from './chunk-writer.ts';

function written(write: (out: OutBuffer) => void): string {
  const out = new OutBuffer();
  write(out);
  return out.bytes.toString('latin1', 0, out.length);
}

describe('chunks', () => {
  const bytes = Buffer.from('0123456789abcdef-more');

  test('carry their size in hexadecimal', () => {
    assert.equal(
      written((out) => writeChunk(out, bytes, 2, 5)),
      '3\r\n234\r\n',
    );
    assert.equal(
      written((out) => writeChunk(out, bytes, 0, 16)),
      '10\r\n0123456789abcdef\r\n',
    );
  });

  test('can be opened again and made larger, also when their size gets another digit', () => {
    for (const [size, more] of [
      [3, 4],
      [15, 1],
      [250, 6],
      [16, 0],
    ] as const) {
      const text = written((out) => {
        out.latin1('before');
        writeChunk(out, Buffer.alloc(size, 'a'), 0, size);
        reopenChunk(out, size, more);
        out.latin1('b'.repeat(more));
        out.crlf();
      });
      assert.equal(text, `before${(size + more).toString(16)}\r\n${'a'.repeat(size)}${'b'.repeat(more)}\r\n`);
    }
  });

  test('are never empty, for that would be the last one', () => {
    assert.equal(
      written((out) => writeChunk(out, bytes, 3, 3)),
      '',
    );
  });

  test('end with the last one, and with trailers where there are some', () => {
    assert.equal(
      written((out) => writeLastChunk(out, null)),
      '0\r\n\r\n',
    );
    const trailers = requestHead('GET / HTTP/1.1', 'Host: a', 'X-Sum: 1');
    trailers.drop[trailers.hostIndex] = 1;
    assert.equal(
      written((out) => writeLastChunk(out, trailers)),
      '0\r\nX-Sum: 1\r\n\r\n',
    );
    assert.equal(
      written((out) => writeLastChunk(out, requestHead('GET / HTTP/1.0'))),
      '0\r\n\r\n',
    );
  });
});
