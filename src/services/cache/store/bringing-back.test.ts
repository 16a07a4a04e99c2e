import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TakingReader } from '../../../../test/support/cache-store.ts';
import { BringingBack } from './bringing-back.ts';

test('what was read to its end is brought back whole, and nothing of what was not', () => {
  const got: string[] = [];
  for (const pieces of [['hel', 'lo'], ['hel']]) {
    const reader = new TakingReader();
    const taker = new BringingBack(reader, 5, (body) => got.push(body.toString()));
    for (const piece of pieces) taker.take(Buffer.from(piece), 0, piece.length);
    taker.end([]);
    assert.equal(reader.text, pieces.join(''));
  }
  new BringingBack(new TakingReader(), 0, () => got.push('failed')).failed();
  assert.deepEqual(got, ['hello']);
});
