import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { BalanceRig } from '../../../../test/support/balance-rig.ts';

const weights = fc.array(fc.integer({ min: 1, max: 12 }), { minLength: 1, maxLength: 8 });

function rigOf(list: readonly number[]): BalanceRig {
  const members = list.map((weight, index) => ({ id: String(index), weight }));
  return new BalanceRig(members, { strategy: 'weighted' });
}

describe('smooth weighted round robin', () => {
  test('spreads the turns of a heavy member', () => {
    assert.equal(rigOf([5, 1, 1]).picks(7), '0010200');
  });

  test('gives each member exactly its weight in every round', () => {
    fc.assert(
      fc.property(weights, (list) => {
        const rig = rigOf(list);
        const round = list.reduce((sum, weight) => sum + weight, 0);
        for (let repeat = 0; repeat < 3; repeat += 1) {
          const shares = rig.shares(round);
          if (list.some((weight, index) => shares[index] !== weight)) return false;
        }
        return true;
      }),
    );
  });

  test('never lets a member run ahead of its share by more than one turn', () => {
    fc.assert(
      fc.property(weights, (list) => {
        const rig = rigOf(list);
        const round = list.reduce((sum, weight) => sum + weight, 0);
        const counts = list.map(() => 0);
        for (let turn = 1; turn <= round; turn += 1) {
          counts[Number(rig.picks(1))]! += 1;
          if (counts.some((count, index) => count > Math.ceil((turn * list[index]!) / round) + 1)) return false;
        }
        return true;
      }),
    );
  });

  test('begins no new round when the group changes', () => {
    const rig = rigOf([5, 1, 1]);
    const members = rig.group.members.map(({ id, weight }) => ({ id, weight }));
    const picked = Array.from({ length: 7 }, () => {
      rig.update(members);
      return rig.picks(1);
    });
    assert.equal(picked.join(''), '0010200');
  });

  test('goes by what is left of a member', () => {
    const rig = rigOf([4, 4]);
    rig.member('0').setShareLeft(0.25);
    assert.deepEqual(rig.shares(50), { 0: 10, 1: 40 });
    rig.member('0').setShareLeft(0);
    assert.deepEqual(rig.shares(50), { 1: 50 });
  });
});
