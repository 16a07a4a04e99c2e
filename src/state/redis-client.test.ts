import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test, type TestContext } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { Redis } from '../../test/support/redis.ts';
import { temporaryFolder } from '../../test/support/temporary-folder.ts';
import { firstKey } from './redis-client.ts';
import { RedisConnection } from './redis-connection.ts';
import { RedisState } from './redis-state.ts';

function connect(t: TestContext, url: string): RedisConnection {
  const connection = new RedisConnection({ url });
  t.after(() => connection.close());
  return connection;
}

/** Asked again until it answers so. */
async function untilAnswered(connection: RedisConnection, args: readonly string[], answer: unknown): Promise<void> {
  while ((await connection.send(args).catch(() => undefined)) !== answer) await pause(20);
}

describe('Redis', { timeout: 30_000 }, () => {
  test('as a cluster is asked where a key lies, and told of what is said', async (t) => {
    const redis = await Redis.start(t, { more: ['--cluster-enabled', 'yes'] });
    if (redis === undefined) return;
    const direct = connect(t, `redis://127.0.0.1:${redis.port}`);
    assert.equal(await direct.send(['CLUSTER', 'ADDSLOTSRANGE', '0', '16383']), 'OK');
    const url = `redis+cluster://127.0.0.1:${redis.port}`;
    const connection = connect(t, url);
    await untilAnswered(connection, ['SET', 'a', 'b'], 'OK');
    const state = new RedisState({ connection, url });
    const wish = { limit: { intervalMs: 60_000, burst: 2 }, spent: 0, need: 1, more: 0 };
    const loans = await state.borrow(['a', 'b', 'c'].map((bucket) => ({ bucket, ...wish })));
    assert.deepEqual(
      loans.map(({ granted }) => granted),
      [1, 1, 1],
    );
    const [heard, up] = [Promise.withResolvers<string>(), Promise.withResolvers<void>()];
    const ear = state.hear('c', heard.resolve, () => up.resolve());
    await up.promise;
    await state.publish('c', 'hello');
    assert.equal(await heard.promise, 'hello');
    ear.close();
  });

  test('behind a Sentinel is whoever is the master, also after another one has taken over', async (t) => {
    const master = await Redis.start(t);
    if (master === undefined) return;
    const replicaOf = ['--replicaof', '127.0.0.1', String(master.port)];
    const replica = await Redis.start(t, { more: replicaOf });
    const conf = join(temporaryFolder(t), 'sentinel.conf');
    const times = ['down-after-milliseconds m 300', 'failover-timeout m 2000'].map((time) => `sentinel ${time}`);
    writeFileSync(conf, [`sentinel monitor m 127.0.0.1 ${master.port} 1`, ...times, ''].join('\n'));
    const sentinel = await Redis.start(t, { file: conf, more: ['--sentinel'] });
    assert.ok(replica !== undefined && sentinel !== undefined);
    const isOnline = ['WAIT', '1', '100'];
    const connection = connect(t, `redis+sentinel://127.0.0.1:${sentinel.port}/m/1`);
    await untilAnswered(connection, ['SET', 'a', 'b'], 'OK');
    await untilAnswered(connect(t, `redis://127.0.0.1:${master.port}`), isOnline, 1);
    const known = connect(t, `redis://127.0.0.1:${sentinel.port}`);
    while (!String(await known.send(['SENTINEL', 'REPLICAS', 'm'])).includes(String(replica.port))) await pause(50);
    await master.stop();
    await untilAnswered(connection, ['SET', 'a', 'c'], 'OK');
    assert.equal(connection.isUp, true);
  });
});

test('a command belongs where its first key lies', () => {
  const keys = [
    ['GET', 'a'],
    ['EVALSHA', 'digest', '2', 'b', 'c', 'd'],
    ['EVAL', 'script', '0'],
    ['XREAD', 'COUNT', '1', 'STREAMS', 'e', '0'],
    ['PUBLISH', 'channel', 'text'],
  ].map(firstKey);
  assert.deepEqual(keys, ['a', 'b', undefined, 'e', undefined]);
});
