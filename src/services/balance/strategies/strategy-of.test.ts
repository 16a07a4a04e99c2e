import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BalanceRig } from '../../../../test/support/balance-rig.ts';
import { STRATEGY_NAMES } from '../group-rules.ts';
import { LeastUsed } from './least-used.ts';
import { RoundRobin } from './round-robin.ts';
import { strategyOf } from './strategy-of.ts';

test('every name of a strategy stands for one that chooses', () => {
  for (const name of STRATEGY_NAMES) {
    const rig = new BalanceRig('abc');
    const admission = rig.admission();
    admission.consider({});
    assert.ok(strategyOf(name, rig.group.members).choose(admission), name);
  }
});

test('a strategy is the one that its name says', () => {
  assert.ok(strategyOf('least_used', []) instanceof LeastUsed);
  assert.ok(strategyOf('sticky_hash', []) instanceof RoundRobin);
});
