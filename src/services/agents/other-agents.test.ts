// What is asked over the network: test/e2e/agents-of-nodes.test.ts.
import assert from 'node:assert/strict';
import { describe, test, type TestContext } from 'node:test';
import { AgentNodes } from '../../../test/support/agent-nodes.ts';
import { agentRunRow } from '../../../test/support/agent-run-row.ts';
import { SluiceError } from '../../core/errors.ts';
import type { NodeEntry } from '../../state/shared-state.ts';
import type { NodeWay } from './node-call.ts';
import { mergedAgents, type NodeAgent, OtherAgents, type OtherAgentsOptions } from './other-agents.ts';
import type { SharedRuns } from './shared-runs.ts';

const ROW = agentRunRow({ id: 'r1', kind: 'sh', user: 'ann', session: 's', status: 'running' });
const SILENT = ({ id, address }: NodeEntry): NodeWay => ({
  id,
  name: address,
  dial: ({ failed }) => failed(new SluiceError('upstream_unreachable')),
});

async function stage(
  t: TestContext,
  { address, wayTo }: { readonly address: string; readonly wayTo: OtherAgentsOptions['wayTo'] },
): Promise<{ others: OtherAgents; nodes: AgentNodes; one: SharedRuns }> {
  const nodes = new AgentNodes(t);
  const [one, here] = [nodes.open('A', address), nodes.open('B', address)];
  await one.told.tell(ROW);
  const others = new OtherAgents({ runs: here, wayTo });
  t.after(() => others.rest());
  return { others, nodes, one };
}

describe('agents of other nodes', () => {
  test('are told of where nodes have no door, and nothing can be asked', async (t) => {
    const { others, one } = await stage(t, { address: '', wayTo: null });
    const { agents, missing, running } = await others.list({ viewer: 'ann', limit: 5 });
    assert.deepEqual(
      [agents.map(({ agent_id: id, node }) => [id, node]), missing, running],
      [[['r1', 'name of A']], [], 1],
    );
    assert.deepEqual((await others.list({ viewer: 'bob', limit: 5 })).agents, []);
    for (const no of [{ status: 'ok' }, { batch: 'b' }, { session: 't' }] as const) {
      assert.deepEqual((await others.list({ viewer: null, limit: 5, ...no })).agents, []);
    }
    await assert.rejects(others.find('r1', 'bob'), { code: 'not_found' });
    const place = await others.find('r1', 'ann');
    const call = { method: 'GET', target: '/agent/r1', viewer: null, headMs: 1 } as const;
    await assert.rejects(others.ask(place, call), { code: 'agent_elsewhere', message: /on the node name of A/ });
    const event = (number: number): { number: number; type: string; line: Buffer } => {
      return { number, type: 'x', line: Buffer.from('{}') };
    };
    await one.told.append('r1', [event(3), event(4)]);
    const run = place.run ?? assert.fail('it was told');
    assert.deepEqual([await others.isWhole(run, 0), await others.isWhole(run, 2)], [false, true]);
    assert.deepEqual([await others.isWhole(run, 4), await others.isAllTold(run, 4)], [true, false]);
    assert.equal((await others.placeOf('session', 'sh s', 'ann'))?.name, 'name of A');
    assert.equal(await others.placeOf('session', 'sh none', 'ann'), null);
  });

  test('are on a node that is gone', async (t) => {
    const { others, nodes } = await stage(t, { address: '', wayTo: null });
    nodes.kill('A');
    const place = await others.find('r1', 'ann');
    assert.equal(place.isThere, false);
    assert.throws(() => others.wayOf(place), { code: 'node_unreachable', message: /which is gone/ });
    assert.equal((await others.list({ viewer: null, limit: 5 })).agents.length, 1);
  });

  test('that cannot be asked for are missing, and what nobody has told of may be theirs', async (t) => {
    const { others } = await stage(t, { address: 'a:1', wayTo: SILENT });
    assert.deepEqual((await others.list({ viewer: null, limit: 5 })).missing, ['a:1']);
    await assert.rejects(others.find('r2', null), { code: 'node_unreachable', message: /a:1/ });
    const place = await others.find('r1', 'ann');
    const call = { method: 'GET', target: '/agent/r1', viewer: null, headMs: 1 } as const;
    await assert.rejects(others.ask(place, call), { code: 'node_unreachable' });
  });
});

test('runs of several nodes are listed with the newest first, each once, and no more than asked for', () => {
  const run = (id: string, at: string, node: string): NodeAgent => ({ agent_id: id, queued_at: at, node }) as NodeAgent;
  const own = [run('a', '2026-01-03', 'here'), run('b', '2026-01-01', 'here')];
  const theirs = [run('c', '2026-01-02', 'there'), run('a', '2026-01-03', 'there')];
  const named = mergedAgents(own, theirs, { limit: 5 }).map(({ agent_id: id, node }) => `${id} ${node}`);
  assert.deepEqual(named, ['a here', 'c there', 'b here']);
  assert.equal(mergedAgents(own, theirs, { limit: 1 }).length, 1);
  const batch = mergedAgents([], [run('x', '1', 'n'), run('y', '2', 'n')], { limit: 5, batch: 'b' });
  assert.deepEqual(
    batch.map(({ agent_id: id }) => id),
    ['x', 'y'],
  );
});
