import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { brotliCompressSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { decodeBytes, encodingOf } from './decoded-bytes.ts';

function decoded(bytes: Buffer, encoding: string, isCut = false): Promise<string | null> {
  return new Promise((resolve) =>
    decodeBytes({ bytes, encoding, isCut }, (plain) =>
      resolve(plain === null ? null : Buffer.from(plain).toString('latin1')),
    ),
  );
}

const ENCODERS = {
  gzip: gzipSync,
  'x-gzip': gzipSync,
  deflate: deflateSync,
  br: brotliCompressSync,
  zstd: zstdCompressSync,
};

describe('a body without its encoding', () => {
  test('is what was encoded, small or large', async () => {
    const large = Array.from({ length: 60_000 }, (_, i) => String((i * 7919) % 100_003)).join();
    for (const text of ['', 'hi', large]) {
      for (const [encoding, encode] of Object.entries(ENCODERS)) {
        assert.equal(await decoded(encode(text), encoding), text, encoding);
      }
      assert.equal(await decoded(Buffer.from(text), ''), text);
    }
  });

  test('is as much of it as there is, where only the beginning is there', async () => {
    const text = Array.from({ length: 60_000 }, (_, i) => String((i * 7919) % 100_003)).join();
    for (const [encoding, encode] of Object.entries(ENCODERS)) {
      const bytes = encode(text);
      for (const size of [60_000, bytes.length - 20]) {
        const beginning = await decoded(bytes.subarray(0, size), encoding, true);
        assert.ok(beginning !== null && beginning.length > 1000 && text.startsWith(beginning), encoding);
        assert.equal(await decoded(bytes.subarray(0, size), encoding), null, encoding);
      }
    }
  });

  test('is nothing where it cannot be decoded', async () => {
    for (const encoding of [...Object.keys(ENCODERS), 'snappy', 'gzip, br']) {
      assert.equal(await decoded(Buffer.from('no encoding'), encoding), null, encoding);
      assert.equal(await decoded(Buffer.alloc(100_000, 'no'), encoding), null, encoding);
    }
    assert.equal(await decoded(gzipSync(Buffer.alloc(65 * 1024 * 1024)), 'gzip'), null);
  });

  test('may be one that was not encoded at all', () => {
    assert.deepEqual([undefined, '', ' Identity ', 'GZIP'].map(encodingOf), ['', '', '', 'gzip']);
  });
});
