import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { BalanceRig } from '../../../../test/support/balance-rig.ts';

/** Begins uses that last. */
function begin(rig: BalanceRig, count: number): string {
  return Array.from({ length: count }, () => {
    const member = rig.group.pick();
    member?.begin();
    return member?.id ?? '-';
  }).join('');
}

describe('least connections', () => {
  test('evens out what is under way', () => {
    const rig = new BalanceRig('abc', { strategy: 'least_connections' });
    for (let use = 0; use < 3; use += 1) rig.member('a').begin();
    assert.ok(!begin(rig, 6).includes('a'));
    assert.deepEqual(
      rig.group.members.map(({ active }) => active),
      [3, 3, 3],
    );
  });

  test('takes turns when nothing is under way', () => {
    assert.equal(new BalanceRig('abc', { strategy: 'least_connections' }).picks(6), 'abcabc');
  });

  test('follows the weights, busy or not', () => {
    const members = [
      { id: 'a', weight: 3 },
      { id: 'b', weight: 1 },
    ];
    const rig = new BalanceRig(members, { strategy: 'least_connections' });
    assert.deepEqual(rig.shares(40), { a: 30, b: 10 });
    begin(rig, 40);
    assert.deepEqual(
      rig.group.members.map(({ active }) => active),
      [30, 10],
    );
  });

  test('counts what other threads have under way', () => {
    const rig = new BalanceRig('ab', { strategy: 'least_connections' });
    const other = new BalanceRig('ab', {}, rig.table);
    other.member('a').begin();
    assert.equal(rig.picks(2), 'bb');
  });
});
