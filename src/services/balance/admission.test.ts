import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { BalanceRig, FAILURE } from '../../../test/support/balance-rig.ts';
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
