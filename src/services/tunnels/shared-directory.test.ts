// The directory of tunnels keeps what src/services/tunnels/tunnel-directory.ts promises, whatever the state is that it stands on.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, test, type TestContext } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { Redis } from '../../../test/support/redis.ts';
import { temporaryFolder } from '../../../test/support/temporary-folder.ts';
import { MemoryShare, MemoryState } from '../../state/memory-state.ts';
import { RedisConnection } from '../../state/redis-connection.ts';
import { RedisState } from '../../state/redis-state.ts';
import type { SharedState } from '../../state/shared-state.ts';
import { SqliteState } from '../../state/sqlite-state.ts';
import { SharedDirectory } from './shared-directory.ts';

const HOUR_MS = 3_600_000;

interface Node {
  readonly directory: SharedDirectory;
  readonly heard: string[];
}

/** `leaseMs` is longer than any test where nothing is to end by itself. */
function node(t: TestContext, state: SharedState, name: string, leaseMs = HOUR_MS): Node {
  const heard: string[] = [];
  const events = {
    lost: (tunnel: string, { node: where }: { node: string }) => void heard.push(`${tunnel} is at ${where}`),
    refused: (tunnel: string) => void heard.push(`${tunnel} is refused`),
  };
  const directory = new SharedDirectory({ state, node: name, address: () => `at ${name}`, events, leaseMs });
  t.after(() => {
    directory.close();
    state.close();
  });
  return { directory, heard };
}

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await pause(5);
}

async function kindOf({ directory }: Node, name: string, account: string): Promise<string> {
  const claim = await directory.claim(name, account);
  return claim.kind === 'mine' ? `mine, before ${claim.before}` : claim.kind;
}

async function whereIs({ directory }: Node, name: string): Promise<string | null> {
  const place = await directory.lookUp(name);
  return place === null ? null : `${place.account} ${place.address}${place.isHere ? ' (here)' : ''}`;
}

/** What was said has been heard. */
async function untilAt(visitor: Node, name: string, where: string | null): Promise<void> {
  await until(async () => (await whereIs(visitor, name)) === where);
}

function redisState(redis: Redis, timeoutMs = 500): SharedState {
  const { url } = redis;
  return new RedisState({ connection: new RedisConnection({ url, timeoutMs }), url });
}

type Opener = () => SharedState;

function inMemory(): Opener {
  const share = new MemoryShare();
  return () => new MemoryState(share);
}

function inSqlite(t: TestContext): Opener {
  const path = join(temporaryFolder(t), 'state.db');
  return () => new SqliteState(path);
}

async function inRedis(t: TestContext): Promise<Opener | undefined> {
  const redis = await Redis.start(t);
  return redis && (() => redisState(redis, 5_000));
}

