import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { recordLatency, recordUse } from './averages.ts';
import { FLOAT } from './member-slot.ts';
import { MemberTable } from './member-table.ts';

describe('the average latency', () => {
  test('begins with the first sample', () => {
    const slot = new MemberTable({ capacity: 1 }).hold('a');
    recordLatency(slot, 80, 1000);
    assert.equal(slot.read(FLOAT.LATENCY_MS), 80);
  });

  test('follows a change within some seconds', () => {
    const slot = new MemberTable({ capacity: 1 }).hold('a');
    recordLatency(slot, 100, 1000);
    for (let now = 2000; now <= 31_000; now += 1000) recordLatency(slot, 500, now);
    assert.ok(slot.read(FLOAT.LATENCY_MS) > 470);
  });

  test('is moved less by one of many samples than by one after a silence', () => {
    const [busy, quiet] = ['busy', 'quiet'].map((key) => new MemberTable({ capacity: 1 }).hold(key));
    for (const slot of [busy!, quiet!]) recordLatency(slot, 100, 1000);
    recordLatency(busy!, 500, 1001);
    recordLatency(quiet!, 500, 60_000);
    assert.ok(busy!.read(FLOAT.LATENCY_MS) < 130);
    assert.ok(quiet!.read(FLOAT.LATENCY_MS) > 490);
  });
});

describe('the share of failed uses', () => {
  test('stays at nothing while all succeed', () => {
    const slot = new MemberTable({ capacity: 1 }).hold('a');
    recordUse(slot, false);
    assert.equal(slot.read(FLOAT.FAILING), 0);
  });

  test('rises with failures and falls with successes', () => {
    const slot = new MemberTable({ capacity: 1 }).hold('a');
    for (let use = 0; use < 50; use += 1) recordUse(slot, true);
    assert.ok(slot.read(FLOAT.FAILING) > 0.99);
    for (let use = 0; use < 50; use += 1) recordUse(slot, false);
    assert.ok(slot.read(FLOAT.FAILING) < 0.01);
  });
});
