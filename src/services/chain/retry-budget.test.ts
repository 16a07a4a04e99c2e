import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RetryBudget } from './retry-budget.ts';

test('a retry budget lets a burst pass, and then a fifth of the requests', () => {
  const budget = new RetryBudget();
  let burst = 0;
  while (budget.spend()) burst += 1;
  assert.equal(burst, 1000);
  let retries = 0;
  for (let request = 0; request < 1000; request += 1) {
    budget.earn();
    if (budget.spend()) retries += 1;
  }
  assert.ok(retries >= 199 && retries <= 200);
});

test('a retry budget adds the share that it is told', () => {
  const budget = new RetryBudget(0);
  while (budget.spend());
  budget.earn();
  assert.equal(budget.spend(), false);
});

test('a retry budget does not grow beyond its reserve', () => {
  const budget = new RetryBudget();
  for (let request = 0; request < 10_000; request += 1) budget.earn();
  let burst = 0;
  while (budget.spend()) burst += 1;
  assert.equal(burst, 1000);
});
