import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { BalanceRig, FAILURE, SUCCESS } from '../../../test/support/balance-rig.ts';
import { INT } from './member-slot.ts';

const BREAKER = { failures: 1, successes: 1, openForMs: 1000, rate: null };

describe('a use', () => {
  test('is active from its beginning until it is released', () => {
    const rig = new BalanceRig('a');
    const member = rig.member('a');
    const [first, second] = [member.begin(), member.begin()];
    member.judge(first, SUCCESS);
    assert.equal(member.active, 2);
    member.release();
    assert.equal(member.active, 1);
    member.end(second, FAILURE);
    assert.equal(member.active, 0);
  });

  test('is counted', () => {
    const rig = new BalanceRig('a');
    for (const outcome of [SUCCESS, SUCCESS, FAILURE, { kind: 'neutral' } as const]) rig.use('a', outcome);
    rig.member('a').countBytes(100, 2000);
    rig.member('a').countBytes(0, 5_000_000_000);
    rig.now += 70;
    assert.deepEqual(rig.member('a').state(), {
      id: 'a',
      admin: 'enabled',
      obstacle: null,
      health: 'unknown',
      breaker: 'closed',
      authFailed: false,
      retryInMs: 0,
      active: 0,
      uses: 4,
      successes: 2,
      failures: 1,
      bytesSent: 100,
      bytesReceived: 5_000_002_000,
      latencyMs: 10,
      lastError: 'upstream_unreachable',
      lastErrorAgoMs: 70,
      lastCheckAgoMs: null,
    });
  });
});

describe('a member that somebody else has given up', () => {
  test('is given up here with its first failure, unless it works', () => {
    const rig = new BalanceRig('a', { breaker: { ...BREAKER, failures: 3 } });
    rig.member('a').suspect();
    rig.use('a', SUCCESS);
    rig.use('a', FAILURE);
    assert.equal(rig.member('a').state().breaker, 'closed');
    rig.member('a').suspect();
    rig.use('a', FAILURE);
    assert.equal(rig.member('a').state().breaker, 'open');
  });
});

describe('the state of a member', () => {
  test('survives a reload, which makes new groups', () => {
    const before = new BalanceRig('ab', { breaker: BREAKER });
    before.use('a', FAILURE);
    const after = new BalanceRig('abc', { breaker: BREAKER }, before.table);
    before.group.dispose();
    assert.equal(after.member('a').obstacle, 'open');
    assert.equal(after.member('a').state().uses, 1);
    assert.equal(after.picks(2), 'bc');
  });

  test('begins anew when what it is about has changed, but for the totals', () => {
    const before = new BalanceRig([{ id: 'a', revision: 'password 1' }], { breaker: BREAKER });
    before.use('a', { kind: 'auth_failed', reason: 'unauthorized' });
    const same = new BalanceRig([{ id: 'a', revision: 'password 1' }], { breaker: BREAKER }, before.table);
    assert.equal(same.member('a').obstacle, 'auth_failed');
    const after = new BalanceRig([{ id: 'a', revision: 'password 2' }], { breaker: BREAKER }, before.table);
    assert.equal(after.member('a').obstacle, null);
    assert.equal(after.member('a').state().authFailed, false);
    assert.equal(after.member('a').state().failures, 1);
  });

  test('is that of its group alone', () => {
    const rig = new BalanceRig('a', { breaker: BREAKER });
    rig.use('a', FAILURE);
    assert.equal(rig.table.hold('other\na').get(INT.USES), 0);
  });

  test('can be forgiven', () => {
    const rig = new BalanceRig('a', { breaker: BREAKER });
    rig.use('a', FAILURE);
    rig.use('a', { kind: 'busy', retryAfterMs: null });
    rig.member('a').check({ passed: false, reason: 'upstream_timeout' }, { unhealthyAfter: 1, healthyAfter: 1 });
    rig.member('a').forgive();
    const { obstacle, breaker, health, lastError, uses } = rig.member('a').state();
    assert.deepEqual(
      { obstacle, breaker, health, lastError, uses },
      { obstacle: null, breaker: 'closed', health: 'unknown', lastError: null, uses: 2 },
    );
  });
});

