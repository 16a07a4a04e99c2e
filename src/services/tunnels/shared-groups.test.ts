// Shared names keep what src/services/tunnels/tunnel-directory.ts promises of them, whatever the state is that they stand on.
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

class Cluster {
  readonly dead = new Set<string>();
  readonly heard: string[] = [];
  readonly #t: TestContext;
  readonly #open: () => SharedState;

  constructor(t: TestContext, open: () => SharedState) {
    this.#t = t;
    this.#open = open;
  }

  node(name: string, leaseMs = HOUR_MS): SharedDirectory {
    const state = this.#open();
    const events = {
      lost: (tunnel: string, { node }: { node: string }) => void this.heard.push(`${name}: ${tunnel} is at ${node}`),
      refused: (tunnel: string) => void this.heard.push(`${name}: ${tunnel} is refused`),
    };
    const isThere = (node: string): boolean => !this.dead.has(node);
    const address = (): string => `at ${name}`;
    const directory = new SharedDirectory({ state, node: name, address, events, leaseMs, isThere });
    this.#t.after(() => {
      directory.close();
      state.close();
    });
    return directory;
  }
}

async function membersOf(directory: SharedDirectory, name: string): Promise<string | null> {
  const place = await directory.lookUp(name);
  if (place === null) return null;
  const { members = [], isHere } = place;
  const counts = members.map(({ node, clients }) => `${node} ${clients}`).toSorted();
  return `${counts.join(', ')}${isHere ? ' (here)' : ''}`;
}

async function until(directory: SharedDirectory, name: string, members: string | null): Promise<void> {
  while ((await membersOf(directory, name)) !== members) await pause(5);
}

function inMemory(): () => SharedState {
  const share = new MemoryShare();
  return () => new MemoryState(share);
}

function inSqlite(t: TestContext): () => SharedState {
  const path = join(temporaryFolder(t), 'state.db');
  return () => new SqliteState(path);
}

function redisState({ url }: Redis, timeoutMs = 1_000): SharedState {
  return new RedisState({ connection: new RedisConnection({ url, timeoutMs }), url });
}

async function inRedis(t: TestContext): Promise<(() => SharedState) | undefined> {
  const redis = await Redis.start(t);
  return redis && (() => redisState(redis, 5_000));
}

for (const [kind, places] of [
  ['memory', inMemory],
  ['SQLite', inSqlite],
  ['Redis', inRedis],
] as const) {
  describe(`a shared name in ${kind}`, { timeout: 30_000 }, () => {
    test('has members on several nodes, which are counted as they come and go', async (t) => {
      const open = await places(t);
      if (open === undefined) return;
      const cluster = new Cluster(t, open);
      const [one, other, visitor] = [cluster.node('A'), cluster.node('B'), cluster.node('C')];
      const claims = await Promise.all([one.share('app', 'ann', 1), other.share('app', 'ann', 2)]);
      assert.deepEqual(
        claims.map((claim) => claim.kind),
        ['mine', 'mine'],
      );
      await until(visitor, 'app', 'A 1, B 2');
      await until(one, 'app', 'A 1, B 2 (here)');
      for (let clients = 2; clients < 30; clients += 1) {
        one.count('app', clients);
        other.count('app', clients);
      }
      await until(visitor, 'app', 'A 29, B 29');
      assert.equal((await visitor.share('app', 'bob', 1)).kind, 'taken');
      await one.release('app', HOUR_MS);
      await until(visitor, 'app', 'B 29');
      await until(other, 'app', 'B 29 (here)');
      await other.leave();
      await until(visitor, 'app', null);
      assert.equal((await visitor.share('app', 'bob', 1)).kind, 'taken');
      assert.equal((await visitor.share('app', 'ann', 1)).kind, 'mine');
      assert.deepEqual(cluster.heard, []);
    });

    test('is taken from all of them by a client that does not share it, and the other way round', async (t) => {
      const open = await places(t);
      if (open === undefined) return;
      const cluster = new Cluster(t, open);
      const [one, other, third] = [cluster.node('A'), cluster.node('B'), cluster.node('C')];
      await one.share('app', 'ann', 1);
      await other.share('app', 'ann', 1);
      assert.equal((await third.claim('app', 'ann')).kind, 'mine');
      while (cluster.heard.length < 2) await pause(5);
      assert.deepEqual(cluster.heard.toSorted(), ['A: app is at C', 'B: app is at C']);
      assert.equal((await one.share('app', 'ann', 1)).kind, 'mine');
      while (cluster.heard.length < 3) await pause(5);
      assert.equal(cluster.heard.at(-1), 'C: app is at A');
      await until(third, 'app', 'A 1');
    });

    test('is kept by those that are there when the node that has written last is no more', async (t) => {
      const open = await places(t);
      if (open === undefined) return;
      const cluster = new Cluster(t, open);
      const [one, dead, visitor] = [cluster.node('A', 600), cluster.node('B', 600), cluster.node('C')];
      await one.share('app', 'ann', 1);
      await dead.share('app', 'ann', 1);
      dead.close();
      cluster.dead.add('B');
      await until(visitor, 'app', 'A 1');
      for (let turn = 0; turn < 4; turn += 1) {
        await pause(300);
        assert.equal((await visitor.claim('app', 'bob')).kind, 'taken');
      }
      await until(one, 'app', 'A 1 (here)');
    });
  });
}

test('while nobody can be asked those who share a name here have it, and are written down afterwards', async (t) => {
  const redis = await Redis.start(t);
  if (redis === undefined) return;
  const cluster = new Cluster(t, () => redisState(redis));
  const [one, other] = [cluster.node('A', 1_000), cluster.node('B', 1_000)];
  await one.share('app', 'ann', 1);
  await until(other, 'app', 'A 1');
  await redis.stop();
  assert.equal((await other.share('app', 'ann', 1)).kind, 'alone');
  assert.equal(await membersOf(other, 'app'), 'B 1 (here)');
  await redis.start();
  await until(one, 'app', 'A 1, B 1 (here)');
  await until(other, 'app', 'A 1, B 1 (here)');
  assert.deepEqual(cluster.heard, []);
});
