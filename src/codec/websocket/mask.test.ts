import assert from 'node:assert/strict';
import { Buffer } from 'node:buffer';
import { test } from 'node:test';
import { xorMask } from './mask.ts';

test('bytes anywhere in memory are masked as they would be one by one, and nothing beside them', () => {
  const mask = Buffer.from([1, 20, 133, 250]);
  for (const offset of [0, 1, 2, 3]) {
    for (const [from, to] of [
      [0, 0],
      [1, 4],
      [0, 64],
      [3, 70],
      [5, 131],
    ] as const) {
      for (const turn of [0, 1, 6]) {
        const bytes = Buffer.from(new ArrayBuffer(200), offset, 160).fill(7);
        xorMask(bytes, from, to, { mask, turn });
        const expected = Buffer.alloc(160, 7);
        for (let at = from; at < to; at += 1) expected[at]! ^= mask[(turn + at - from) % 4]!;
        assert.deepEqual(Buffer.from(bytes), expected, `${offset} ${from} ${to} ${turn}`);
      }
    }
  }
});
