import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { BalanceRig } from '../../../../test/support/balance-rig.ts';
import type { Outcome } from '../outcome.ts';

/** Uses as many as `count`, each with the outcome that its member has. */
function run(rig: BalanceRig, count: number, outcomeOf: (id: string) => Outcome): Record<string, number> {
  const shares: Record<string, number> = {};
  for (let use = 0; use < count; use += 1) {
    const member = rig.group.pick();
    assert.ok(member);
    rig.now += 20;
    member.end(member.begin(), outcomeOf(member.id));
    shares[member.id] = (shares[member.id] ?? 0) + 1;
  }
  return shares;
}

const after = (latencyMs: number): Outcome => ({ kind: 'success', latencyMs });

describe('the adaptive strategy', () => {
  test('is weighted round robin while nobody does better than others', () => {
    const rig = new BalanceRig([{ id: 'a', weight: 2 }, { id: 'b' }], { strategy: 'adaptive' });
    assert.deepEqual(
      run(rig, 300, () => after(10)),
      { a: 200, b: 100 },
    );
  });

  test('gives a slow member less, in proportion', () => {
    const rig = new BalanceRig('ab', { strategy: 'adaptive' });
    run(rig, 200, (id) => after(id === 'a' ? 50 : 200));
    const { a = 0, b = 0 } = run(rig, 1000, (id) => after(id === 'a' ? 50 : 200));
    assert.ok(a / b > 3.5 && a / b < 4.5, `${a} to ${b}`);
  });

  test('gives a failing member little, but never nothing, and its share when it has recovered', () => {
    const rig = new BalanceRig('ab', { strategy: 'adaptive' });
    const failing = (id: string): Outcome =>
      id === 'a' ? after(50) : { kind: 'failure', reason: 'upstream_unreachable' };
    run(rig, 1000, failing);
    const { b: bad = 0 } = run(rig, 1000, failing);
    assert.ok(bad > 20 && bad < 80, `${bad} of 1000`);
    run(rig, 3000, () => after(50));
    const { b: good = 0 } = run(rig, 1000, () => after(50));
    assert.ok(good > 450, `${good} of 1000`);
  });
});
