// Several nodes that share one Redis server: what one has fetched the others need not fetch, and whatever the server does is no error.
import assert from 'node:assert/strict';
import { describe, test, type TestContext } from 'node:test';
import type http from 'node:http';
import { ask } from '../support/ask.ts';
import { Gateway } from '../support/gateway.ts';
import { http1Origin } from '../support/origins.ts';
import { Redis } from '../support/redis.ts';

type Answering = (request: http.IncomingMessage, response: http.ServerResponse, count: number) => void;

interface Nodes {
  readonly nodes: readonly Gateway[];
  readonly asked: readonly string[];
}

/** Two nodes in front of one origin. */
async function twoNodes(t: TestContext, state: string, answering: Answering, timeout = '5s'): Promise<Nodes> {
  const asked: string[] = [];
  const origin = await http1Origin(t, (request, response) => {
    asked.push(`${request.method ?? ''} ${request.url ?? ''}`);
    answering(request, response, asked.length);
  });
  const settings = {
    process: { state },
    cache: { state_timeout: timeout },
    gateway: { default_backend: origin, policies: { cache: {} } },
  };
  const nodes = [await Gateway.open(t, settings), await Gateway.open(t, settings)];
  await areConnected(nodes as [Gateway, Gateway]);
  asked.length = 0;
  return { nodes, asked };
}

/** Until then each of them fetches for itself, and nobody waits for anything. */
async function areConnected([one, two]: readonly [Gateway, Gateway]): Promise<void> {
  for (let count = 0; ; count++) {
    const path = `/connected/${count}`;
    if ((await body(one, path)) === (await body(two, path))) return;
  }
}

const fresh: Answering = (request, response, count) => {
  response.setHeader('Cache-Control', request.url === '/private' ? 'private' : 'max-age=1000');
  response.end(`${request.url ?? ''} ${count}`);
};

async function body(node: Gateway, path: string, method = 'GET'): Promise<string> {
  const answer = await ask(node.url + path, { method, headers: { Host: 'a.test' } });
  assert.equal(answer.status, 200);
  return answer.body;
}

describe('nodes that share a Redis server', () => {
  test('give what another one has fetched', async (t) => {
    const redis = await Redis.start(t);
    if (redis === undefined) return;
    const { nodes, asked } = await twoNodes(t, redis.url, fresh);
    const [one, two] = nodes as [Gateway, Gateway];
    assert.equal(await body(one, '/a'), '/a 1');
    assert.equal(await body(two, '/a'), '/a 1');
    assert.deepEqual(asked, ['GET /a']);
  });

  test('fetch once what many want at the same time', async (t) => {
    const redis = await Redis.start(t);
    if (redis === undefined) return;
    const opened = Promise.withResolvers<void>();
    const { nodes, asked } = await twoNodes(t, redis.url, (request, response, count) => {
      const isWarmUp = request.url !== '/a';
      void (isWarmUp ? Promise.resolve() : opened.promise).then(() => fresh(request, response, count));
    });
    const all = nodes.flatMap((node) => Array.from({ length: 5 }, () => body(node, '/a')));
    opened.resolve();
    assert.deepEqual(new Set(await Promise.all(all)), new Set(['/a 1']));
    assert.deepEqual(asked, ['GET /a']);
  });

  test('do not share what is for one client alone', async (t) => {
    const redis = await Redis.start(t);
    if (redis === undefined) return;
    const { nodes } = await twoNodes(t, redis.url, fresh);
    const [one, two] = nodes as [Gateway, Gateway];
    assert.deepEqual([await body(one, '/private'), await body(two, '/private')], ['/private 1', '/private 2']);
  });

  test('serve all the same while the server stands still, is gone, and is back', async (t) => {
    const redis = await Redis.start(t);
    if (redis === undefined) return;
    const { nodes } = await twoNodes(t, redis.url, fresh, '50ms');
    const [one, two] = nodes as [Gateway, Gateway];
    await body(one, '/a');
    redis.signal('SIGSTOP');
    for (let count = 0; count < 10; count++) await body(two, `/still/${count}`);
    await redis.stop();
    for (let count = 0; count < 10; count++) await body(two, `/gone/${count}`);
    await redis.start();
    assert.match(await body(two, '/still/1'), /^\/still\/1 /);
    assert.match(await body(one, '/back'), /^\/back /);
  });
});
