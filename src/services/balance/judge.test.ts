import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { BalanceRig, FAILURE, SUCCESS } from '../../../test/support/balance-rig.ts';

const THRESHOLDS = { unhealthyAfter: 3, healthyAfter: 2 };
const BREAKER = { failures: 2, successes: 2, openForMs: 1000, rate: null };

describe('a busy member', () => {
  test('is left alone as long as it asks, and that is no failure', () => {
    const rig = new BalanceRig('ab', { breaker: BREAKER });
    for (let use = 0; use < 5; use += 1) rig.use('a', { kind: 'busy', retryAfterMs: 5000 });
    assert.deepEqual(rig.events, ['a cooling']);
    assert.equal(rig.member('a').obstacle, 'cooling');
    assert.equal(rig.member('a').state().failures, 0);
    assert.equal(rig.picks(2), 'bb');
    rig.now += 5000;
    assert.equal(rig.picks(2), 'ab');
  });

  test('that names no time, or too long a one, gets what the group says', () => {
    const rig = new BalanceRig('ab', { coolDownMs: 700, maxCoolDownMs: 9000 });
    rig.use('a', { kind: 'busy', retryAfterMs: null });
    rig.use('b', { kind: 'busy', retryAfterMs: 86_400_000 });
    assert.equal(rig.member('a').state().retryInMs, 700);
    assert.equal(rig.member('b').state().retryInMs, 9000);
  });

  test('does not come back sooner because another answer asked for less', () => {
    const rig = new BalanceRig('a');
    rig.use('a', { kind: 'busy', retryAfterMs: 5000 });
    rig.use('a', { kind: 'busy', retryAfterMs: 10 });
    assert.equal(rig.member('a').state().retryInMs, 5000);
  });
});

describe('a member that refuses our credentials', () => {
  const refusal = { kind: 'auth_failed', reason: 'unauthorized' } as const;

  test('is out at once, with or without a breaker', () => {
    for (const breaker of [null, BREAKER]) {
      const rig = new BalanceRig('a', { breaker, authRetryMs: 60_000 });
      rig.use('a', refusal);
      assert.deepEqual(rig.events, ['a auth_failed']);
      assert.equal(rig.member('a').obstacle, 'auth_failed');
      assert.equal(rig.member('a').state().authFailed, true);
      assert.equal(rig.group.nextTrialAtMs(), rig.now + 60_000);
    }
  });

  test('is tried again one use at a time and ever more seldom', () => {
    const rig = new BalanceRig('a', { breaker: { ...BREAKER, trials: 5 }, authRetryMs: 60_000 });
    rig.use('a', refusal);
    rig.now += 60_000;
    const member = rig.member('a');
    const trial = member.begin();
    assert.equal(rig.group.pick(), null);
    member.end(trial, refusal);
    assert.equal(rig.group.nextTrialAtMs(), rig.now + 120_000);
  });

  test('is back with the first success', () => {
    const rig = new BalanceRig('a', { breaker: BREAKER, authRetryMs: 60_000 });
    rig.use('a', refusal);
    rig.now += 60_000;
    rig.use('a', SUCCESS);
    assert.deepEqual(rig.events, ['a auth_failed', 'a half_opened', 'a closed', 'a auth_restored']);
    assert.equal(rig.member('a').state().authFailed, false);
  });

  test('stays out when its breaker was open already', () => {
    const rig = new BalanceRig('a', { breaker: BREAKER, authRetryMs: 60_000 });
    const member = rig.member('a');
    const late = member.begin();
    rig.picks(2, FAILURE);
    member.end(late, refusal);
    assert.deepEqual(rig.events, ['a opened', 'a auth_failed']);
    assert.equal(rig.group.nextTrialAtMs(), rig.now + 60_000);
  });
});

describe('doubts', () => {
  test('are a weak sign: three of them in a row weigh as much as a failure', () => {
    const rig = new BalanceRig('a', { breaker: BREAKER });
    for (let doubt = 0; doubt < 5; doubt += 1) rig.member('a').doubt(`${doubt}.test:443`, 'upstream_reset');
    assert.deepEqual(rig.events, []);
    rig.member('a').doubt('5.test:443', 'upstream_reset');
    assert.deepEqual(rig.events, ['a opened']);
  });

  test('end with trust, and with time', () => {
    const rig = new BalanceRig('a', { breaker: BREAKER });
    const doubts = (count: number): void => {
      for (let doubt = 0; doubt < count; doubt += 1) rig.member('a').doubt(`${doubt}.test:443`, 'upstream_reset');
    };
    doubts(5);
    rig.member('a').trust();
    doubts(5);
    rig.now += 31_000;
    doubts(5);
    assert.deepEqual(rig.events, []);
  });

  test('about one target count once, however many there are', () => {
    const rig = new BalanceRig('a', { breaker: BREAKER });
    for (let doubt = 0; doubt < 100; doubt += 1) rig.member('a').doubt('bad.test:443', 'upstream_reset');
    assert.deepEqual(rig.events, []);
  });

  test('are nothing where there is no breaker', () => {
    const rig = new BalanceRig('a');
    for (let doubt = 0; doubt < 100; doubt += 1) rig.member('a').doubt(`${doubt}.test:443`, 'upstream_reset');
    assert.deepEqual(rig.events, []);
  });
});

describe('active checks', () => {
  const fails = (rig: BalanceRig, times: number): void => {
    for (let check = 0; check < times; check += 1) {
      rig.member('a').check({ passed: false, reason: 'upstream_timeout' }, THRESHOLDS);
    }
  };
  const passes = (rig: BalanceRig, times: number, latencyMs = 20): void => {
    for (let check = 0; check < times; check += 1) rig.member('a').check({ passed: true, latencyMs }, THRESHOLDS);
  };

  test('take a member out after so many failures in a row', () => {
    const rig = new BalanceRig('ab');
    fails(rig, 2);
    passes(rig, 1);
    fails(rig, 2);
    assert.deepEqual(rig.events, []);
    fails(rig, 1);
    assert.deepEqual(rig.events, ['a unhealthy']);
    assert.equal(rig.picks(2), 'bb');
    assert.equal(rig.member('a').state().lastError, 'upstream_timeout');
  });

  test('bring it back after so many successes in a row', () => {
    const rig = new BalanceRig('ab');
    fails(rig, 3);
    passes(rig, 1);
    fails(rig, 1);
    passes(rig, 1);
    assert.equal(rig.member('a').state().health, 'unhealthy');
    passes(rig, 1);
    assert.deepEqual(rig.events, ['a unhealthy', 'a healthy']);
    assert.equal(rig.picks(2), 'ab');
  });

  test('say that a member is healthy from the first success', () => {
    const rig = new BalanceRig('a');
    assert.equal(rig.member('a').state().health, 'unknown');
    passes(rig, 1);
    assert.equal(rig.member('a').state().health, 'healthy');
    assert.deepEqual(rig.events, []);
  });

  test('measure the latency', () => {
    const rig = new BalanceRig('a');
    passes(rig, 1, 75);
    assert.equal(rig.member('a').state().latencyMs, 75);
    rig.now += 250;
    assert.equal(rig.member('a').state().lastCheckAgoMs, 250);
  });

  test('leave the breaker to real uses', () => {
    const rig = new BalanceRig('a', { breaker: BREAKER });
    rig.picks(2, FAILURE);
    passes(rig, 5);
    assert.equal(rig.member('a').obstacle, 'open');
  });
});
