import assert from 'node:assert/strict';
import { describe, test, type TestContext } from 'node:test';
import { AgentNodes } from '../../../test/support/agent-nodes.ts';
import { agentRunRow } from '../../../test/support/agent-run-row.ts';
import { GoneNodes, type GoneNodesOptions } from './gone-nodes.ts';
import type { SharedRuns } from './shared-runs.ts';

const ROW = agentRunRow({ id: 'r1', status: 'running' });
const NEVER_MS = 86_400_000;

async function stage(
  t: TestContext,
  answers: GoneNodesOptions['answers'],
): Promise<{ look: () => Promise<string | undefined>; one: SharedRuns; nodes: AgentNodes }> {
  const nodes = new AgentNodes(t);
  const [one, other] = [nodes.open('A', '10.0.0.1:1'), nodes.open('B', '10.0.0.2:1')];
  await one.told.tell(ROW);
  const gone = new GoneNodes({ runs: other, answers, lookEveryMs: NEVER_MS });
  t.after(() => gone.close());
  const look = async (): Promise<string | undefined> => {
    await gone.look();
    return (await other.told.find('r1'))?.row.status;
  };
  return { look, one, nodes };
}

describe('a node with runs', () => {
  test('is gone at once when it says nothing and nobody answers for it', async (t) => {
    const asked: string[] = [];
    const { look, nodes } = await stage(t, (id, address) => Promise.resolve(asked.push(id, address) === 0));
    assert.equal(await look(), 'running');
    nodes.kill('A');
    assert.equal(await look(), 'crashed');
    await look();
    assert.deepEqual(asked, ['A', '10.0.0.1:1']);
  });

  test('is there as long as it answers', async (t) => {
    const { look, nodes } = await stage(t, () => Promise.resolve(true));
    nodes.kill('A');
    for (let count = 0; count < 5; count += 1) assert.equal(await look(), 'running');
  });

  test('that cannot be asked is given time to say that it is there', async (t) => {
    const { look, nodes } = await stage(t, null);
    nodes.kill('A');
    assert.deepEqual([await look(), await look()], ['running', 'running']);
    nodes.there.push({ id: 'A', address: '' });
    assert.equal(await look(), 'running');
    nodes.kill('A');
    assert.deepEqual([await look(), await look(), await look()], ['running', 'running', 'crashed']);
  });

  test('says again what it has, when it was taken for gone and is not', async (t) => {
    const { look, one, nodes } = await stage(t, () => Promise.resolve(false));
    one.note(ROW, []);
    nodes.kill('A');
    await look();
    while ((await look()) !== 'running') await new Promise(setImmediate);
  });
});
