import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { BalanceRig, FAILURE, NEUTRAL, SUCCESS } from '../../../test/support/balance-rig.ts';
import type { BreakerOptions } from './group-rules.ts';

const BREAKER: BreakerOptions = { failures: 3, successes: 2, openForMs: 1000, rate: null };

function rigOf(breaker: Partial<BreakerOptions> = {}): BalanceRig {
  return new BalanceRig('a', { breaker: { ...BREAKER, ...breaker } });
}

function openedRig(breaker: Partial<BreakerOptions> = {}): BalanceRig {
  const rig = rigOf(breaker);
  for (let use = 0; use < 3; use += 1) rig.use('a', FAILURE);
  rig.takeEvents();
  return rig;
}

describe('a closed breaker', () => {
  test('opens after so many failures in a row', () => {
    const rig = rigOf();
    assert.equal(rig.picks(2, FAILURE), 'aa');
    assert.deepEqual(rig.events, []);
    rig.use('a', FAILURE);
    assert.deepEqual(rig.events, ['a opened']);
    assert.equal(rig.picks(1), '-');
    assert.equal(rig.member('a').obstacle, 'open');
  });

  test('starts to count again after a success', () => {
    const rig = rigOf();
    for (let round = 0; round < 5; round += 1) {
      rig.picks(2, FAILURE);
      rig.picks(1);
    }
    assert.deepEqual(rig.events, []);
  });

  test('does not mind uses that say nothing', () => {
    const rig = rigOf();
    rig.use('a', FAILURE);
    rig.use('a', NEUTRAL);
    rig.use('a', FAILURE);
    rig.use('a', FAILURE);
    assert.deepEqual(rig.events, ['a opened']);
  });

  test('opens when a share of many uses failed, never in a row', () => {
    const rig = rigOf({ rate: { windowMs: 10_000, minUses: 10, share: 0.5 } });
    for (let round = 0; round < 5; round += 1) {
      assert.deepEqual(rig.events, []);
      rig.picks(1);
      rig.picks(1, FAILURE);
    }
    assert.deepEqual(rig.events, ['a opened']);
  });

  test('does not judge a share of few uses, or of long ago', () => {
    const rig = rigOf({ failures: 100, rate: { windowMs: 10_000, minUses: 10, share: 0.5 } });
    rig.picks(9, FAILURE);
    rig.now += 20_000;
    rig.picks(9, FAILURE);
    assert.deepEqual(rig.events, []);
  });
});

describe('an open breaker', () => {
  test('lets nobody through until its time is over', () => {
    const rig = openedRig();
    rig.now += 999;
    assert.equal(rig.group.pick(), null);
    rig.now += 1;
    assert.equal(rig.group.pick()?.id, 'a');
  });

  test('says when it is worth trying again', () => {
    const rig = openedRig();
    rig.now += 400;
    assert.equal(rig.group.nextTrialAtMs(), rig.now + 600);
    assert.equal(rig.member('a').state().retryInMs, 600);
    assert.equal(rig.group.retryAfterSeconds(), 1);
  });

  test('ignores what began before it opened', () => {
    const rig = rigOf();
    const member = rig.member('a');
    const early = [member.begin(), member.begin()];
    for (let use = 0; use < 3; use += 1) rig.use('a', FAILURE);
    member.end(early[0]!, SUCCESS);
    assert.equal(member.state().breaker, 'open');
    rig.now += 1000;
    const trial = member.begin();
    member.end(early[1]!, FAILURE);
    assert.equal(member.state().breaker, 'half_open');
    member.end(trial, NEUTRAL);
    assert.equal(member.active, 0);
  });
});

