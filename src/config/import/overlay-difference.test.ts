import assert from 'node:assert/strict';
import { test } from 'node:test';
import { overlayDifference } from './overlay-difference.ts';

test('an overlay says what is different, whole lists, and what is gone', () => {
  const base = {
    a: 1,
    b: { c: [1, 2], d: 3 },
    gateway: { tls: { cert: 'x' }, policies: { cache: {}, filter: { mode: 'y' } } },
  };
  const wanted = { a: 1, b: { c: [1], d: 3, e: 4 }, gateway: { policies: { filter: { mode: 'z' } } }, f: {} };
  assert.deepEqual(overlayDifference(base, wanted), {
    b: { c: [1], e: 4 },
    gateway: { tls: null, policies: { filter: { mode: 'z' }, cache: false } },
    f: {},
  });
  assert.deepEqual(overlayDifference(base, base), {});
});
