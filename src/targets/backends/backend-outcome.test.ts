import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { ErrorCode } from '../../core/errors.ts';
import { outcomeOf } from './backend-outcome.ts';

function kindOf(code: ErrorCode | null, status: number): string {
  return outcomeOf({ code, status, durationMs: 7 }).kind;
}

describe('the end of a request', () => {
  test('is a success with the time to the head of the answer, be it one that the client does not like', () => {
    assert.deepEqual(outcomeOf({ code: null, status: 200, durationMs: 7 }), { kind: 'success', latencyMs: 7 });
    assert.equal(kindOf(null, 101), 'success');
    assert.equal(kindOf(null, 404), 'success');
    assert.equal(kindOf(null, 429), 'success');
  });

  test('is a failure when the backend could not be reached, did not answer or answered nonsense', () => {
    assert.deepEqual(outcomeOf({ code: 'upstream_timeout', status: 0, durationMs: 7 }), {
      kind: 'failure',
      reason: 'upstream_timeout',
    });
    for (const code of ['upstream_unreachable', 'upstream_reset', 'upstream_invalid'] as const) {
      assert.equal(kindOf(code, 0), 'failure');
    }
  });

  test('is a failure when the backend says that it cannot serve', () => {
    for (const status of [502, 503, 504]) assert.equal(kindOf(null, status), 'failure');
    assert.equal(kindOf('upstream_unavailable', 0), 'failure');
  });

  test('says nothing when the client left, we gave up or the application failed', () => {
    assert.equal(kindOf(null, 0), 'neutral');
    assert.equal(kindOf(null, 500), 'neutral');
    assert.equal(kindOf('upstream_busy', 0), 'neutral');
    assert.equal(kindOf('internal', 0), 'neutral');
  });
});
