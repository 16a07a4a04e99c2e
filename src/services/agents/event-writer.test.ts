import assert from 'node:assert/strict';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, test } from 'node:test';
import type { AgentRunRow, NewAgentEvent } from '../../state/agent-events.ts';
import { EventWriter } from './event-writer.ts';

const event = (run: string, number: number) => ({ run, number, type: 'x', line: Buffer.from('{}') });
const row = (id: string, status: string) => ({ id, status }) as AgentRunRow;

function stage() {
  const batches: string[] = [];
  const told: string[] = [];
  const state = { isFull: false, sequence: 0 };
  const file = {
    add: (events: readonly NewAgentEvent[], rows: readonly AgentRunRow[] = []) => {
      if (state.isFull) throw new Error('disk full');
      batches.push(
        [...events.map(({ run, number }) => `${run}${number}`), ...rows.map((each) => each.status)].join(' '),
      );
      return events.map(() => (state.sequence += 1));
    },
  };
  const writer = new EventWriter(file, {
    stored: (run, events) =>
      told.push(`${run}: ${events.map(({ number, sequence }) => `${number}@${sequence}`).join(' ')}`),
    troubled: (error) => told.push(String(error)),
    recovered: () => told.push('recovered'),
    filled: () => told.push('filled'),
    drained: () => told.push('drained'),
  });
  return { batches, told, writer, state };
}

describe('the writer of events', () => {
  test('stores what comes in one turn together, and tells it then', async () => {
    const { writer, batches, told } = stage();
    writer.put(event('a', 1));
    writer.put(event('b', 1));
    writer.put(event('a', 2));
    writer.save(row('a', 'running'));
    writer.save(row('a', 'ok'));
    assert.deepEqual(told, []);
    await nextTurn();
    assert.deepEqual(batches, ['a1 b1 a2 ok']);
    assert.deepEqual(told, ['a: 1@1 2@3', 'b: 1@2']);
    assert.equal(writer.flush(), true);
    assert.equal(batches.length, 1);
  });

  test('keeps everything, in order, while nothing can be stored', () => {
    const { writer, batches, told, state } = stage();
    state.isFull = true;
    writer.put(event('a', 1));
    assert.equal(writer.flush(), false);
    writer.put(event('a', 2));
    assert.equal(writer.flush(), false);
    assert.deepEqual([told, writer.isFull], [['Error: disk full'], true]);
    state.isFull = false;
    assert.equal(writer.flush(), true);
    assert.deepEqual(batches, ['a1 a2']);
    assert.deepEqual(told.slice(1), ['recovered', 'a: 1@1 2@2']);
    assert.equal(writer.isFull, false);
    writer.close();
  });

  test('stores some in each turn, and lets nobody print more while much waits', async () => {
    const { writer, batches, told } = stage();
    for (let number = 1; number <= 3000; number += 1) writer.put(event('a', number));
    writer.save(row('a', 'ok'));
    assert.deepEqual([told, writer.isFull], [['filled'], true]);
    await nextTurn();
    await nextTurn();
    assert.equal(batches[0]?.split(' ').length, 512);
    while (told.at(-1) !== 'drained') await nextTurn();
    assert.equal(batches.length, 6);
    assert.match(batches.at(-1) ?? '', /a3000 ok$/);
    assert.equal(writer.isFull, false);
  });

  test('stores what waits when it is closed', () => {
    const { writer, batches } = stage();
    writer.put(event('a', 1));
    writer.close();
    assert.deepEqual(batches, ['a1']);
  });
});