describe('a half-open breaker', () => {
  test('is not concerned by the end of what began before', () => {
    const rig = rigOf({ trials: 1 });
    const member = rig.member('a');
    const [early, late] = [member.begin(), member.begin()];
    rig.picks(3, FAILURE);
    rig.now += 1000;
    const trial = member.begin();
    member.end(early, NEUTRAL);
    assert.equal(member.obstacle, 'trials_busy');
    member.end(late, { kind: 'busy', retryAfterMs: 0 });
    assert.equal(member.obstacle, 'trials_busy');
    member.end(trial, { kind: 'busy', retryAfterMs: 0 });
    assert.equal(member.obstacle, null);
  });

  test('begins every time with all of its trials', () => {
    const rig = openedRig({ trials: 2 });
    rig.now += 1000;
    const member = rig.member('a');
    const trials = [member.begin(), member.begin()];
    member.end(trials[0]!, FAILURE);
    rig.now += 2000;
    const again = [member.begin()];
    assert.equal(member.obstacle, null);
    again.push(member.begin());
    assert.equal(member.obstacle, 'trials_busy');
    member.end(trials[1]!, SUCCESS);
    assert.equal(member.obstacle, 'trials_busy');
    for (const trial of again) member.end(trial, SUCCESS);
    assert.equal(member.state().breaker, 'closed');
  });

  test('lets through no more trials at once than it may', () => {
    const rig = openedRig({ trials: 2 });
    rig.now += 1000;
    const member = rig.member('a');
    const trials = [member.begin(), member.begin()];
    assert.equal(member.obstacle, 'trials_busy');
    assert.equal(rig.group.pick(), null);
    member.end(trials[0]!, NEUTRAL);
    assert.equal(rig.group.pick()?.id, 'a');
  });

  test('closes after so many successes', () => {
    const rig = openedRig();
    rig.now += 1000;
    rig.use('a');
    assert.deepEqual(rig.takeEvents(), ['a half_opened']);
    rig.use('a');
    assert.deepEqual(rig.takeEvents(), ['a closed']);
    assert.equal(rig.member('a').state().breaker, 'closed');
    assert.equal(rig.picks(3), 'aaa');
  });

  test('opens again at the first failure, for twice as long, up to a cap', () => {
    const rig = openedRig({ maxOpenForMs: 3000 });
    for (const openForMs of [1000, 2000, 3000, 3000]) {
      assert.equal(rig.group.nextTrialAtMs(), rig.now + openForMs);
      rig.now += openForMs;
      rig.use('a', FAILURE);
      assert.deepEqual(rig.takeEvents(), ['a half_opened', 'a opened']);
    }
  });

  test('remembers that it opened lately, and forgives after a long good time', () => {
    const rig = openedRig({ maxOpenForMs: 60_000 });
    const recover = (openForMs: number): void => {
      rig.now += openForMs;
      rig.picks(2);
      rig.takeEvents();
    };
    recover(1000);
    rig.picks(3, FAILURE);
    assert.equal(rig.group.nextTrialAtMs(), rig.now + 2000);
    recover(2000);
    rig.now += 60_000;
    rig.picks(3, FAILURE);
    assert.equal(rig.group.nextTrialAtMs(), rig.now + 1000);
  });

  test('counts a trial as soon as it is judged, though it lasts', () => {
    const rig = openedRig({ successes: 1 });
    rig.now += 1000;
    const member = rig.member('a');
    member.judge(member.begin(), SUCCESS);
    assert.equal(member.state().breaker, 'closed');
    assert.equal(member.active, 1);
  });

  test('closes as well when its trials are far apart', () => {
    const rig = openedRig({ maxOpenForMs: 5000 });
    for (let trial = 0; trial < 2; trial += 1) {
      rig.now += 3_600_000;
      rig.use('a');
    }
    assert.deepEqual(rig.events, ['a half_opened', 'a closed']);
  });

  test('gives up trials whose end is never told', () => {
    const rig = openedRig({ maxOpenForMs: 5000 });
    rig.now += 1000;
    const member = rig.member('a');
    const lost = member.begin();
    assert.equal(rig.group.pick(), null);
    rig.now += 5001;
    assert.equal(rig.picks(1, FAILURE), 'a');
    member.end(lost, FAILURE);
    assert.equal(member.state().breaker, 'open');
  });
});
