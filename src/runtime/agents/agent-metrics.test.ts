import assert from 'node:assert/strict';
import { test } from 'node:test';
import { agentGauges } from './agent-metrics.ts';

test('how many agents run and wait is told while they are switched on', () => {
  const families = agentGauges({ running: 2, queued: 3 });
  assert.deepEqual(
    families.map(({ definition, series }) => [definition.name, ...[...series.values()].map(({ read }) => read()[0])]),
    [
      ['sluice_agents_running', 2],
      ['sluice_agents_queued', 3],
    ],
  );
  assert.deepEqual(agentGauges(null), []);
});
