// With other nodes that are asked over the network: test/e2e/agents-of-nodes.test.ts.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { AgentNodes } from '../../test/support/agent-nodes.ts';
import { agentRunRow } from '../../test/support/agent-run-row.ts';
import { AgentStage, REQUEST } from '../../test/support/agent-stage.ts';
import { OtherAgents } from '../services/agents/other-agents.ts';
import { agentFollower, listAgents, showAgent, startAgent, stopAgent } from './agents-of-nodes.ts';

const ENDED = agentRunRow({ id: 'r1', user: 'ann', status: 'ok', endedAtMs: 9 });

describe('the admin door', { timeout: 20_000 }, () => {
  test('shows runs of all nodes, and does with its own what it is asked', async (t) => {
    const nodes = new AgentNodes(t);
    const [one, runs] = [nodes.open('A'), nodes.open('B')];
    await one.told.tell(ENDED);
    await one.told.tell({ ...ENDED, id: 'r2', status: 'running', endedAtMs: null });
    const others = new OtherAgents({ runs, wayTo: null });
    t.after(() => others.rest());
    const { service } = new AgentStage(t);
    const here = { service, others, nodeName: 'this' };
    const started = await startAgent(here, { ...REQUEST, prompt: 'sleep 60' }, { user: 'bob', text: '' });
    const { agents, running, node, missing } = await listAgents(here, { viewer: null, limit: 9 });
    assert.deepEqual(agents.map((agent) => agent.node).sort(), ['name of A', 'name of A', 'this']);
    assert.deepEqual([running, node, missing], [2, 'this', []]);
    assert.equal((await showAgent(here, 'r1')).node, 'name of A');
    assert.equal((await stopAgent(here, 'r1')).status, 'ok');
    await assert.rejects(stopAgent(here, 'r2'), { code: 'agent_elsewhere' });
    assert.equal((await stopAgent(here, started.agent_id)).status, 'stopped');
    await assert.rejects(showAgent(here, 'none'), { code: 'not_found' });
    await assert.rejects(agentFollower(here, 'none', 0), { code: 'not_found' });
    const sink = { write: () => true, end: () => {}, fail: () => {} };
    for (const id of ['r1', started.agent_id]) (await agentFollower(here, id, 0))(sink).leave();
    const off = { ...here, service: null };
    await assert.rejects(listAgents(off, { viewer: null, limit: 9 }), { code: 'not_found' });
  });
});
