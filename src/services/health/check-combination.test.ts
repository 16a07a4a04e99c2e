import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { BalanceRig } from '../../../test/support/balance-rig.ts';
import type { CheckResult } from '../balance/member.ts';
import { combineChecks } from './check-combination.ts';

const PASSED: CheckResult = { passed: true, latencyMs: 1 };
const FAILED: CheckResult = { passed: false, reason: 'upstream_timeout' };

/** The verdict of checks with these results, and how many of them ran. */
async function combined(
  results: readonly (CheckResult | null)[],
  mode: 'any' | 'all',
): Promise<[passed: boolean | null, ran: number]> {
  let ran = 0;
  const checks = results.map((result) => async () => {
    ran += 1;
    return result;
  });
  const verdict = await combineChecks<string>(checks, mode)(
    new BalanceRig('a').member('a'),
    new AbortController().signal,
  );
  return [verdict?.passed ?? null, ran];
}

describe('several checks', () => {
  test('of which any is enough pass with the first that does', async () => {
    assert.deepEqual(await combined([FAILED, PASSED, PASSED], 'any'), [true, 2]);
    assert.deepEqual(await combined([FAILED, FAILED], 'any'), [false, 2]);
  });

  test('of which all are wanted fail with the first that does', async () => {
    assert.deepEqual(await combined([PASSED, FAILED, PASSED], 'all'), [false, 2]);
    assert.deepEqual(await combined([PASSED, PASSED], 'all'), [true, 2]);
  });

  test('say nothing when none of them can', async () => {
    assert.deepEqual(await combined([null, null], 'any'), [null, 2]);
    assert.deepEqual(await combined([PASSED, null], 'all'), [true, 2]);
    assert.deepEqual(await combined([], 'all'), [null, 0]);
  });

  test('end when they are asked to', async () => {
    const abort = new AbortController();
    let ran = 0;
    const check = async (): Promise<CheckResult> => {
      ran += 1;
      abort.abort();
      return PASSED;
    };
    await combineChecks<string>([check, check], 'all')(new BalanceRig('a').member('a'), abort.signal);
    assert.equal(ran, 1);
  });
});
