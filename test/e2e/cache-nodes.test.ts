// Two real nodes and a real Redis server, through HTTP alone: what one fetches both have, what is purged on one is gone on both, and
// whatever becomes of the server no client hears of it.
import assert from 'node:assert/strict';
import type http from 'node:http';
import { test, type TestContext } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { fetchWhole, startCacheNode } from '../support/cache-node.ts';
import { http1Origin } from '../support/origins.ts';
import { Redis } from '../support/redis.ts';
import type { SluiceProcess } from '../support/sluice-process.ts';

const LIMIT = { timeout: 60_000 };

interface Nodes {
  readonly one: SluiceProcess;
  readonly two: SluiceProcess;
  readonly redis: Redis;
  readonly asked: string[];
  /** Lets answers of `/held…` go. */
  release(): void;
}

async function twoNodes(t: TestContext): Promise<Nodes | undefined> {
  const redis = await Redis.start(t);
  if (redis === undefined) return undefined;
  const asked: string[] = [];
  const released = Promise.withResolvers<void>();
  const origin = await http1Origin(t, ({ url = '' }: http.IncomingMessage, response: http.ServerResponse) => {
    asked.push(url);
    response.setHeader('Cache-Control', 'max-age=1000');
    response.setHeader('Cache-Tag', url.includes('news') ? 'news' : 'other');
    const body = `${url} of the origin`;
    if (url.startsWith('/held')) void released.promise.then(() => response.end(body));
    else response.end(body);
  });
  const settings = { origin, state: redis.url, cache: '{ state_timeout: 1s }' };
  const [one, two] = await Promise.all([startCacheNode(t, settings), startCacheNode(t, settings)]);
  const nodes = { one, two, redis, asked, release: released.resolve };
  for (let count = 0; !(await isShared(nodes, `/warm/${count}`)); count += 1) await pause(10);
  return nodes;
}

async function get(node: SluiceProcess, path: string, headers: Readonly<Record<string, string>> = {}): Promise<string> {
  const got = await fetchWhole(node.address('gateway') + path, headers);
  return got === null ? 'cut' : `${got.status} ${got.body.toString()}`;
}

/** What one has fetched the other has as well. */
async function isShared({ one, two, asked }: Nodes, path: string): Promise<boolean> {
  await get(one, path);
  await pause(20);
  await get(two, path);
  return asked.filter((each) => each === path).length === 1;
}

async function until(condition: () => boolean | Promise<boolean>, what: string): Promise<void> {
  const endMs = performance.now() + 20_000;
  while (!(await condition())) {
    assert.ok(performance.now() < endMs, `never came to pass: ${what}`);
    await pause(20);
  }
}

/** Of a node alone: 504 where it has nothing. */
function isKept(node: SluiceProcess, path: string): Promise<boolean> {
  return get(node, path, { 'cache-control': 'only-if-cached' }).then((text) => text.startsWith('200'));
}

test('two nodes that share a Redis server', LIMIT, async (t) => {
  const nodes = await twoNodes(t);
  if (nodes === undefined) return;
  const { one, two, redis, asked, release } = nodes;

  await t.test('fetch once what a hundred clients of both want at the same time', async () => {
    const all = Array.from({ length: 100 }, (_, client) => get(client % 2 === 0 ? one : two, '/held/1'));
    await until(() => asked.includes('/held/1'), 'that the origin is asked');
    await pause(100);
    release();
    assert.deepEqual(new Set(await Promise.all(all)), new Set(['200 /held/1 of the origin']));
    assert.equal(asked.filter((each) => each === '/held/1').length, 1);
  });

  await t.test('give the same after one fetch, and nothing of what was purged on the other one', async () => {
    for (const [path, query] of [
      ['/a/1', `url=${encodeURIComponent('http://site.test/a/1')}`],
      ['/b/1', `prefix=${encodeURIComponent('http://site.test/b')}`],
      ['/c/1', 'pattern=*.test'],
      ['/news/1', 'tag=news'],
      ['/d/1', 'all=true'],
    ] as const) {
      assert.equal(await get(one, path), `200 ${path} of the origin`);
      await until(async () => (await get(two, path)) !== '' && isKept(two, path), `that ${path} is on both`);
      const before = asked.filter((each) => each === path).length;
      const answer = await one.admin(`/admin/cache?${query}`, { method: 'DELETE' });
      assert.deepEqual([answer.status, ((await answer.json()) as { soft: boolean }).soft], [200, false], query);
      assert.equal(await isKept(one, path), false);
      await until(async () => !(await isKept(two, path)), `that ${path} is gone on the other one`);
      // Nor does it come back by way of the server.
      assert.equal(await get(two, path), `200 ${path} of the origin`);
      assert.equal(asked.filter((each) => each === path).length, before + 1);
    }
  });

  await t.test('answer everything while it is killed, stands still, and comes back', async () => {
    const end = new AbortController();
    const wrong: string[] = [];
    let count = 0;
    const lane = async (node: SluiceProcess, name: string): Promise<void> => {
      for (let turn = 0; !end.signal.aborted; turn += 1) {
        const path = `/${name}/${turn % 3 === 0 ? turn : turn % 7}`;
        const text = await get(node, path);
        count += 1;
        if (text !== `200 ${path} of the origin`) wrong.push(`${path}: ${text}`);
      }
    };
    const lanes = [one, two].flatMap((node) => ['x', 'y', 'z'].map((name) => lane(node, name)));
    const some = async (): Promise<void> => {
      const before = count;
      await until(() => count > before + 60, 'that more is answered');
    };
    await some();
    redis.signal('SIGSTOP');
    await some();
    redis.signal('SIGCONT');
    await some();
    await redis.stop();
    await some();
    await redis.start();
    await some();
    end.abort();
    await Promise.all(lanes);
    assert.deepEqual(wrong, []);
    let round = 0;
    await until(() => isShared(nodes, `/again/${round++}`), 'that they share again');
  });
});
