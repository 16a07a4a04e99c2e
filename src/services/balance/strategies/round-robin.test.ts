import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { BalanceRig, SUCCESS } from '../../../../test/support/balance-rig.ts';
import { RoundRobin } from './round-robin.ts';

describe('round robin', () => {
  test('gives each member its turn, whatever the weights', () => {
    const rig = new BalanceRig([{ id: 'a', weight: 9 }, { id: 'b' }, { id: 'c' }]);
    assert.equal(rig.picks(7), 'abcabca');
  });

  test('gives the turn of one that is out to all others alike', () => {
    const rig = new BalanceRig('abc');
    rig.member('b').admin = 'disabled';
    assert.equal(rig.picks(6), 'acacac');
    rig.member('b').admin = 'enabled';
    assert.equal(rig.picks(4), 'bacb');
  });

  test('is fair to asks with different tags that take turns', () => {
    const rig = new BalanceRig([
      { id: 'a', tags: { country: 'fr' } },
      { id: 'b', tags: { country: 'fr' } },
      { id: 'c', tags: { country: 'de' } },
      { id: 'd', tags: { country: 'de' } },
    ]);
    const turn = (country: string): string => rig.picks(1, SUCCESS, { tags: { country } });
    const picked = Array.from({ length: 4 }, () => turn('fr') + turn('de')).join(' ');
    assert.equal(picked, 'ac bd ac bd');
  });

  test('always takes the one that waited longest', () => {
    const asks = fc.array(fc.uniqueArray(fc.nat(5), { maxLength: 5 }), { maxLength: 60 });
    fc.assert(
      fc.property(asks, (excludedByAsk) => {
        const rig = new BalanceRig('012345');
        const { members } = rig.group;
        const strategy = new RoundRobin(members);
        const waiting = [...members];
        for (const excluded of excludedByAsk) {
          const admission = rig.admission();
          admission.consider({ exclude: new Set(excluded.map((index) => members[index]!)) });
          const expected = waiting.find((member) => admission.admits(member));
          const chosen = strategy.choose(admission);
          if (chosen !== (expected ?? null)) return false;
          if (chosen !== null) waiting.push(...waiting.splice(waiting.indexOf(chosen), 1));
        }
        return true;
      }),
    );
  });
});