describe('what people decide', () => {
  test('drains a member: nothing new, what it has goes on', () => {
    const rig = new BalanceRig('ab');
    const member = rig.member('a');
    const ticket = member.begin();
    member.admin = 'draining';
    assert.equal(rig.picks(2), 'bb');
    assert.equal(member.obstacle, 'draining');
    member.end(ticket, SUCCESS);
    assert.equal(member.state().successes, 1);
    member.admin = 'enabled';
    assert.equal(rig.picks(2), 'ab');
  });

  test('is told once', () => {
    const rig = new BalanceRig('a');
    const member = rig.member('a');
    for (const state of ['disabled', 'disabled', 'draining', 'enabled'] as const) member.admin = state;
    assert.deepEqual(rig.events, ['a disabled', 'a draining', 'a enabled']);
    assert.equal(member.admin, 'enabled');
  });

  test('holds in every thread and through a reload', () => {
    const rig = new BalanceRig('ab');
    const other = new BalanceRig('ab', {}, rig.table);
    rig.member('a').admin = 'disabled';
    assert.equal(other.picks(2), 'bb');
    assert.equal(other.member('a').admin, 'disabled');
  });
});

describe('a member with a limit', () => {
  test('is full when it has as many uses as it may', () => {
    const rig = new BalanceRig([{ id: 'a', maxActive: 2 }]);
    const member = rig.member('a');
    const ticket = member.begin();
    member.begin();
    assert.equal(rig.group.pick(), null);
    assert.equal(member.obstacle, 'full');
    member.end(ticket, SUCCESS);
    assert.equal(rig.group.pick()?.id, 'a');
  });

  test('counts the uses of all threads', () => {
    const rig = new BalanceRig([{ id: 'a', maxActive: 1 }]);
    const other = new BalanceRig([{ id: 'a', maxActive: 1 }], {}, rig.table);
    rig.member('a').begin();
    assert.equal(other.group.pick(), null);
  });
});

describe('a removed member', () => {
  test('gets nothing new and finishes what it has', () => {
    const rig = new BalanceRig('ab');
    const member = rig.member('a');
    const [ticket, other] = [member.begin(), member.begin()];
    rig.update('b');
    assert.equal(rig.picks(2), 'bb');
    assert.equal(member.obstacle, 'removed');
    assert.equal(rig.group.admits(member), false);
    assert.equal(member.slot.get(INT.HOLDERS), 1);
    member.end(other, SUCCESS);
    assert.equal(member.slot.get(INT.HOLDERS), 1);
    member.end(ticket, SUCCESS);
    assert.equal(member.slot.get(INT.HOLDERS), 0);
  });
});

describe('the weight of a member', () => {
  test('goes with what is left of it', () => {
    const rig = new BalanceRig([{ id: 'a', weight: 10 }]);
    const clock = { now: rig.now };
    rig.member('a').setShareLeft(0.25);
    assert.equal(rig.member('a').weightAt(clock), 2.5);
    rig.member('a').setShareLeft(7);
    assert.equal(rig.member('a').weightAt(clock), 10);
    rig.member('a').setShareLeft(-1);
    assert.equal(rig.member('a').weightAt(clock), 0);
  });

  test('grows from a tenth during a slow start', () => {
    const rig = new BalanceRig([{ id: 'a', weight: 10 }], { slowStartMs: 1000 });
    const member = rig.member('a');
    member.warmUp();
    const weights = [0, 50, 500, 900, 1000].map((passedMs) => member.weightAt({ now: rig.now + passedMs }));
    assert.deepEqual(weights, [1, 1, 5, 9, 10]);
    assert.equal(member.isWarming, false);
  });
});
