import assert from 'node:assert/strict';
import { test } from 'node:test';
import { storedMeta } from '../../../../test/support/cache-store.ts';
import { decodeFixed, decodeTail, digestOf, encodeFixed, encodeTail, FIXED_BYTES } from './disk-file.ts';
import { packHead, unpackHead } from './stored-answer.ts';

test('a file gives what was written into it, and nothing when any byte is another or missing', () => {
  const body = Buffer.from('hello');
  const meta = storedMeta('http://a.test/ü', { tags: ['one'] });
  const head = packHead({ key: 'key', meta, trailers: [['X', 'y']], copyOf: 0 });
  const tail = encodeTail([digestOf(body)], head);
  const fixed = encodeFixed(body.length, head, tail);
  const length = FIXED_BYTES + body.length + tail.length;
  const shape = decodeFixed(fixed, length)!;
  assert.deepEqual(unpackHead(decodeTail(shape, tail)!.head), { key: 'key', meta, trailers: [['X', 'y']] });
  assert.equal(decodeFixed(fixed, length - 1), null);
  assert.equal(decodeFixed(Buffer.alloc(FIXED_BYTES), length), null);
  for (const at of [0, 9, 20, 30, 41]) {
    const spoilt = Buffer.from(fixed);
    spoilt[at]! ^= 1;
    assert.equal(decodeFixed(spoilt, length), null, `${at}`);
  }
  for (let at = 0; at < tail.length; at += 5) {
    const spoilt = Buffer.from(tail);
    spoilt[at]! ^= 1;
    assert.equal(decodeTail(shape, spoilt), null);
  }
});
