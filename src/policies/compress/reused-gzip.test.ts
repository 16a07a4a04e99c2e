import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { describe, test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import { gzipOnce, MOST_BYTES, ReusedGzip } from './reused-gzip.ts';

const LITTLE = 64;

function open(level: number): ReusedGzip {
  return ReusedGzip.open(level) ?? assert.fail('this Node is the one that it was made for');
}

describe('a gzip that is used again', () => {
  test('makes of any body what reads as it, and about as much as a new one does, whatever came before', () => {
    const gzips = [1, 5, 6].map((level) => ({ level, gzip: open(level) }));
    const body = fc.oneof(
      fc.uint8Array({ maxLength: MOST_BYTES, size: 'max' }),
      fc.string({ maxLength: 4000, size: 'max' }).map((text) => Buffer.from(text).subarray(0, MOST_BYTES)),
      fc.nat({ max: MOST_BYTES }).map((length) => Buffer.alloc(length, 'line after line\n')),
    );
    fc.assert(
      fc.property(fc.array(body, { minLength: 1, maxLength: 4 }), (bodies) => {
        for (const { level, gzip } of gzips) {
          for (const each of bodies) {
            const encoded = gzip.encode(each) ?? assert.fail('it did not work');
            assert.ok(gunzipSync(encoded).equals(each));
            // Where it looks for repetitions depends on what came before, now and then: not what they stand for.
            const difference = encoded.length - gzipOnce(each, level).length;
            assert.ok(Math.abs(difference) <= LITTLE, `${difference} bytes more`);
          }
        }
      }),
      { numRuns: 40 },
    );
  });

  test('has room for what cannot be made smaller, and refuses what is too long', () => {
    const gzip = open(5);
    const longest = randomBytes(MOST_BYTES);
    assert.deepEqual(gunzipSync(gzip.encode(longest)!), longest);
    assert.equal(gzip.encode(Buffer.alloc(MOST_BYTES + 1)), null);
    assert.deepEqual(gunzipSync(gzip.encode(longest)!), longest);
  });

  test('makes nothing more when it has failed', () => {
    const gzip = open(5);
    gzip.close();
    assert.equal(gzip.encode(Buffer.from('some')), null);
  });

  test('is not there on a Node with which it was not tried', (t) => {
    t.mock.property(process, 'versions', { ...process.versions, node: '99.0.0' });
    assert.equal(ReusedGzip.open(5), null);
  });
});
