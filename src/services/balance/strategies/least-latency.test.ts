import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { BalanceRig } from '../../../../test/support/balance-rig.ts';

function measure(rig: BalanceRig, latencies: Readonly<Record<string, number>>): void {
  for (const [id, latencyMs] of Object.entries(latencies)) rig.use(id, { kind: 'success', latencyMs });
}

function shares(rig: BalanceRig, count: number): Record<string, number> {
  const counts: Record<string, number> = {};
  for (let pick = 0; pick < count; pick += 1) {
    const { id } = rig.group.pick()!;
    counts[id] = (counts[id] ?? 0) + 1;
  }
  return counts;
}

describe('least latency', () => {
  test('takes the quicker of two', () => {
    const rig = new BalanceRig('ab', { strategy: 'least_latency' });
    measure(rig, { a: 80, b: 20 });
    assert.deepEqual(shares(rig, 100), { b: 100 });
  });

  test('spreads the load over the quicker ones and never takes the slowest of many', () => {
    const rig = new BalanceRig('abcd', { strategy: 'least_latency' });
    measure(rig, { a: 10, b: 20, c: 30, d: 400 });
    const { a = 0, b = 0, c = 0, d = 0 } = shares(rig, 6000);
    // Of six pairs, three have a, two of the others b, and one is c with d.
    for (const [count, wanted] of [
      [a, 3000],
      [b, 2000],
      [c, 1000],
    ] as const)
      assert.ok(Math.abs(count - wanted) < 200);
    assert.equal(d, 0);
  });

  test('begins with those that were never measured, one use at a time', () => {
    const rig = new BalanceRig('ab', { strategy: 'least_latency' });
    measure(rig, { a: 10 });
    assert.deepEqual(shares(rig, 20), { b: 20 });
    rig.member('b').begin();
    assert.deepEqual(shares(rig, 20), { a: 20 });
  });

  test('tries a slow member again after a while', () => {
    const rig = new BalanceRig('ab', { strategy: 'least_latency' });
    measure(rig, { a: 200, b: 20 });
    for (let second = 0; second < 120; second += 1) {
      rig.now += 1000;
      const member = rig.group.pick()!;
      member.end(member.begin(), { kind: 'success', latencyMs: member.id === 'a' ? 5 : 20 });
    }
    assert.deepEqual(shares(rig, 20), { a: 20 });
  });

  test('finds the few that can be picked among many', () => {
    const members = Array.from({ length: 50 }, (_, index) => ({ id: `m${index}` }));
    const rig = new BalanceRig(members, { strategy: 'least_latency' });
    for (const member of rig.group.members) if (member.id !== 'm7' && member.id !== 'm8') member.admin = 'disabled';
    measure(rig, { m7: 90, m8: 10 });
    assert.deepEqual(shares(rig, 50), { m8: 50 });
  });

  test('holds back who starts slowly', () => {
    const rig = new BalanceRig('ab', { strategy: 'least_latency', slowStartMs: 1000 });
    rig.update('abc');
    measure(rig, { a: 20, b: 20, c: 1 });
    const { c: early = 0 } = shares(rig, 1000);
    assert.ok(early < 250, `${early} of 1000`);
    rig.now += 1000;
    const { c: late = 0 } = shares(rig, 1000);
    assert.ok(late > 600, `${late} of 1000`);
  });
});
