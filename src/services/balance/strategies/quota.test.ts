import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { BalanceRig } from '../../../../test/support/balance-rig.ts';

function rigOf(left: Readonly<Record<string, number>>, weights: Readonly<Record<string, number>> = {}): BalanceRig {
  const members = Object.keys(left).map((id) => ({ id, weight: weights[id] ?? 1 }));
  const rig = new BalanceRig(members, { strategy: 'quota' });
  for (const [id, share] of Object.entries(left)) rig.member(id).setShareLeft(share);
  return rig;
}

describe('by what is left', () => {
  test('whoever has the most gets everything', () => {
    assert.equal(rigOf({ a: 0.05, b: 0.9 }).picks(4), 'bbbb');
  });

  test('those that have about as much take turns', () => {
    assert.equal(rigOf({ a: 0.88, b: 0.9, c: 0.5 }).picks(4), 'abab');
    assert.equal(rigOf({ a: 1, b: 1 }).picks(4), 'abab');
    assert.equal(rigOf({ a: 0, b: 0 }).picks(4), 'abab');
  });

  test('a weight says how much the whole of it is', () => {
    assert.equal(rigOf({ a: 0.5, b: 0.9 }, { a: 5 }).picks(3), 'aaa');
  });

  test('what is nearly used up is there when nobody else is', () => {
    const rig = rigOf({ a: 0.01, b: 0.9 });
    rig.member('b').admin = 'disabled';
    assert.equal(rig.picks(2), 'aa');
  });
});
