import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { brotliCompressSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { DecodedCopy } from './decoded-copy.ts';

class Stage {
  readonly parts: Buffer[] = [];
  readonly ended = Promise.withResolvers<boolean>();
  endings = 0;
  readonly copy: DecodedCopy | null;

  constructor(encoding: string) {
    this.copy = DecodedCopy.open(encoding, {
      take: (bytes, from, to) => void this.parts.push(Buffer.from(bytes.subarray(from, to))),
      done: (isWhole) => {
        this.endings += 1;
        this.ended.resolve(isWhole);
      },
    });
  }

  get text(): string {
    return Buffer.concat(this.parts).toString();
  }

  /** The bytes are somebody else's afterwards. */
  write(bytes: Buffer): this {
    const lent = Buffer.concat([Buffer.from('??'), bytes, Buffer.from('??')]);
    this.copy?.write(lent, 2, 2 + bytes.length);
    lent.fill(0);
    return this;
  }

  async end(): Promise<boolean> {
    this.copy?.end();
    const isWhole = await this.ended.promise;
    this.write(Buffer.from('more')).copy?.end();
    assert.equal(this.endings, 1);
    return isWhole;
  }
}

const TEXT = 'event: a\ndata: b\n\n'.repeat(1000);

describe('a decoded copy', () => {
  test('gives what was encoded, in all encodings that are known, whatever they are called', async () => {
    for (const [names, encode] of [
      [['gzip', 'x-gzip', ' GZip '], gzipSync],
      [['deflate'], deflateSync],
      [['br'], brotliCompressSync],
      [['zstd'], zstdCompressSync],
    ] as const) {
      for (const name of names) {
        const stage = new Stage(name);
        for (const byte of encode(TEXT)) stage.write(Buffer.of(byte));
        assert.equal(await stage.end(), true);
        assert.equal(stage.text, TEXT);
      }
    }
    assert.equal(new Stage('snappy').copy, null);
    assert.equal(new Stage('gzip, br').copy, null);
  });

  test('that is no such encoding is given up', async () => {
    for (const encoding of ['gzip', 'br', 'zstd', 'deflate']) {
      assert.equal(await new Stage(encoding).write(Buffer.from('this is something else')).end(), false);
    }
  });

  test('is given up when it falls behind, rather than hold anything back', async () => {
    const stage = new Stage('gzip');
    const large = gzipSync(Buffer.alloc(16), { level: 0 });
    const part = Buffer.concat(Array.from({ length: 10_000 }, () => large));
    for (let i = 0; i < 20; i += 1) stage.write(part);
    assert.equal(stage.endings, 1);
    assert.equal(await stage.ended.promise, false);
  });
});
