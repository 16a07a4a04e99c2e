// Several nodes that share a Redis server have one limit between them, and whatever the server does, no request fails for it.
import assert from 'node:assert/strict';
import type http from 'node:http';
import { describe, test, type TestContext } from 'node:test';
import { RedisConnection } from '../../src/state/redis-connection.ts';
import { ask } from '../support/ask.ts';
import { Gateway } from '../support/gateway.ts';
import { http1Origin } from '../support/origins.ts';
import { Redis, type RedisSettings } from '../support/redis.ts';

/** An hour until there is one more. */
const FIVE = { rate: '1/h', per: { header: 'x-key' }, burst: 5 };

interface Stage {
  readonly redis: Redis;
  readonly nodes: readonly [Gateway, Gateway];
}

async function stage(t: TestContext, limit: object = FIVE, settings: RedisSettings = {}): Promise<Stage | undefined> {
  const redis = await Redis.start(t, settings);
  if (redis === undefined) return undefined;
  const nodes = [await node(t, redis.url, limit), await node(t, redis.url, limit)] as const;
  await areConnected(nodes);
  return { redis, nodes };
}

function node(t: TestContext, state: string, limit: object = FIVE): Promise<Gateway> {
  const routes = [{ match: { path: '/' }, to: { respond: { body: 'hi' } } }];
  const settings = { process: { state }, gateway: { routes, policies: { rate_limit: limit } } };
  return Gateway.open(t, settings);
}

/** The status, and how many are left. */
async function get(gateway: Gateway, key: string): Promise<string> {
  const { status, headers } = await ask(`${gateway.url}/`, { headers: { Host: 'a.test', 'X-Key': key } });
  return `${status} ${String(headers['ratelimit-remaining'])}`;
}

/** Until then each of them counts for itself. */
async function areConnected([one, other]: readonly [Gateway, Gateway], name = 'connected'): Promise<void> {
  for (let count = 0; ; count += 1) {
    const key = `${name} ${count}`;
    if ((await get(one, key)) === '200 4' && (await get(other, key)) === '200 3') return;
  }
}

async function statuses(nodes: readonly Gateway[], key: string, count: number): Promise<number[]> {
  const found: number[] = [];
  for (let index = 0; index < count; index += 1) {
    for (const each of nodes) found.push(Number((await get(each, key)).slice(0, 3)));
  }
  return found;
}

describe('nodes that share a Redis server', { timeout: 60_000 }, () => {
  test('have one limit between them, exactly where it is small', async (t) => {
    const { nodes } = (await stage(t)) ?? {};
    if (nodes === undefined) return;
    const [one, other] = nodes;
    const wanted = ['200 4', '200 3', '200 2', '200 1', '200 0', '429 0', '429 0'];
    // On a machine that is busy Redis may once be too slow.
    for (let count = 0; ; count += 1) {
      const said: string[] = [];
      for (const each of [one, other, other, one, other, other, one]) said.push(await get(each, `key ${count}`));
      if (said.join() === wanted.join()) return;
    }
  });

  test('go on, each with its share, while the server stands still or is gone, and share again when it is back', async (t) => {
    const { redis, nodes } = (await stage(t)) ?? {};
    if (redis === undefined || nodes === undefined) return;
    redis.signal('SIGSTOP');
    assert.deepEqual(await statuses(nodes, 'still', 6), [...Array<number>(10).fill(200), 429, 429]);
    redis.signal('SIGCONT');
    await areConnected(nodes, 'again');
    await redis.stop();
    assert.deepEqual(await statuses(nodes, 'gone', 6), [...Array<number>(10).fill(200), 429, 429]);
    await redis.start();
    await areConnected(nodes, 'back');
  });

  test('count for themselves where the password is wrong, or the server takes nothing', async (t) => {
    const { redis, nodes } = (await stage(t, FIVE, { password: 'right' })) ?? {};
    if (redis === undefined || nodes === undefined) return;
    const replica = await Redis.start(t, { more: ['--replicaof', '127.0.0.1', String(redis.port)] });
    for (const state of [redis.url.replace('right', 'wrong'), replica?.url ?? '']) {
      const alone = await node(t, state);
      assert.deepEqual(await statuses([alone], 'alone', 6), [...Array<number>(5).fill(200), 429]);
    }
  });

  test('make nobody wait for a limit that is large', async (t) => {
    const limit = { rate: '1000/s', per: { header: 'x-key' }, burst: 5_000 };
    const redis = await Redis.start(t);
    if (redis === undefined) return;
    const nodes = [await node(t, redis.url, limit), await node(t, redis.url, limit)];
    const connection = new RedisConnection({ url: redis.url });
    t.after(() => connection.close());
    // What both of them have given away is charged to one bucket, afterwards.
    let buckets: unknown = [];
    while (!Array.isArray(buckets) || buckets.length === 0) {
      assert.deepEqual(new Set(await statuses(nodes, 'a', 20)), new Set([200]));
      buckets = await connection.send(['KEYS', 'sluice:1:limit:*']);
    }
    assert.equal(buckets.length, 1);
  });
});