for (const [kind, places] of [
  ['memory', inMemory],
  ['SQLite', inSqlite],
  ['Redis', inRedis],
] as const) {
  describe(`a directory of tunnels in ${kind}`, { timeout: 30_000 }, () => {
    test('knows on every node where a name is, and that it has gone', async (t) => {
      const open = await places(t);
      if (open === undefined) return;
      const [one, other] = [node(t, open(), 'A'), node(t, open(), 'B')];
      assert.equal(await whereIs(other, 'app'), null);
      assert.equal(await kindOf(one, 'app', 'ann'), 'mine, before null');
      await untilAt(other, 'app', 'ann at A');
      assert.equal(await whereIs(one, 'app'), 'ann at A (here)');
      await one.directory.release('app', HOUR_MS);
      await untilAt(other, 'app', null);
      await untilAt(one, 'app', null);
      assert.equal(await other.directory.heldFor('app'), 'ann');
    });

    test('gives a name to one account, also while its client is away', async (t) => {
      const open = await places(t);
      if (open === undefined) return;
      const [one, other] = [node(t, open(), 'A'), node(t, open(), 'B')];
      await one.directory.claim('app', 'ann');
      assert.deepEqual([await kindOf(other, 'app', 'bob'), await kindOf(one, 'app', 'bob')], ['taken', 'taken']);
      assert.equal(await whereIs(one, 'app'), 'ann at A (here)');
      await one.directory.release('app', HOUR_MS);
      assert.equal(await kindOf(other, 'app', 'bob'), 'taken');
      assert.equal(await kindOf(other, 'app', 'ann'), 'mine, before null');
      await other.directory.forget('app');
      assert.equal(await kindOf(one, 'app', 'bob'), 'mine, before null');
      assert.deepEqual([one.heard, other.heard], [[], []]);
    });

    test('says where a client comes to that has lost its node or was sent away, and that it has left', async (t) => {
      const open = await places(t);
      if (open === undefined) return;
      const [one, other, third] = [node(t, open(), 'A'), node(t, open(), 'B'), node(t, open(), 'C')];
      await one.directory.claim('app', 'ann');
      const first = await third.directory.lookUp('app');
      assert.ok(first !== null);
      const next = third.directory.next(first, HOUR_MS);
      await one.directory.sendAway('app', HOUR_MS);
      assert.equal(await whereIs(third, 'app'), 'ann at A');
      assert.equal(await kindOf(other, 'app', 'ann'), 'mine, before A');
      const second = await next;
      assert.equal(second?.address, 'at B');
      const none = third.directory.next(second, HOUR_MS);
      await other.directory.release('app', HOUR_MS);
      assert.equal(await none, null);
      await one.directory.claim('web', 'ann');
      const web = await third.directory.lookUp('web');
      assert.ok(web !== null);
      assert.equal(await third.directory.next(web, 1), null);
      const here = third.directory.next(web, HOUR_MS);
      await third.directory.claim('web', 'ann');
      assert.equal((await here)?.isHere, true);
    });

    test('takes a name along to the node where its client comes back, and nothing that the other one does changes that', async (t) => {
      const open = await places(t);
      if (open === undefined) return;
      const [one, other, third] = [node(t, open(), 'A'), node(t, open(), 'B'), node(t, open(), 'C')];
      await one.directory.claim('app', 'ann');
      assert.equal(await kindOf(other, 'app', 'ann'), 'mine, before A');
      await until(() => one.heard.length > 0);
      assert.deepEqual(one.heard, ['app is at B']);
      await one.directory.release('app', HOUR_MS);
      await one.directory.renew();
      await untilAt(third, 'app', 'ann at B');
      assert.equal(await whereIs(other, 'app'), 'ann at B (here)');
    });

    test('does not give a name back that it is just taking over when its leases are renewed', async (t) => {
      const open = await places(t);
      if (open === undefined) return;
      const [one, other] = [node(t, open(), 'A'), node(t, open(), 'B')];
      await one.directory.claim('app', 'ann');
      const [claim] = await Promise.all([kindOf(other, 'app', 'ann'), other.directory.renew()]);
      assert.equal(claim, 'mine, before A');
      assert.deepEqual(other.heard, []);
      assert.equal(await whereIs(other, 'app'), 'ann at B (here)');
    });

    test('gives the names of a node that is no more to others as soon as its leases are over', async (t) => {
      const open = await places(t);
      if (open === undefined) return;
      const [dead, other] = [node(t, open(), 'A', 100), node(t, open(), 'B')];
      await dead.directory.claim('app', 'ann');
      dead.directory.close();
      assert.equal(await kindOf(other, 'app', 'bob'), 'taken');
      await until(async () => (await kindOf(other, 'app', 'bob')) === 'mine, before null');
    });

    test('keeps a name as long as its node renews it, and gives all up when that leaves', async (t) => {
      const open = await places(t);
      if (open === undefined) return;
      // A machine that is busy may keep a node waiting for a second.
      const [one, other] = [node(t, open(), 'A', 2_000), node(t, open(), 'B')];
      await one.directory.claim('app', 'ann');
      await one.directory.claim('api', 'ann');
      for (let turn = 0; turn < 15; turn += 1) {
        await pause(150);
        assert.equal(await kindOf(other, 'app', 'bob'), 'taken');
      }
      await one.directory.leave();
      await untilAt(other, 'api', null);
      assert.equal(await kindOf(other, 'app', 'bob'), 'mine, before null');
    });
  });
}

describe('a directory whose Redis', { timeout: 30_000 }, () => {
  test('is gone knows the names that it knew, takes new ones, and claims them when it is back with nothing in it', async (t) => {
    const redis = await Redis.start(t);
    if (redis === undefined) return;
    const [one, other] = [node(t, redisState(redis), 'A', 1_000), node(t, redisState(redis), 'B', 1_000)];
    await one.directory.claim('app', 'ann');
    await untilAt(other, 'app', 'ann at A');
    await redis.stop();
    assert.equal(await kindOf(one, 'new', 'ann'), 'alone');
    assert.equal(await whereIs(one, 'new'), 'ann at A (here)');
    assert.equal(await whereIs(other, 'app'), 'ann at A');
    assert.equal(await whereIs(other, 'new'), null);
    await redis.start();
    await untilAt(other, 'new', 'ann at A');
    await until(async () => (await kindOf(other, 'app', 'bob')) === 'taken');
    assert.deepEqual([one.heard, other.heard], [[], []]);
  });

  test('does not hear of a node tells it what others have taken, when it hears again', async (t) => {
    const redis = await Redis.start(t);
    if (redis === undefined) return;
    const state = redisState(redis);
    const cut = { isCut: false };
    const [one, other] = [node(t, cutOff(state, cut), 'A', 200), node(t, redisState(redis), 'B')];
    await one.directory.claim('app', 'ann');
    await one.directory.claim('api', 'ann');
    cut.isCut = true;
    await until(async () => (await kindOf(other, 'app', 'ann')).startsWith('mine'));
    await until(async () => (await kindOf(other, 'api', 'bob')).startsWith('mine'));
    assert.equal(await whereIs(one, 'app'), 'ann at A (here)');
    cut.isCut = false;
    await until(() => one.heard.length === 2);
    assert.deepEqual(one.heard.toSorted(), ['api is refused', 'app is at B']);
    assert.equal(await whereIs(other, 'api'), 'bob at B (here)');
  });
});

/** The same state, as long as it is not cut off: then nothing is answered or heard. */
function cutOff(state: SharedState, cut: { isCut: boolean }): SharedState {
  return new Proxy(state, {
    get(target, key): unknown {
      const value: unknown = Reflect.get(target, key, target);
      if (typeof value !== 'function') return value;
      if (key === 'hear') {
        return (channel: string, heard: (text: string) => void, onUp?: () => void) =>
          target.hear(channel, (text) => (cut.isCut ? undefined : heard(text)), onUp);
      }
      return (...args: readonly unknown[]) =>
        cut.isCut ? Promise.reject(new Error('cut off')) : (Reflect.apply(value, target, args) as unknown);
    },
  });
}
