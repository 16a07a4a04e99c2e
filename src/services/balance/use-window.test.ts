import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { MemberTable } from './member-table.ts';
import { countUse, recentFailures, recentSuccesses } from './use-window.ts';

const WINDOW_MS = 10_000;

describe('the window of uses', () => {
  test('counts what happened lately, successes and failures apart', () => {
    const slot = new MemberTable({ capacity: 1 }).hold('a');
    for (const failed of [true, false, false]) countUse(slot, 50_000, WINDOW_MS, failed);
    countUse(slot, 55_000, WINDOW_MS, true);
    assert.equal(recentSuccesses(slot, 55_000, WINDOW_MS), 2);
    assert.equal(recentFailures(slot, 55_000, WINDOW_MS), 2);
  });

  test('drops its older half as time goes on', () => {
    const slot = new MemberTable({ capacity: 1 }).hold('a');
    countUse(slot, 50_000, WINDOW_MS, true);
    countUse(slot, 55_000, WINDOW_MS, true);
    assert.equal(recentFailures(slot, 60_000, WINDOW_MS), 1);
    assert.equal(recentFailures(slot, 65_000, WINDOW_MS), 0);
  });

  test('is empty after a long silence', () => {
    const slot = new MemberTable({ capacity: 1 }).hold('a');
    countUse(slot, 50_000, WINDOW_MS, true);
    assert.equal(recentFailures(slot, 5_000_000, WINDOW_MS), 0);
  });
});
