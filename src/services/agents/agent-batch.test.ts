import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, test, type TestContext } from 'node:test';
import { agentRunRow } from '../../../test/support/agent-run-row.ts';
import { temporaryFolder } from '../../../test/support/temporary-folder.ts';
import { AgentEvents, type AgentRunRow } from '../../state/agent-events.ts';
import { AgentBatch } from './agent-batch.ts';
import { COMPLETE } from './event-text.ts';

function stage(t: TestContext, remaining: number) {
  const events = new AgentEvents(join(temporaryFolder(t), 'agents.db'));
  t.after(() => events.close());
  const batch = new AgentBatch('b', { events, remaining, concurrency: 1 });
  const seen = { lines: [] as Record<string, unknown>[], end: '' };
  const follow = (after = 0, which: 'all' | 'ends' = 'all'): void => {
    batch.feeds[which].follow(after, {
      write: (bytes) => {
        for (const line of bytes.toString().trimEnd().split('\n')) seen.lines.push(JSON.parse(line) as never);
        return true;
      },
      end: () => (seen.end = 'ended'),
      fail: (error) => (seen.end = String(error)),
    });
  };
  const say = (run: string, number: number, type = 'x'): void => {
    const event = { run, number, type, line: Buffer.from('{}') };
    const [sequence = 0] = events.add([event]);
    batch.stored([{ ...event, sequence }]);
  };
  const save = (id: string, place: number, rest: Partial<AgentRunRow> = {}): void => {
    events.save({ ...ROW, id, place, batch: 'b', ...rest });
  };
  return { batch, events, seen, follow, say, save };
}

const ROW = agentRunRow({ kind: 'sh', status: 'ok' });

describe('a batch', () => {
  test('tells what each of its runs says, with its place, and sums up in the end', (t) => {
    const { batch, seen, follow, say, save } = stage(t, 2);
    save('one', 0, { cost: 0.25 });
    save('two', 1, { status: 'error', cost: 0.5 });
    follow();
    say('two', 1);
    say('one', 1, COMPLETE);
    batch.runEnded();
    assert.equal(seen.end, '');
    say('two', 2, COMPLETE);
    batch.runEnded();
    assert.deepEqual(
      seen.lines.map(({ type, agent_id: id, index }) => [type, id, index]),
      [
        ['event', 'two', 1],
        ['complete', 'one', 0],
        ['complete', 'two', 1],
        ['batch_complete', undefined, undefined],
      ],
    );
    assert.deepEqual(seen.lines.at(-1), {
      type: 'batch_complete',
      batch_id: 'b',
      agents: 2,
      ok: 1,
      error: 1,
      cost_usd: 0.75,
    });
    assert.deepEqual([seen.end, batch.isOver], ['ended', true]);
  });

  test('that has ended is told from the file', (t) => {
    const { events, seen, follow, save } = stage(t, 0);
    save('one', 0);
    events.add([{ run: 'one', number: 1, type: COMPLETE, line: Buffer.from('{}') }]);
    follow(0);
    assert.deepEqual(
      seen.lines.map(({ type }) => type),
      ['complete', 'batch_complete'],
    );
    assert.equal(seen.end, 'ended');
  });

  test('may be followed for the ends of its runs only', (t) => {
    const { batch, events, seen, follow, say, save } = stage(t, 1);
    save('one', 0);
    events.add(
      Array.from({ length: 100 }, (_, index) => ({
        run: 'one',
        number: index + 1,
        type: 'x',
        line: Buffer.from('{}'),
      })),
    );
    follow(0, 'ends');
    say('one', 101);
    say('one', 102, COMPLETE);
    batch.runEnded();
    assert.deepEqual(
      seen.lines.map(({ type }) => type),
      ['complete', 'batch_complete'],
    );
    seen.lines.length = 0;
    const later = new AgentBatch('b', { events, remaining: 0, concurrency: 1 });
    later.feeds.ends.follow(0, { write: (bytes) => seen.lines.push({ bytes }) > 0, end: () => {}, fail: () => {} });
    assert.equal(seen.lines.length, 2);
  });

  test('is given up with Sluice', (t) => {
    const { batch, seen, follow } = stage(t, 1);
    follow();
    batch.abandon();
    assert.match(seen.end, /shutting down/);
  });

  test('lets so many of it run at once', (t) => {
    const { batch } = stage(t, 2);
    const first = batch.gate.enter('', () => {});
    assert.equal(batch.gate.enter('', () => {})?.position, 1);
    first?.leave();
    assert.equal(batch.gate.running, 1);
  });
});
