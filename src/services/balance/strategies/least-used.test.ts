import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { BalanceRig } from '../../../../test/support/balance-rig.ts';

describe('least used', () => {
  test('makes up for uses that were not its choice', () => {
    const rig = new BalanceRig('abc', { strategy: 'least_used' });
    for (let use = 0; use < 3; use += 1) rig.use('a');
    assert.equal(rig.picks(6), 'bcbcbc');
    assert.deepEqual(rig.shares(3), { a: 1, b: 1, c: 1 });
  });

  test('counts the uses of all threads', () => {
    const rig = new BalanceRig('ab', { strategy: 'least_used' });
    const other = new BalanceRig('ab', { strategy: 'least_used' }, rig.table);
    for (let use = 0; use < 3; use += 1) other.use('a');
    assert.equal(rig.picks(3), 'bbb');
  });

  test('gives each member its weight', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 6 }), (weights) => {
        const members = weights.map((weight, index) => ({ id: String(index), weight }));
        const rig = new BalanceRig(members, { strategy: 'least_used' });
        const round = weights.reduce((sum, weight) => sum + weight, 0);
        const shares = rig.shares(10 * round);
        return weights.every((weight, index) => Math.abs((shares[index] ?? 0) - 10 * weight) <= 1);
      }),
    );
  });

  test('does not flood a member that was away, or that is new', () => {
    const rig = new BalanceRig('abc', { strategy: 'least_used' });
    rig.member('c').admin = 'disabled';
    rig.picks(1000);
    rig.member('c').admin = 'enabled';
    assert.deepEqual(rig.shares(30), { a: 10, b: 10, c: 10 });
    rig.update('abcd');
    const { d = 0 } = rig.shares(40);
    assert.ok(d >= 10 && d <= 11, `${d} of 40`);
  });

  test('goes on after a reload', () => {
    const before = new BalanceRig('ab', { strategy: 'least_used' });
    before.picks(1000);
    const after = new BalanceRig('abc', { strategy: 'least_used' }, before.table);
    const { c = 0 } = after.shares(30);
    assert.ok(c >= 10 && c <= 11, `${c} of 30`);
  });
});
