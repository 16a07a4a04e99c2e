import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { BalanceRig, chiSquare } from '../../../../test/support/balance-rig.ts';

const KEYS = Array.from({ length: 10_000 }, (_, index) => `session-${index}`);

function choices(rig: BalanceRig, keys: readonly string[] = KEYS): string[] {
  return keys.map((key) => rig.group.pick({ key })?.id ?? '-');
}

const spec = fc.record({ id: fc.string({ minLength: 1, maxLength: 6 }), weight: fc.integer({ min: 1, max: 9 }) });
const specs = fc.uniqueArray(spec, { selector: ({ id }) => id, minLength: 2, maxLength: 10 });
const someKeys = fc.array(fc.string(), { minLength: 1, maxLength: 50 });

describe('rendezvous hashing', () => {
  test('moves the keys of a member that goes, and no others', () => {
    fc.assert(
      fc.property(specs, someKeys, fc.nat(), (members, keys, which) => {
        const rig = new BalanceRig(members, { strategy: 'consistent_hash' });
        const before = choices(rig, keys);
        const gone = members[which % members.length]!.id;
        rig.update(members.filter(({ id }) => id !== gone));
        const after = choices(rig, keys);
        return before.every((id, index) => id === gone || after[index] === id) && !after.includes(gone);
      }),
    );
  });

  test('brings them back when it comes back', () => {
    const rig = new BalanceRig('abcde', { strategy: 'sticky_hash' });
    const before = choices(rig);
    rig.member('c').admin = 'disabled';
    assert.ok(!choices(rig).includes('c'));
    rig.member('c').admin = 'enabled';
    assert.deepEqual(choices(rig), before);
  });

  test('moves to a new member its share of the keys, and no others', () => {
    const rig = new BalanceRig('abcdefghi', { strategy: 'sticky_hash' });
    const before = choices(rig);
    rig.update('abcdefghij');
    const moved = choices(rig).filter((id, index) => id !== before[index]);
    assert.ok(moved.every((id) => id === 'j'));
    assert.ok(Math.abs(moved.length - 1000) < 150, `${moved.length} of 10000`);
  });

  test('gives each member keys by its weight', () => {
    for (const weights of [
      [1, 1, 1, 1],
      [1, 2, 3, 4],
    ]) {
      const rig = new BalanceRig(
        weights.map((weight, index) => ({ id: `m${index}`, weight })),
        { strategy: 'consistent_hash' },
      );
      const picked = choices(rig);
      const total = weights.reduce((sum, weight) => sum + weight, 0);
      const distance = chiSquare(
        weights.map((_, index) => picked.filter((id) => id === `m${index}`).length),
        weights.map((weight) => (KEYS.length * weight) / total),
      );
      // 3 degrees of freedom: exceeded once in a thousand.
      assert.ok(distance < 16.3, `${weights.join()}: ${distance}`);
    }
  });

  test('moves to a member whose weight grows, and nowhere else', () => {
    const rig = new BalanceRig([
      { id: 'a', weight: 1 },
      { id: 'b', weight: 2 },
      { id: 'c', weight: 3 },
    ]);
    const before = choices(rig);
    rig.update([
      { id: 'a', weight: 4 },
      { id: 'b', weight: 2 },
      { id: 'c', weight: 3 },
    ]);
    const moved = choices(rig).filter((id, index) => id !== before[index]);
    assert.ok(moved.length > 0 && moved.every((id) => id === 'a'));
  });
});
