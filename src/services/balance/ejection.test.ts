import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { BalanceRig, FAILURE, SUCCESS } from '../../../test/support/balance-rig.ts';
import { isOutlier, mayEject } from './ejection.ts';
import { countUse } from './use-window.ts';

const BREAKER = { failures: 1, successes: 1, openForMs: 1000, rate: null };

describe('the share of members that may be taken out', () => {
  test('keeps the others in, however they fail', () => {
    const rig = new BalanceRig('abcd', { breaker: BREAKER, maxEjectedShare: 0.5 });
    for (const id of 'abcd') rig.use(id, FAILURE);
    assert.deepEqual(rig.events, ['a opened', 'b opened']);
    assert.equal(rig.picks(4), 'cdcd');
  });

  test('is at least one member', () => {
    const rig = new BalanceRig('abc', { breaker: BREAKER, maxEjectedShare: 0.1 });
    for (const id of 'abc') rig.use(id, FAILURE);
    assert.deepEqual(rig.events, ['a opened']);
  });

  test('holds for checks and breakers together', () => {
    const rig = new BalanceRig('abcd', { breaker: BREAKER, maxEjectedShare: 0.5 });
    const fail = (id: string): void =>
      rig.member(id).check({ passed: false, reason: 'upstream_timeout' }, { unhealthyAfter: 1, healthyAfter: 1 });
    rig.use('a', FAILURE);
    fail('b');
    fail('c');
    assert.deepEqual(rig.events, ['a opened', 'b unhealthy']);
    assert.equal(rig.member('c').state().health, 'unhealthy');
    assert.equal(rig.member('c').obstacle, null);
    rig.member('b').check({ passed: true, latencyMs: 1 }, { unhealthyAfter: 1, healthyAfter: 1 });
    fail('c');
    assert.equal(rig.member('c').obstacle, 'unhealthy');
  });

  test('is one of those that people left in', () => {
    const rig = new BalanceRig('abcd', { maxEjectedShare: 0.5 });
    for (const id of 'cd') rig.member(id).admin = 'disabled';
    assert.equal(mayEject(rig.member('a'), rig.group.members, 0.5), true);
    rig.member('a').check({ passed: false, reason: 'upstream_timeout' }, { unhealthyAfter: 1, healthyAfter: 1 });
    assert.equal(mayEject(rig.member('b'), rig.group.members, 0.5), false);
  });

  test('does not hold for refused credentials', () => {
    const rig = new BalanceRig('ab', { maxEjectedShare: 0.5 });
    for (const id of 'ab') rig.use(id, { kind: 'auth_failed', reason: 'unauthorized' });
    assert.equal(rig.group.pick(), null);
  });
});

describe('an outlier', () => {
  const options = { minUses: 10, aboveOthers: 0.3 };
  const uses = (rig: BalanceRig, id: string, successes: number, failures: number): void => {
    const { slot } = rig.member(id);
    for (let use = 0; use < successes; use += 1) countUse(slot, rig.now, 1000, false);
    for (let use = 0; use < failures; use += 1) countUse(slot, rig.now, 1000, true);
  };
  const judged = (rig: BalanceRig, id: string): boolean =>
    isOutlier(rig.member(id), rig.group.members, options, { now: rig.now, windowMs: 1000 });

  test('fails much more than the others', () => {
    const rig = new BalanceRig('abc');
    uses(rig, 'a', 6, 4);
    uses(rig, 'b', 20, 0);
    uses(rig, 'c', 19, 1);
    assert.deepEqual(
      ['a', 'b', 'c'].map((id) => judged(rig, id)),
      [true, false, false],
    );
  });

  test('is nobody when all fail alike', () => {
    const rig = new BalanceRig('ab');
    uses(rig, 'a', 5, 15);
    uses(rig, 'b', 6, 14);
    assert.equal(judged(rig, 'a'), false);
  });

  test('is nobody when there is little to compare', () => {
    const rig = new BalanceRig('ab');
    uses(rig, 'a', 0, 9);
    uses(rig, 'b', 20, 0);
    assert.equal(judged(rig, 'a'), false);
    const other = new BalanceRig('ab');
    uses(other, 'a', 0, 20);
    uses(other, 'b', 9, 0);
    assert.equal(judged(other, 'a'), false);
  });

  test('is taken out where that is asked for', () => {
    const rig = new BalanceRig('ab', { outliers: options });
    for (let use = 0; use < 10; use += 1) rig.use('b', SUCCESS);
    for (let use = 0; use < 6; use += 1) rig.use('a', SUCCESS);
    for (let use = 0; use < 4; use += 1) rig.use('a', FAILURE);
    assert.deepEqual(rig.events, ['a opened']);
  });
});
