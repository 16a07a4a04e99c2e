import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { BalanceRig, FAILURE, SUCCESS } from '../../../test/support/balance-rig.ts';
import type { GroupOptions } from './group-rules.ts';
import type { Outcome } from './outcome.ts';

const BREAKER = { failures: 3, successes: 2, openForMs: 1000 };

const failsFor = (target: string): Outcome => ({ kind: 'ambiguous', target, reason: 'upstream_unreachable' });
const reaches = (target: string): Outcome => ({ kind: 'success', latencyMs: 10, target });

function rigOf(ids: string, options: Partial<GroupOptions> = {}): BalanceRig {
  return new BalanceRig(ids, { breaker: BREAKER, ...options });
}

describe('ambiguous failures', () => {
  test('blame nobody when the target is dead, however many and whoever tries', () => {
    const rig = rigOf('ab');
    rig.picks(500, failsFor('dead.example:443'));
    for (let index = 0; index < 500; index += 1) rig.picks(1, failsFor(`${index}.invalid:443`));
    assert.deepEqual(rig.events, []);
  });

  test('blame who fails for several targets that another reaches', () => {
    const rig = rigOf('ab');
    for (const target of ['x:443', 'y:443', 'z:443']) {
      assert.deepEqual(rig.events, []);
      rig.use('a', failsFor(target));
      rig.use('b', reaches(target));
    }
    assert.deepEqual(rig.events, ['a opened']);
  });

  test('blame nobody for one target, however often it fails there', () => {
    const rig = rigOf('ab');
    for (let use = 0; use < 100; use += 1) {
      rig.use('a', failsFor('picky.example:443'));
      rig.use('b', reaches('picky.example:443'));
    }
    assert.deepEqual(rig.events, []);
  });

  test('blame at once who fails for what another has just reached', () => {
    const rig = rigOf('abc');
    for (const target of ['x:1', 'y:1', 'z:1']) {
      rig.use('c', failsFor(target));
      rig.use('b', reaches(target));
    }
    rig.takeEvents();
    for (const target of ['x:1', 'y:1', 'z:1']) rig.use('a', failsFor(target));
    assert.deepEqual(rig.events, ['a opened']);
  });

  test('blame nobody who mostly succeeds', () => {
    const rig = rigOf('ab');
    for (let use = 0; use < 10; use += 1) rig.use('a', reaches('good:443'));
    for (const target of ['x:1', 'y:1', 'z:1', 'w:1']) {
      rig.use('a', failsFor(target));
      rig.use('b', reaches(target));
    }
    assert.deepEqual(rig.events, []);
  });

  test('are forgotten when the same member reaches the target after all', () => {
    const rig = rigOf('ab');
    for (const target of ['x:1', 'y:1', 'z:1']) {
      rig.use('a', failsFor(target));
      rig.use('a', reaches(target));
      rig.use('b', reaches(target));
    }
    assert.deepEqual(rig.events, []);
  });

  test('are forgotten, too, when that comes after others have reached it', () => {
    const rig = rigOf('ab');
    for (const target of ['x:1', 'y:1', 'z:1']) {
      rig.use('a', failsFor(target));
      rig.use('b', reaches(target));
      rig.use('a', failsFor(target));
      rig.use('a', reaches(target));
    }
    assert.deepEqual(rig.events, []);
  });

  test('are forgotten after a time', () => {
    const rig = rigOf('ab');
    for (const target of ['x:1', 'y:1', 'z:1']) {
      rig.use('a', failsFor(target));
      rig.now += 61_000;
      rig.use('b', reaches(target));
    }
    assert.deepEqual(rig.events, []);
  });

  test('end a trial without a verdict, and convict on trial with one target', () => {
    const rig = rigOf('ab');
    for (let use = 0; use < 3; use += 1) rig.use('a', FAILURE);
    rig.now += 1000;
    rig.use('a', failsFor('x:1'));
    assert.equal(rig.member('a').state().breaker, 'half_open');
    assert.equal(rig.member('a').obstacle, null);
    rig.use('b', reaches('x:1'));
    assert.equal(rig.member('a').state().breaker, 'open');
  });

  test('count nothing where there is no breaker', () => {
    const rig = rigOf('ab', { breaker: null });
    for (let index = 0; index < 10; index += 1) {
      rig.use('a', failsFor(`${index}:1`));
      rig.use('b', reaches(`${index}:1`));
    }
    assert.deepEqual(rig.events, []);
  });

  test('stay within bounds of memory, and still convict', () => {
    const rig = rigOf('ab');
    for (let index = 0; index < 5000; index += 1) rig.use('a', failsFor(`${index}:1`));
    for (let index = 4990; index < 4993; index += 1) rig.use('b', reaches(`${index}:1`));
    assert.deepEqual(rig.events, ['a opened']);
  });

  test('never blame a member for targets that nobody else reaches', () => {
    const use = fc.record({
      member: fc.constantFrom('a', 'b', 'c'),
      target: fc.constantFrom('t1', 't2', 't3', 't4', 't5'),
      waitMs: fc.nat(20_000),
    });
    fc.assert(
      fc.property(fc.array(use, { maxLength: 80 }), (uses) => {
        const rig = rigOf('abc');
        for (const { member, target, waitMs } of uses) {
          rig.now += waitMs;
          // Only `a` reaches anything, so only others may be blamed.
          rig.use(member, member === 'a' ? reaches(target) : failsFor(target));
        }
        return !rig.events.includes('a opened');
      }),
    );
  });

  test('leave no trace of a member that was removed', () => {
    const rig = rigOf('abc');
    for (const target of ['x:1', 'y:1', 'z:1']) rig.use('a', failsFor(target));
    rig.update('bc');
    for (const target of ['x:1', 'y:1', 'z:1']) rig.use('b', reaches(target));
    rig.use('c', SUCCESS);
    assert.deepEqual(rig.events, []);
  });
});
