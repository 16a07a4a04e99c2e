import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { BalanceRig, chiSquare, FAILURE } from '../../../test/support/balance-rig.ts';
import { Admission } from './admission.ts';

describe('an admission', () => {
  test('leaves out who was tried already', () => {
    const rig = new BalanceRig('ab');
    const admission = rig.admission();
    admission.consider({ exclude: new Set([rig.member('a')]) });
    assert.deepEqual(
      rig.group.members.map((member) => admission.admits(member)),
      [false, true],
    );
  });

  test('asks for every tag', () => {
    const rig = new BalanceRig([
      { id: 'a', tags: { country: 'fr', kind: 'mobile' } },
      { id: 'b', tags: { country: 'fr' } },
      { id: 'c' },
    ]);
    const admission = rig.admission();
    admission.consider({ tags: { country: 'fr', kind: 'mobile' } });
    assert.deepEqual(
      rig.group.members.map((member) => admission.admits(member)),
      [true, false, false],
    );
    admission.consider({ tags: {} });
    assert.ok(rig.group.members.every((member) => admission.admits(member)));
  });

  test('remembers nothing of the ask before', () => {
    const rig = new BalanceRig('a');
    const admission = rig.admission();
    admission.consider({ key: 'k', exclude: new Set([rig.member('a')]), tags: { x: 'y' } });
    admission.consider({});
    assert.equal(admission.key, null);
    assert.equal(admission.admits(rig.member('a')), true);
  });

  test('reads the clock once, and only when somebody needs it', () => {
    const rig = new BalanceRig('ab', { breaker: { failures: 1, successes: 1, openForMs: 1000 } });
    let readings = 0;
    const clock = (): number => {
      readings += 1;
      return rig.now;
    };
    const admission = new Admission<string>(clock, Math.random);
    admission.consider({});
    rig.group.members.every((member) => admission.admits(member));
    assert.equal(readings, 0);
    for (const id of 'ab') rig.use(id, FAILURE);
    rig.group.members.forEach((member) => admission.admits(member));
    assert.equal(readings, 1);
  });
});

describe('chance', () => {
  test('draws every number below the limit alike', () => {
    const admission = new BalanceRig('a').admission();
    const counts = Array.from({ length: 7 }, () => 0);
    for (let draw = 0; draw < 70_000; draw += 1) counts[admission.draw(7)]! += 1;
    // 6 degrees of freedom: exceeded once in a thousand.
    assert.ok(
      chiSquare(
        counts,
        counts.map(() => 10_000),
      ) < 22.5,
      counts.join(),
    );
  });

  test('lets things happen as often as it is told to', () => {
    const admission = new BalanceRig('a').admission();
    const happened = Array.from({ length: 10_000 }, () => admission.happens(3, 4)).filter(Boolean).length;
    assert.ok(Math.abs(happened - 7500) < 150, String(happened));
    assert.equal(admission.happens(0, 4), false);
    assert.equal(admission.happens(4, 4), true);
  });
});
