import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bearerToken } from './bearer-token.ts';

test('a token stands behind its scheme, in any case', () => {
  assert.deepEqual(['Bearer abc', 'bearer  abc', 'Basic abc', 'Bearer', 'Bearer a b', undefined].map(bearerToken), [
    'abc',
    'abc',
    null,
    null,
    null,
    null,
  ]);
});
