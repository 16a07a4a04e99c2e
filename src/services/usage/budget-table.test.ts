import assert from 'node:assert/strict';
import { once } from 'node:events';
import { describe, test } from 'node:test';
import { Worker } from 'node:worker_threads';
import { BudgetTable } from './budget-table.ts';

const NOON = Date.UTC(2026, 10, 30, 12);
const TOMORROW = Date.UTC(2026, 11, 1);

function amounts(table: BudgetTable, user: string, nowMs: number): number[] {
  const { dayTokens, monthTokens, dayCost, monthCost } = table.read(table.slotOf(user), nowMs);
  return [dayTokens, monthTokens, dayCost, monthCost];
}

describe('what users have used', () => {
  test('is counted for each alone, found again by name', () => {
    const table = new BudgetTable({ capacity: 4 });
    table.add(table.slotOf('ann'), NOON, 10, 0.5);
    table.add(table.slotOf('bob'), NOON, 1, 0);
    table.add(table.slotOf('ann'), NOON, 5, 0.25);
    assert.deepEqual(amounts(table, 'ann', NOON), [15, 15, 0.75, 0.75]);
    assert.deepEqual(amounts(table, 'bob', NOON), [1, 1, 0, 0]);
    assert.deepEqual(amounts(table, '', NOON), [0, 0, 0, 0]);
  });

  test('begins anew with the day and with the month, by UTC', () => {
    const table = new BudgetTable({ capacity: 4 });
    const slot = table.slotOf('ann');
    table.add(slot, NOON - 86_400_000, 1, 1);
    table.add(slot, NOON, 10, 10);
    assert.deepEqual(amounts(table, 'ann', NOON), [10, 11, 10, 11]);
    assert.deepEqual(amounts(table, 'ann', TOMORROW - 1), [10, 11, 10, 11]);
    assert.deepEqual(amounts(table, 'ann', TOMORROW), [0, 0, 0, 0]);
    table.add(slot, TOMORROW, 100, 100);
    assert.deepEqual(amounts(table, 'ann', TOMORROW), [100, 100, 100, 100]);
    // A thread whose clock goes behind.
    table.add(slot, TOMORROW - 1, 7, 7);
    assert.deepEqual(amounts(table, 'ann', TOMORROW), [100, 100, 100, 100]);
  });

  test('may be known better from elsewhere: tokens never become less, a cost may', () => {
    const table = new BudgetTable({ capacity: 4 });
    const slot = table.slotOf('ann');
    table.add(slot, NOON, 10, 10);
    table.amend(slot, NOON, { dayTokens: 4, monthTokens: 40, dayCost: 2, monthCost: 20 });
    assert.deepEqual(amounts(table, 'ann', NOON), [10, 40, 2, 20]);
    table.raise(slot, NOON, { dayTokens: 4, monthTokens: 41, dayCost: 1, monthCost: 21 });
    assert.deepEqual(amounts(table, 'ann', NOON), [10, 41, 2, 21]);
    table.raise(slot, TOMORROW, { dayTokens: 4, monthTokens: 4, dayCost: 1, monthCost: 1 });
    assert.deepEqual(amounts(table, 'ann', TOMORROW), [4, 4, 1, 1]);
  });

  test('has room for as many as there are, and says so when there is none', () => {
    const table = new BudgetTable({ capacity: 2 });
    assert.notEqual(table.slotOf('a'), table.slotOf('b'));
    assert.throws(() => table.slotOf('c'), { code: 'internal' });
    assert.equal(table.slotOf('a'), table.slotOf('a'));
  });
});

test('threads that add at once lose nothing', async () => {
  const table = new BudgetTable({ capacity: 8 });
  const work = `
    const { workerData } = require('node:worker_threads');
    import(workerData.file).then(({ BudgetTable }) => {
      const table = new BudgetTable({ memory: workerData.memory });
      for (let i = 0; i < 20000; i += 1) table.add(table.slotOf('user ' + (i % 4)), ${NOON}, 1, 0.5);
    });`;
  const file = new URL('./budget-table.ts', import.meta.url).href;
  const workers = [1, 2, 3].map(() => new Worker(work, { eval: true, workerData: { file, memory: table.memory } }));
  await Promise.all(workers.map((worker) => once(worker, 'exit')));
  for (let user = 0; user < 4; user += 1) {
    assert.deepEqual(amounts(table, `user ${user}`, NOON), [15_000, 15_000, 7_500, 7_500]);
  }
});
