import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { SluiceError } from '../../core/errors.ts';
import { BalanceRig } from '../../../test/support/balance-rig.ts';
import { FakeTimers } from '../../../test/support/fake-timers.ts';
import type { CheckResult } from '../balance/member.ts';
import { HealthChecker, type Check, type HealthOptions } from './health-checker.ts';

const PASSED: CheckResult = { passed: true, latencyMs: 30 };
const FAILED: CheckResult = { passed: false, reason: 'upstream_unreachable' };

interface Scene {
  readonly rig: BalanceRig;
  readonly timers: FakeTimers;
  readonly checker: HealthChecker<string>;
  readonly checked: string[];
}

function setUp(ids: string, check: Check<string>, options: Partial<HealthOptions<string>> = {}): Scene {
  const rig = new BalanceRig(ids);
  const timers = new FakeTimers();
  const checked: string[] = [];
  const checker = new HealthChecker<string>({
    group: rig.group,
    check: async (member, signal) => {
      checked.push(member.id);
      return check(member, signal);
    },
    intervalMs: 1000,
    timeoutMs: 200,
    unhealthyAfter: 2,
    healthyAfter: 2,
    timers,
    random: () => 0,
    ...options,
  });
  return { rig, timers, checker, checked };
}

const answers =
  (result: CheckResult | null): Check<string> =>
  async () =>
    result;

describe('a health checker', () => {
  test('takes out the member whose checks fail and brings it back when they pass', async () => {
    const results = new Map([['a', FAILED]]);
    const { rig, timers, checker } = setUp('ab', async ({ id }) => results.get(id) ?? PASSED);
    checker.start();
    await timers.advance(1000);
    assert.deepEqual(rig.events, ['a unhealthy']);
    results.clear();
    await timers.advance(2000);
    assert.deepEqual(rig.events, ['a unhealthy', 'a healthy']);
    assert.equal(rig.member('b').state().latencyMs, 30);
    checker.stop();
  });

  test('checks the member of a group of one as well', async () => {
    const { timers, checker, checked } = setUp('a', answers(PASSED));
    checker.start();
    await timers.advance(2800);
    assert.deepEqual(checked, ['a', 'a', 'a', 'a']);
    checker.stop();
  });

  test('leaves alone whom people have taken out', async () => {
    const { rig, timers, checker, checked } = setUp('abc', answers(PASSED));
    rig.member('a').admin = 'disabled';
    rig.member('b').admin = 'draining';
    checker.start();
    await timers.advance(10);
    assert.deepEqual(checked, ['c']);
    checker.stop();
  });

  test('follows the members of its group', async () => {
    const { rig, timers, checker, checked } = setUp('ab', answers(PASSED));
    checker.start();
    await timers.advance(10);
    rig.update('bc');
    await timers.advance(10);
    assert.deepEqual(checked, ['a', 'b', 'c']);
    checker.stop();
  });

  test('holds that a check has failed when it takes too long, and tells it to end', async () => {
    const signals: AbortSignal[] = [];
    const { rig, timers, checker } = setUp('a', async (_, signal) => {
      signals.push(signal);
      return new Promise(() => {});
    });
    checker.start();
    await timers.advance(199);
    assert.equal(signals[0]?.aborted, false);
    await timers.advance(1200);
    assert.equal(signals[0]?.aborted, true);
    assert.deepEqual(rig.events, ['a unhealthy']);
    assert.equal(rig.member('a').state().lastError, 'upstream_timeout');
    checker.stop();
  });

  test('holds an error that is thrown for the failure that it names', async () => {
    const errors = [new SluiceError('upstream_tls_failed'), new TypeError('a bug')];
    const { rig, checker } = setUp('a', async () => {
      throw errors.shift();
    });
    await checker.checkNow(rig.member('a'));
    assert.equal(rig.member('a').state().lastError, 'upstream_tls_failed');
    await checker.checkNow(rig.member('a'));
    assert.equal(rig.member('a').state().lastError, 'internal');
  });

  test('checks nobody and changes nothing while the group cannot be reached', async () => {
    let isFrozen = true;
    const { rig, timers, checker, checked } = setUp('a', answers(FAILED), { isFrozen: () => isFrozen });
    checker.start();
    await timers.advance(10_000);
    assert.deepEqual(checked, []);
    isFrozen = false;
    await timers.advance(2000);
    assert.deepEqual(rig.events, ['a unhealthy']);
    checker.stop();
  });

  test('does not hold against a member what failed because the way broke off meanwhile', async () => {
    let isFrozen = false;
    const { rig, checker } = setUp(
      'a',
      async () => {
        isFrozen = true;
        return FAILED;
      },
      { isFrozen: () => isFrozen, unhealthyAfter: 1 },
    );
    assert.equal(await checker.checkNow(rig.member('a')), null);
    assert.deepEqual(rig.events, []);
  });

  test('counts a check that says nothing as none', async () => {
    const { rig, checker } = setUp('a', answers(null), { unhealthyAfter: 1 });
    assert.equal(await checker.checkNow(rig.member('a')), null);
    assert.equal(rig.member('a').state().health, 'unknown');
    assert.equal(rig.member('a').state().lastCheckAgoMs, null);
  });

  test('checks out of turn when somebody asks, and tells the result', async () => {
    const { rig, checker } = setUp('a', answers(PASSED));
    rig.member('a').admin = 'disabled';
    assert.deepEqual(await checker.checkNow(rig.member('a')), PASSED);
    assert.equal(rig.member('a').state().health, 'healthy');
  });

  test('ends what runs when it is stopped, and records nothing of it', async () => {
    let ended = false;
    const { rig, timers, checker } = setUp(
      'a',
      async (_, signal) =>
        new Promise((resolve) => {
          signal.addEventListener('abort', () => {
            ended = true;
            resolve(FAILED);
          });
        }),
      { unhealthyAfter: 1 },
    );
    checker.start();
    await timers.advance(10);
    checker.stop();
    await timers.advance(5000);
    assert.equal(ended, true);
    assert.deepEqual(rig.events, []);
    assert.equal(timers.pending, 0);
    rig.update('ab');
    assert.equal(timers.pending, 0);
  });

  test('leaves no timer of its own behind in a real process', async () => {
    const rig = new BalanceRig('a');
    const thresholds = { unhealthyAfter: 1, healthyAfter: 1 };
    const { promise, resolve } = Promise.withResolvers<void>();
    const checker = new HealthChecker<string>({
      group: rig.group,
      check: async () => {
        resolve();
        return PASSED;
      },
      intervalMs: 20,
      timeoutMs: 1000,
      ...thresholds,
    });
    const keepAlive = setInterval(() => {}, 1000);
    checker.start();
    await promise;
    checker.stop();
    clearInterval(keepAlive);
  });
});
