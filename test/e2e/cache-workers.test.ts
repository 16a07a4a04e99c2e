// One cache for all workers: what was fetched by one is found by all, and what many want at once is fetched once, however many threads there are.
import assert from 'node:assert/strict';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { describe, test, type TestContext } from 'node:test';
import { ask } from '../support/ask.ts';
import { http1Origin } from '../support/origins.ts';
import { WorkerStage } from '../support/worker-stage.ts';

const URLS = 60;
const REQUESTS = 600;
const AT_ONCE = 8;

interface Site {
  readonly stage: WorkerStage;
  readonly asked: Map<string, number>;
  /** Lets answers go that the origin holds back. */
  release(): void;
}

async function site(t: TestContext, threads: number): Promise<Site> {
  const asked = new Map<string, number>();
  const held: (() => void)[] = [];
  const origin = await http1Origin(t, ({ url = '', method }: IncomingMessage, response: ServerResponse) => {
    asked.set(url, (asked.get(url) ?? 0) + 1);
    response.setHeader('cache-control', 'max-age=600');
    response.setHeader('cache-tag', url.includes('7') ? 'seven' : 'other');
    if (!url.startsWith('/held') || method === 'DELETE') {
      response.end(`${url} `.repeat(50));
      return;
    }
    response.write(`first ${asked.get(url)} `);
    held.push(() => response.end('last'));
  });
  const settings = { gateway: { policies: { cache: {} }, routes: [{ to: { backends: [origin] } }] } };
  const stage = await WorkerStage.open(t, threads, settings);
  return { stage, asked, release: () => held.splice(0).forEach((end) => end()) };
}

/** The same for every number of threads: few are asked for most often. */
function pathOf(request: number): string {
  const dice = ((request * 7919) % 1009) / 1009;
  return `/${Math.floor(URLS * dice ** 3)}`;
}

async function askAll({ stage }: Site): Promise<void> {
  let next = 0;
  const lane = async (): Promise<void> => {
    for (let request = next++; request < REQUESTS; request = next++) {
      const path = pathOf(request);
      const { status, body } = await ask(`${stage.url}${path}`);
      assert.deepEqual([status, body], [200, `${path} `.repeat(50)]);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, lane));
}

function sum(asked: ReadonlyMap<string, number>): number {
  return [...asked.values()].reduce((total, count) => total + count, 0);
}

describe('the cache of several workers', () => {
  const distinct = new Set(Array.from({ length: REQUESTS }, (_, request) => pathOf(request)));
  for (const threads of [1, 4]) {
    test(`asks the origin once for each URL, and hits as often, with ${threads} thread(s)`, async (t) => {
      const whole = await site(t, threads);
      await askAll(whole);
      assert.deepEqual(new Set(whole.asked.values()), new Set([1]));
      assert.equal(sum(whole.asked), distinct.size);
      const [{ routes, entries }] = whole.stage.plane.caches.stats() as [
        ReturnType<typeof whole.stage.plane.caches.stats>[0],
      ];
      const served = routes.reduce((total, { hits, coalesced }) => total + hits + coalesced, 0);
      assert.equal(served, REQUESTS - distinct.size);
      assert.equal(entries, distinct.size);
    });
  }

  test('fetches once what hundreds want at once, who get the first byte before the last has come', async (t) => {
    const whole = await site(t, 4);
    const answers = Array.from({ length: 200 }, () => ask(`${whole.stage.url}/held`));
    const { stats } = { stats: () => whole.stage.plane.caches.stats()[0]! };
    await whole.stage.until(() => whole.asked.get('/held') === 1 && stats().bytes > 0, 'that one has been asked for');
    const late = Array.from({ length: 50 }, () => ask(`${whole.stage.url}/held`));
    await whole.stage.until(() => whole.stage.plane.doors()[0]?.openConnections === 250, 'that all have come');
    whole.release();
    const all = await Promise.all([...answers, ...late]);
    assert.deepEqual(new Set(all.map(({ body }) => body)), new Set(['first 1 last']));
    assert.equal(whole.asked.get('/held'), 1);
  });

  test('finds nothing of what was purged, on any of them', async (t) => {
    const whole = await site(t, 4);
    await askAll(whole);
    const before = sum(whole.asked);
    const count = whole.stage.plane.caches.purge({ kind: 'tag', tag: 'seven' });
    assert.equal(count, [...distinct].filter((path) => path.includes('7')).length);
    await askAll(whole);
    assert.equal(sum(whole.asked), before + count);
    whole.stage.plane.caches.purge({ kind: 'all' });
    await askAll(whole);
    assert.equal(sum(whole.asked), before + count + distinct.size);
  });

  for (const [threads, how] of [
    [1, 'an unsafe request'],
    [4, 'a purge'],
  ] as const) {
    test(`does not give who asks after ${how} what was being fetched before, with ${threads} thread(s)`, async (t) => {
      const whole = await site(t, threads);
      const url = `${whole.stage.url}/held`;
      const before = Array.from({ length: 8 }, () => ask(url));
      await whole.stage.until(() => whole.asked.get('/held') === 1, 'that it is being fetched');
      if (how === 'a purge') whole.stage.plane.caches.purge({ kind: 'url', url });
      else assert.equal((await ask(url, { method: 'DELETE' })).status, 200);
      const known = whole.asked.get('/held') ?? 0;
      const after = Array.from({ length: 8 }, () => ask(url));
      await whole.stage.until(() => (whole.asked.get('/held') ?? 0) > known, 'that it is fetched anew');
      await whole.stage.until(() => whole.stage.plane.doors()[0]?.openConnections === 16, 'that all have come');
      whole.release();
      const bodies = (await Promise.all([...before, ...after])).map(({ body }) => body);
      assert.deepEqual(bodies.slice(8), Array(8).fill(`first ${known + 1} last`));
      assert.ok(bodies.slice(0, 8).every((body) => /^first \d+ last$/.test(body)));
      assert.equal(whole.asked.get('/held'), known + 1);
    });
  }

  test('goes on when one of them dies', async (t) => {
    const whole = await site(t, 3);
    await askAll(whole);
    const before = sum(whole.asked);
    await whole.stage.threads[0]!.terminate();
    await whole.stage.until(() => whole.stage.restarts === 1, 'that it is replaced');
    await askAll(whole);
    assert.equal(sum(whole.asked), before);
  });
});
