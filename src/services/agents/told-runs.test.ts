import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { AgentNodes } from '../../../test/support/agent-nodes.ts';
import { agentRunRow } from '../../../test/support/agent-run-row.ts';
import { sessionOf } from './told-runs.ts';

const ROW = agentRunRow({ id: 'r1', kind: 'sh', user: 'ann', session: 's', batch: 'b', status: 'running' });
const EVENT = { number: 1, type: 'x', line: Buffer.from('{}') };

describe('what nodes tell of their runs', () => {
  test('is where a run, its session and its batch are', async (t) => {
    const nodes = new AgentNodes(t);
    const [one, other] = [nodes.open('A'), nodes.open('B')];
    await one.told.tell(ROW);
    assert.deepEqual(await other.told.find('r1'), { node: 'A', name: 'name of A', row: ROW });
    const place = { node: 'A', name: 'name of A' };
    assert.deepEqual(await other.told.placeOf('session', sessionOf('sh', 's')), place);
    assert.deepEqual(await other.told.placeOf('batch', 'b'), place);
    assert.deepEqual(await other.told.placeOf('batch', 'none'), null);
    assert.deepEqual(
      [...(await other.told.nodes())].map(([id, { name }]) => [id, name]),
      [['A', 'name of A']],
    );
  });

  test('of a node that is gone ends with it, once, and is forgotten later', async (t) => {
    const nodes = new AgentNodes(t);
    const [one, other] = [nodes.open('A'), nodes.open('B')];
    await one.told.tell(ROW);
    await one.told.append('r1', [EVENT]);
    await one.told.tell({ ...ROW, id: 'r2', status: 'ok', endedAtMs: 5 });
    assert.deepEqual(await other.told.bury('A'), ['r1']);
    assert.deepEqual(await other.told.bury('A'), []);
    const { row } = (await other.told.find('r1')) ?? assert.fail('it is there');
    assert.deepEqual([row.status, row.reason], ['crashed', 'The node that it ran on is gone.']);
    assert.deepEqual(
      (await other.told.page('r1', 0)).map(({ number, type }) => [number, type]),
      [
        [1, 'x'],
        [2, 'sluice.complete'],
      ],
    );
    assert.deepEqual((await other.told.runsOf('A')).map((run) => run.row.status).sort(), ['crashed', 'ok']);
    await other.told.forget('A');
    assert.deepEqual([(await other.told.nodes()).size, (await other.told.runsOf('A')).length], [0, 0]);
  });

  test('is left alone where another process has taken up what a node had', async (t) => {
    const nodes = new AgentNodes(t);
    const [one, next, other] = [nodes.open('A'), nodes.open('C'), nodes.open('B')];
    await one.told.tell(ROW);
    await next.told.tell({ ...ROW, status: 'crashed', reason: 'Sluice ended while it ran.', endedAtMs: 7 });
    assert.deepEqual(await other.told.bury('A'), ['r1']);
    assert.equal((await other.told.find('r1'))?.row.endedAtMs, 7);
    assert.deepEqual(await other.told.runsOf('A'), []);
  });
});
