import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TIMEOUTS } from '../../../test/support/timeouts.ts';
import type { Exchange } from '../../contract/exchange.ts';
import { timeout } from './timeout.ts';

test('the times of a route are known to the engine before anything happens, and to whoever asks', () => {
  const foreseen = (totalMs: number): string | undefined => {
    return timeout({ ...TIMEOUTS, totalMs }).foresee?.({} as Exchange);
  };
  assert.deepEqual(timeout(TIMEOUTS).bounds, { timeouts: TIMEOUTS });
  assert.equal(foreseen(0), 'waits 30s for an answer');
  assert.equal(foreseen(5000), 'waits 30s for an answer, and 5s for the whole of it');
});
