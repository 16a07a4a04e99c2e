import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AgentShare } from './agent-share.ts';

test('what the main thread knows of agents is known to all', () => {
  const main = new AgentShare();
  const worker = new AgentShare(main.memory);
  main.active = 3;
  assert.equal(worker.active, 3);
  const token = main.tokens.issue('ann')?.token ?? '';
  assert.equal(worker.tokens.find(token), 'ann');
});
