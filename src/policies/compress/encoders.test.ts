import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { brotliDecompressSync, gunzipSync, zstdDecompressSync } from 'node:zlib';
import type { Encoding } from './accepted-encodings.ts';
import { encoderOf, type EncodingStream } from './encoders.ts';

const DECODE = { gzip: gunzipSync, br: brotliDecompressSync, zstd: zstdDecompressSync } as const;
const TEXT = readFileSync(import.meta.filename);

async function encoded(stream: EncodingStream): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of stream.end(TEXT)) parts.push(part as Buffer);
  return Buffer.concat(parts);
}

for (const name of ['zstd', 'br', 'gzip'] as const satisfies readonly Encoding[]) {
  describe(name, () => {
    test('can be read again, made at once or as a stream, hasty or not', async () => {
      const encoder = encoderOf(name, 3);
      assert.deepEqual(DECODE[name](encoder.encode(TEXT)), TEXT);
      for (const [isHasty, bytes] of [
        [false, -1],
        [true, -1],
        [false, TEXT.length],
        [true, TEXT.length],
      ] as const)
        assert.deepEqual(DECODE[name](await encoded(encoder.open({ isHasty, bytes }))), TEXT);
    });

    test('gets smaller with a higher level, which is never spent on the spot', () => {
      const [fast, thorough] = [encoderOf(name, 1), encoderOf(name, 9)];
      assert.ok(thorough.encode(TEXT).length < fast.encode(TEXT).length);
      assert.ok(fast.onTheSpotBytes > 0);
      assert.equal(thorough.onTheSpotBytes, 0);
    });
  });
}
