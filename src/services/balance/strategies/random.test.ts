import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { BalanceRig, chiSquare, seededRandom } from '../../../../test/support/balance-rig.ts';

const PICKS = 30_000;
/** Exceeded once in a thousand, by degrees of freedom. */
const LIMIT: Readonly<Record<number, number>> = { 1: 10.8, 2: 13.8, 4: 18.5 };

function assertShares(rig: BalanceRig, wanted: Readonly<Record<string, number>>): void {
  const total = Object.values(wanted).reduce((sum, weight) => sum + weight, 0);
  const shares = rig.shares(PICKS);
  assert.deepEqual(Object.keys(shares).sort(), Object.keys(wanted).sort());
  const ids = Object.keys(wanted);
  const distance = chiSquare(
    ids.map((id) => shares[id] ?? 0),
    ids.map((id) => (PICKS * (wanted[id] ?? 0)) / total),
  );
  assert.ok(distance < LIMIT[ids.length - 1]!, `${JSON.stringify(shares)} is ${distance} away`);
}

describe('the random strategy', () => {
  test('picks all alike', () => {
    assertShares(new BalanceRig('abcde', { strategy: 'random' }), { a: 1, b: 1, c: 1, d: 1, e: 1 });
  });

  test('picks in proportion to the weights', () => {
    const members = [
      { id: 'a', weight: 1 },
      { id: 'b', weight: 2 },
      { id: 'c', weight: 7 },
    ];
    assertShares(new BalanceRig(members, { strategy: 'random' }), { a: 1, b: 2, c: 7 });
  });

  test('keeps the proportion when few of many can be picked', () => {
    const members = Array.from({ length: 60 }, (_, index) => ({ id: `m${index}`, weight: 1 + (index % 3) }));
    const rig = new BalanceRig(members, { strategy: 'random', random: seededRandom(7) });
    for (const member of rig.group.members) if (!['m0', 'm1', 'm2'].includes(member.id)) member.admin = 'disabled';
    const counts = new Map<string, number>();
    for (let pick = 0; pick < PICKS; pick += 1) {
      const { id } = rig.group.pick()!;
      counts.set(id, (counts.get(id) ?? 0) + 1);
    }
    const distance = chiSquare(
      ['m0', 'm1', 'm2'].map((id) => counts.get(id) ?? 0),
      [1, 2, 3].map((weight) => (PICKS * weight) / 6),
    );
    assert.ok(distance < LIMIT[2]!, `${[...counts.entries()].join()} is ${distance} away`);
  });

  test('does not repeat itself in the order of the members', () => {
    const rig = new BalanceRig('abc', { strategy: 'random' });
    const pairs = new Set(Array.from({ length: 200 }, () => rig.picks(2)));
    assert.equal(pairs.size, 9);
  });
});