/** A gateway before a server that answers when it is let, and the requests that run. */
async function holding(
  t: TestContext,
  state: string,
  concurrent: number,
): Promise<{ gateway: Gateway; held: http.ServerResponse[] }> {
  const held: http.ServerResponse[] = [];
  const backend = await http1Origin(t, (_, response) => void held.push(response));
  const settings = { process: { state }, gateway: { default_backend: backend, policies: { limits: { concurrent } } } };
  return { gateway: await Gateway.open(t, settings), held };
}

type Holding = Awaited<ReturnType<typeof holding>>;

/** The status of a request that is refused; `held`: it runs now. */
async function begin({ gateway, held }: Holding): Promise<number | 'held'> {
  const before = held.length;
  const answer = ask(`${gateway.url}/`, { headers: { Host: 'a.test' } }).then(({ status }) => status);
  let status: number | null = null;
  answer.then(
    (answered) => (status = answered),
    () => (status = 0),
  );
  await gateway.until(() => status !== null || held.length > before, 'an answer');
  return held.length > before ? 'held' : (status ?? 0);
}

describe('requests that run at once on nodes that share a Redis server', { timeout: 60_000 }, () => {
  test('are bounded for all of them together, and for each while the server stands still', async (t) => {
    const redis = await Redis.start(t);
    if (redis === undefined) return;
    const [one, other] = [await holding(t, redis.url, 2), await holding(t, redis.url, 2)];
    const release = async (node: Holding): Promise<void> => {
      const { length } = node.held;
      for (const response of node.held.splice(0)) response.end();
      await node.gateway.until(
        () => node.gateway.metric('sluice_http_requests_in_flight') === 0,
        `the end of ${length}`,
      );
    };
    // Until both are connected, each of them counts for itself.
    for (let isOne = false; !isOne;) {
      const begun = [await begin(one), await begin(one), await begin(other)];
      isOne = begun.join() === 'held,held,429';
      for (const node of [one, other]) await release(node);
    }
    assert.deepEqual([await begin(one), await begin(other)], ['held', 'held']);
    assert.deepEqual([await begin(one), await begin(other)], [429, 429]);
    await release(other);
    assert.equal(await begin(one), 'held');
    assert.equal(await begin(other), 429);
    redis.signal('SIGSTOP');
    t.after(() => redis.signal('SIGCONT'));
    assert.deepEqual([await begin(other), await begin(other), await begin(other)], ['held', 'held', 429]);
    redis.signal('SIGCONT');
    for (const node of [one, other]) await release(node);
    for (let isOne = false; !isOne;) {
      const begun = [await begin(one), await begin(other), await begin(other)];
      isOne = begun.join() === 'held,held,429';
      for (const node of [one, other]) await release(node);
    }
  });
});
