import assert from 'node:assert/strict';
import { test } from 'node:test';
import { agentRunRow } from '../../../test/support/agent-run-row.ts';
import { RemoteFollower } from './remote-follower.ts';

test('a follower that has left asks nothing and is told nothing any more', async () => {
  const asked: number[] = [];
  let over = 0;
  const written: string[] = [];
  const sink = { write: (bytes: Buffer) => written.push(bytes.toString()) > 0, end: () => {}, fail: () => {} };
  const page = async (after: number): Promise<readonly { number: number; type: string; line: Buffer }[]> => {
    asked.push(after);
    return after === 0 ? [{ number: 7, type: 'x', line: Buffer.from('{}') }] : [];
  };
  const run = { node: 'A', name: 'a', row: agentRunRow({ id: 'r' }) };
  const rest = { find: () => Promise.resolve(null), isThere: () => true, onOver: () => void (over += 1) };
  const follower = new RemoteFollower({ run, after: 0, sink, page, ...rest });
  follower.resume();
  for (let turn = 0; turn < 5; turn += 1) await new Promise(setImmediate);
  assert.deepEqual([asked, written], [[0, 7], ['id: 7\ndata: {}\n\n']]);
  follower.leave();
  follower.leave();
  follower.wake();
  await new Promise(setImmediate);
  assert.deepEqual([asked, over], [[0, 7], 1]);
});
