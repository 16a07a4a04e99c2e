import assert from 'node:assert/strict';
import { describe, test, type TestContext } from 'node:test';
import { agentRunRow } from '../../../test/support/agent-run-row.ts';
import { MemoryShare, MemoryState } from '../../state/memory-state.ts';
import type { NodeEntry } from '../../state/shared-state.ts';
import { completeEvent } from './event-text.ts';
import { SharedRuns } from './shared-runs.ts';

class Sink {
  text = '';
  takes = true;
  private readonly over = Promise.withResolvers<void>();
  readonly ended: Promise<void> = this.over.promise;

  write(bytes: Buffer): boolean {
    this.text += bytes.toString();
    return this.takes;
  }

  end(): void {
    this.over.resolve();
  }

  fail(error: unknown): void {
    this.over.reject(error);
  }
}

const ROW = agentRunRow({ id: 'r1', user: 'ann', status: 'running' });
const event = (number: number): { number: number; type: string; line: Buffer } => {
  return { number, type: 'x', line: Buffer.from(`{"n":${number}}`) };
};

function twoNodes(t: TestContext): { one: SharedRuns; other: SharedRuns; nodes: NodeEntry[]; state: MemoryState } {
  const share = new MemoryShare();
  const nodes = ['A', 'B'].map((id) => ({ id, address: '' }));
  const state = new MemoryState(share);
  const open = (node: string, its: MemoryState): SharedRuns => {
    const runs = new SharedRuns({
      state: its,
      node,
      self: () => ({ name: `name of ${node}`, address: '' }),
      nodes: () => nodes,
    });
    t.after(() => runs.close());
    return runs;
  };
  return { one: open('A', state), other: open('B', new MemoryState(share)), nodes, state };
}

async function found(runs: SharedRuns): Promise<NonNullable<Awaited<ReturnType<SharedRuns['find']>>>> {
  for (;;) {
    const run = await runs.find('r1');
    if (run !== null) return run;
    await new Promise(setImmediate);
  }
}

describe('a run', { timeout: 20_000 }, () => {
  test('is followed from another node, from any event on, to its end', async (t) => {
    const { one, other } = twoNodes(t);
    one.note(ROW, [event(1), event(2)]);
    const run = await found(other);
    assert.deepEqual(run, { node: 'A', name: 'name of A', row: ROW });
    const [all, late] = [new Sink(), new Sink()];
    other.follow(run, 0, all);
    other.follow(run, 1, late);
    one.note(ROW, [event(3)]);
    const ended = { ...ROW, status: 'ok' } as const;
    one.note(ended, [completeEvent(ended, 4)]);
    await Promise.all([all.ended, late.ended]);
    assert.match(
      all.text,
      /^id: 1\ndata: {"n":1}\n\nid: 2\n[^]*id: 3\n[^]*event: complete\nid: 4\ndata: {"agent_id":"r1"/,
    );
    assert.equal(late.text, all.text.slice(all.text.indexOf('id: 2')));
    assert.equal((await other.find('r1'))?.row.status, 'ok');
  });

  test('goes on for a follower that takes nothing for a while', async (t) => {
    const { one, other } = twoNodes(t);
    one.note(ROW, [event(1)]);
    const sink = new Sink();
    sink.takes = false;
    const follower = other.follow(await found(other), 0, sink);
    while (sink.text === '') await new Promise(setImmediate);
    const ended = { ...ROW, status: 'ok' } as const;
    one.note(ended, [event(2), completeEvent(ended, 3)]);
    while ((await other.find('r1'))?.row.status !== 'ok') await new Promise(setImmediate);
    assert.equal(sink.text, 'id: 1\ndata: {"n":1}\n\n');
    sink.takes = true;
    follower.resume();
    await sink.ended;
    assert.match(sink.text, /id: 2[^]*id: 3/);
  });

  test('has ended when its node is gone without a word', async (t) => {
    const { one, other, nodes } = twoNodes(t);
    one.note(ROW, [event(1)]);
    const sink = new Sink();
    other.follow(await found(other), 0, sink);
    nodes.shift();
    await sink.ended;
    assert.match(
      sink.text,
      /event: complete\nid: 2\ndata: .*"status":"crashed".*"reason":"The node that it ran on is gone\."/,
    );
  });

  test('is told later when nobody could be told', async (t) => {
    const { one, other, state } = twoNodes(t);
    const append = state.append.bind(state);
    let failures = 2;
    state.append = async (...args) => {
      failures -= 1;
      if (failures >= 0) throw new Error('gone');
      return append(...args);
    };
    one.note(ROW, [event(1)]);
    one.note(ROW, [event(2)]);
    const sink = new Sink();
    other.follow(await found(other), 0, sink);
    while (!sink.text.includes('id: 2')) await new Promise(setImmediate);
    assert.equal(failures < 0, true);
  });
});
