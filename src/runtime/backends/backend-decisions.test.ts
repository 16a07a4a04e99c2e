import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BackendDecisions } from './backend-decisions.ts';

test('what was decided of a backend holds until something else is', () => {
  const decisions = new BackendDecisions();
  const after = (change: { enabled?: boolean; draining?: boolean }): string => {
    decisions.change('a', change);
    return decisions.stateOf('a');
  };
  assert.equal(decisions.stateOf('a'), 'enabled');
  assert.equal(after({ draining: true }), 'draining');
  assert.equal(after({ enabled: false }), 'disabled');
  assert.equal(after({ draining: true }), 'disabled', 'one that gets nothing cannot be drained');
  assert.equal(after({ enabled: true }), 'enabled');
  assert.equal(after({ draining: true }), 'draining');
  assert.equal(after({ draining: false }), 'enabled');
  assert.equal(decisions.stateOf('b'), 'enabled');
});
