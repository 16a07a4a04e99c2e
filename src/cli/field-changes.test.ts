import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fieldChanges } from './field-changes.ts';

test('a line sets a field, or takes it out', () => {
  assert.deepEqual(fieldChanges(['X-A: b ', 'X-C:', 'X-D:e']), { 'X-A': 'b', 'X-C': null, 'X-D': 'e' });
  assert.deepEqual(fieldChanges(), {});
});

test('anything else is refused', () => {
  for (const line of ['X-A', 'X A: b', 'X-A: b\r\nX-C: d']) {
    assert.throws(() => fieldChanges([line]), { code: 'usage', message: /is no header/ });
  }
});
