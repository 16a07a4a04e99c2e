import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { chiSquare } from '../../../test/support/balance-rig.ts';
import { hash32, mix32 } from './hash.ts';

describe('hash32', () => {
  test('never changes, for bindings depend on it', () => {
    assert.deepEqual(
      ['', 'a', 'session-1', 'ключ', '🦥'].map((text) => hash32(text)),
      [0, 1455541201, 604975884, 2941884208, 3296354289],
    );
  });

  test('depends on the seed', () => {
    fc.assert(fc.property(fc.string({ minLength: 1 }), (text) => hash32(text, 1) !== hash32(text, 2)));
  });

  test('is a whole number of 32 bits', () => {
    fc.assert(
      fc.property(fc.string(), fc.integer(), (text, seed) => {
        const hash = hash32(text, seed);
        return Number.isInteger(hash) && hash >= 0 && hash < 2 ** 32;
      }),
    );
  });
});

describe('mix32', () => {
  test('spreads the keys that follow one another over all values', () => {
    const counts = Array.from({ length: 16 }, () => 0);
    for (let key = 0; key < 16_000; key += 1) counts[mix32(hash32(`key-${key}`), hash32('member')) >>> 28]! += 1;
    // 15 degrees of freedom: 37.7 is exceeded once in a thousand.
    assert.ok(
      chiSquare(
        counts,
        counts.map(() => 1000),
      ) < 37.7,
    );
  });
});
