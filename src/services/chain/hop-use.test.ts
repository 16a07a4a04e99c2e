import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { HopFailure } from './hop-fault.ts';
import { outcomeOf } from './hop-use.ts';

const FAILURE: HopFailure = {
  code: 'hop_busy',
  blame: 'busy',
  message: '',
  cause: undefined,
  failedHop: 0,
  reportedBy: null,
  isUnproven: false,
  status: 429,
  retryAfterMs: 7000,
};

test('a failure counts against a member only as far as it is to blame', () => {
  const outcomes = (['member', 'auth', 'busy', 'ambiguous', 'policy', 'configuration', 'none'] as const).map((blame) =>
    outcomeOf({ ...FAILURE, blame }, 'a.example:443'),
  );
  assert.deepEqual(outcomes, [
    { kind: 'failure', reason: 'hop_busy' },
    { kind: 'auth_failed', reason: 'hop_busy' },
    { kind: 'busy', retryAfterMs: 7000 },
    { kind: 'ambiguous', target: 'a.example:443', reason: 'hop_busy' },
    { kind: 'neutral' },
    { kind: 'neutral' },
    { kind: 'neutral' },
  ]);
});
