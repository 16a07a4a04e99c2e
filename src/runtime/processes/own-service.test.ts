import assert from 'node:assert/strict';
import { test } from 'node:test';
import { documentSchema } from '../../config/schema/document.ts';
import { serviceBounds } from './own-service.ts';

test('a service may be silent for as long as it says, and its head may take its time', () => {
  const config = documentSchema.parse({ timeouts: { read: '30s' } });
  const { halfIsGone, timeouts } = serviceBounds(config, { silenceMs: 60_000, headMs: 100_000 });
  assert.equal(halfIsGone, true);
  assert.deepEqual([timeouts?.readMs, timeouts?.responseMs], [60_000, 100_000]);
  assert.equal(serviceBounds(config, { silenceMs: 1, headMs: 1 }).timeouts?.readMs, 30_000);
});
