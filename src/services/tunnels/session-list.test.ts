import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SessionList } from './session-list.ts';
import type { TunnelLink } from './tunnel-link.ts';

test('clients are counted once, and found by their account', () => {
  const list = new SessionList();
  const client = (account: string): TunnelLink => ({ account, meter: { sessions: 0 } }) as unknown as TunnelLink;
  const [one, two, other] = [client('a'), client('a'), client('b')];
  for (const session of [one, one, two, other]) list.add(session);
  assert.deepEqual([list.size, list.of('a'), list.of('c'), list.accounts()], [3, [one, two], [], ['a', 'b']]);
  list.delete(other);
  list.delete(other);
  assert.deepEqual([list.size, list.all(), one.meter?.sessions, other.meter?.sessions], [2, [one, two], 1, 0]);
});
