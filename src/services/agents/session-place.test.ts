import assert from 'node:assert/strict';
import { test } from 'node:test';
import { REQUEST } from '../../../test/support/agent-stage.ts';
import type { OtherAgents, Place } from './other-agents.ts';
import { placeOfSessions } from './session-place.ts';

const place = (name: string): Place => ({ name, way: null, isThere: true, run: null });
const OTHERS = {
  placeOf: (_: string, name: string) =>
    Promise.resolve(name === 'sh far' ? place('one') : name === 'sh farther' ? place('two') : null),
} as unknown as OtherAgents;
const service = {
  hasSession: (_: string, session: string) => session === 'near',
  kindName: (kind: string) => kind || 'sh',
};

async function placeFor(...sessions: readonly string[]): Promise<string | null> {
  const requests = sessions.map((session) => ({ ...REQUEST, session }));
  return (await placeOfSessions(requests, { others: OTHERS, service, viewer: 'ann' }))?.name ?? null;
}

test('a session goes on where it is, and one that nobody has here', async () => {
  assert.deepEqual(
    [await placeFor(''), await placeFor('near'), await placeFor('unknown'), await placeFor('far', 'far', '')],
    [null, null, null, 'one'],
  );
});

test('those of a batch have to be on one node', async () => {
  await assert.rejects(placeFor('far', 'farther'), /on several nodes \(one, two\)/);
  await assert.rejects(placeFor('near', 'far'), /on several nodes \(this one, one\)/);
});
