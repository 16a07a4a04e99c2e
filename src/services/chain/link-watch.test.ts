import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SluiceError } from '../../core/errors.ts';
import { chainError } from './link-watch.ts';

test('a chain that failed says when to come again, where that is known', () => {
  const error = new SluiceError('hops_exhausted', { message: 'nobody' });
  assert.equal(chainError({ error, attempts: [], retryAfterMs: null }), error);
  const later = chainError({ error, attempts: [], retryAfterMs: 5000 });
  assert.deepEqual([later.code, later.message, later.retryAfterMs], ['hops_exhausted', 'nobody', 5000]);
});
