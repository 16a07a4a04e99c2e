import assert from 'node:assert/strict';
import { describe, test, type TestContext } from 'node:test';
import { BalanceRig } from '../../../test/support/balance-rig.ts';
import { MemoryShare, MemoryState } from '../../state/memory-state.ts';
import { SharedBindings } from './shared-bindings.ts';
import { StickySessions, type StickyOptions } from './sticky-sessions.ts';

interface Node {
  readonly rig: BalanceRig;
  readonly pick: (key: string) => string | null;
}

function node(t: TestContext, share: MemoryShare, ids: string, options: Partial<StickyOptions> = {}): Node {
  const rig = new BalanceRig(ids);
  const elsewhere = new SharedBindings({ state: new MemoryState(share) });
  const sessions = new StickySessions({ ttlMs: 60_000, mode: 'strict', now: () => rig.now, elsewhere, ...options });
  elsewhere.adopt = (name, memberId) => sessions.adopt(name, memberId);
  t.after(() => elsewhere.close());
  return { rig, pick: (key) => sessions.pick(rig.group, { key, ttlMs: null })?.id ?? null };
}

/** What is told is told together, a little later. */
const told = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 60));

const KEYS = Array.from({ length: 40 }, (_, index) => `ann ${index}`);

describe('a session of several nodes', () => {
  test('keeps its member on each of them, also where it would be given another one by now', async (t) => {
    const share = new MemoryShare();
    const [one, other] = [node(t, share, 'ab'), node(t, share, 'ab')];
    const bound = KEYS.map((key) => one.pick(key));
    await told();
    for (const { rig } of [one, other]) rig.update('abcdefgh');
    assert.deepEqual(
      KEYS.map((key) => other.pick(key)),
      bound,
    );
  });

  test('keeps the member that it was bound to first, also on a node that was not there to hear of it', async (t) => {
    const share = new MemoryShare();
    const one = node(t, share, 'ab');
    const bound = KEYS.map((key) => one.pick(key));
    await told();
    const late = node(t, share, 'abcdefgh');
    for (const key of KEYS) late.pick(key);
    await told();
    assert.deepEqual(
      KEYS.map((key) => late.pick(key)),
      bound,
    );
  });

  test('that has moved has moved everywhere', async (t) => {
    const share = new MemoryShare();
    const [one, other] = [node(t, share, 'ab', { mode: 'flex' }), node(t, share, 'ab', { mode: 'flex' })];
    const key = KEYS.find((each) => one.pick(each) === 'a') ?? assert.fail();
    assert.equal(other.pick(key), 'a');
    await told();
    one.rig.update('b');
    assert.equal(one.pick(key), 'b');
    await told();
    assert.equal(other.pick(key), 'b');
  });

  test('gets nobody where its member is out and it may not move', async (t) => {
    const share = new MemoryShare();
    const [one, other] = [node(t, share, 'ab'), node(t, share, 'ab')];
    const key = KEYS.find((each) => one.pick(each) === 'a') ?? assert.fail();
    await told();
    other.rig.update('b');
    assert.equal(other.pick(key), null);
  });
});
