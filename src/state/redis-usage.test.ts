// What it promises as any store does, usage-stores.test.ts holds it to.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Redis } from '../../test/support/redis.ts';
import { RedisConnection } from './redis-connection.ts';
import { RedisUsage } from './redis-usage.ts';
import { DAY_MS, type UsageRow } from './usage-row.ts';

const NAMES = { provider: 'claude', user: 'ann', account: '', model: 'm-1', session: '' };
const ROW: UsageRow = { atMs: 5, ...NAMES, isKnown: true, input: 1, output: 2, cacheRead: 3, cacheWrite: 4 };
const DAYS = { fromMs: 0, toMs: 1000 * DAY_MS };

test('a batch counts once, also when its answer was lost or it is given by another node; only then its mark stays', async (t) => {
  const redis = await Redis.start(t);
  if (redis === undefined) return;
  const connection = new RedisConnection({ url: redis.url });
  t.after(() => connection.close());
  let isLost = true;
  const lossy = {
    server: '',
    isUp: true,
    close: () => {},
    send: async (args: readonly string[]): Promise<unknown> => {
      const answer = await connection.send(args);
      if (isLost) throw new Error('lost');
      return answer;
    },
  };
  const [one, other] = [new RedisUsage(lossy), new RedisUsage(connection)] as const;
  const batch = { id: 'a', rows: [ROW, ROW] };
  await assert.rejects(one.add(batch), /lost/);
  isLost = false;
  await one.add(batch);
  await other.add(batch);
  for (let i = 0; i < 3; i += 1) await one.add({ id: `b${i}`, rows: [ROW] });
  assert.equal((await one.sums({ ...DAYS, by: [] }))[0]?.requests, 5);
  const keys = (await connection.send(['KEYS', '*batch:*'])) as string[];
  assert.deepEqual(keys.toSorted(), ['sluice:{usage}:batch:a', 'sluice:{usage}:batch:b2']);
});

test('all keys begin alike, and those of a day are gone when it is forgotten', async (t) => {
  const redis = await Redis.start(t);
  if (redis === undefined) return;
  const connection = new RedisConnection({ url: redis.url });
  t.after(() => connection.close());
  const store = new RedisUsage(connection);
  await store.add({ id: 'a', rows: [ROW] });
  const keys = async (): Promise<string[]> => (await connection.send(['KEYS', '*'])) as string[];
  assert.equal((await keys()).length, 6);
  assert.ok((await keys()).every((key) => key.startsWith('sluice:{usage}:')));
  await store.forget({ rowsBeforeMs: DAY_MS, daysBeforeMs: DAY_MS });
  assert.deepEqual(await keys(), ['sluice:{usage}:batch:a']);
  assert.equal(store.state().server, connection.server);
});
