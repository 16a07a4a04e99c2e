import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MemoryShare, MemoryState } from '../../state/memory-state.ts';
import { HealthHints, type SuspectedMember } from './health-hints.ts';

test('whom one node gives up the others suspect, once, and nobody suspects for its own sake', async (t) => {
  const share = new MemoryShare();
  const open = (node: string) => {
    const members = [{ hop: 'backends of app', name: 'http://a', isHealthy: true }];
    const suspected: SuspectedMember[] = [];
    const state = new MemoryState(share);
    const hints = new HealthHints({ state, node, members: () => members, suspect: (one) => suspected.push(one) });
    t.after(() => hints.close());
    return { members, suspected, hints, state };
  };
  const [one, other] = [open('A'), open('B')];
  const look = async (): Promise<void> => {
    one.hints.look();
    await new Promise(setImmediate);
  };
  await look();
  assert.deepEqual(other.suspected, []);
  const [member] = one.members;
  Object.assign(member ?? {}, { isHealthy: false });
  await look();
  await look();
  assert.equal(other.suspected.length, 1);
  assert.partialDeepStrictEqual(other.suspected, [{ pool: 'backends of app', member: 'http://a' }]);
  assert.deepEqual(one.suspected, []);
  await one.state.publish('health', 'of another version');
  await one.state.publish('health', '{"node":"A"}');
  Object.assign(member ?? {}, { isHealthy: true });
  await look();
  Object.assign(member ?? {}, { isHealthy: false });
  await look();
  assert.equal(other.suspected.length, 2);
});
