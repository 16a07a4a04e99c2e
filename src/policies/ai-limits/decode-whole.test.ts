import assert from 'node:assert/strict';
import { test } from 'node:test';
import { brotliCompressSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { decodeWhole } from './decode-whole.ts';

const TEXT = Buffer.from('{"model":"m"}'.repeat(50));

test('a body in any encoding that is known comes out as it went in', async () => {
  for (const [encoding, encode] of [
    ['gzip', gzipSync],
    ['x-gzip', gzipSync],
    ['deflate', deflateSync],
    ['br', brotliCompressSync],
    ['zstd', zstdCompressSync],
  ] as const) {
    assert.deepEqual(await decodeWhole(encoding, encode(TEXT), 1000), TEXT, encoding);
    const twice = Buffer.concat([encode(TEXT.subarray(0, 9)), encode(TEXT.subarray(9))]);
    const isOfParts = encoding.includes('gzip') || encoding === 'zstd';
    if (isOfParts) assert.deepEqual(await decodeWhole(encoding, twice, 1000), TEXT, `${encoding} in two parts`);
  }
});

test('a body that would have no end is given up', async () => {
  const bomb = Buffer.alloc(10 * 1024 * 1024);
  for (const [encoding, bytes] of [
    ['gzip', gzipSync(bomb)],
    ['zstd', zstdCompressSync(bomb)],
  ] as const) {
    assert.equal(await decodeWhole(encoding, bytes, 1000), 'too large', encoding);
  }
});

test('a body that is broken, or in an encoding that is not known, is unreadable', async () => {
  const zip = gzipSync(TEXT);
  assert.equal(await decodeWhole('gzip', zip.subarray(0, -9), 1000), 'unreadable');
  assert.equal(await decodeWhole('zstd', zip, 1000), 'unreadable');
  assert.equal(await decodeWhole('gzip, zstd', zip, 1000), 'unreadable');
  assert.equal(await decodeWhole('lzma', zip, 1000), 'unreadable');
});
