// What went through a running Sluice, asked for over its admin door.
import assert from 'node:assert/strict';
import http from 'node:http';
import { describe, test, type TestContext } from 'node:test';
import type { RequestAnswer, RequestBatchAnswer, RequestsAnswer } from '../../src/control/admin-answers.ts';
import { eventsOf } from '../../src/client/text-lines.ts';
import { http1Origin } from '../support/origins.ts';
import { runSluice, type SluiceProcess, startSluice } from '../support/sluice-process.ts';

const TOKEN = 'a-token-for-the-admin-door';

interface Stage {
  readonly sluice: SluiceProcess;
  readonly origin: string;
  go(path: string, headers?: Record<string, string>): Promise<Response>;
  ask(path: string, headers?: Record<string, string>): Promise<Response>;
  requests(query?: string): Promise<readonly RequestAnswer[]>;
}

async function stage(t: TestContext, workers = 1): Promise<Stage> {
  const origin = await http1Origin(t, (_request, response) => response.end('hello'));
  const config = `
    process: { workers: ${workers} }
    admin: { token: ${TOKEN} }
    gateway:
      routes:
        - { name: guarded, match: { path: /guarded }, to: "${origin}", policies: { auth: users } }
        - { name: gone, match: { path: /gone }, to: "http://127.0.0.1:1" }
        - { name: app, to: "${origin}" }
    users: [{ name: ann, token: a-long-token-of-ann, may: [gateway] }]`;
  const sluice = await startSluice(t, { files: { 'sluice.yaml': config } });
  const ask = (path: string, headers = {}): Promise<Response> =>
    fetch(`${sluice.address('admin')}/api/v1${path}`, { headers: { Authorization: `Bearer ${TOKEN}`, ...headers } });
  return {
    sluice,
    origin,
    ask,
    go: (path, headers = {}) => fetch(sluice.address('gateway') + path, { headers }),
    requests: async (query = '') => ((await (await ask(`/requests?${query}`)).json()) as RequestsAnswer).requests,
  };
}

describe('the requests that went through', () => {
  test('tell who answered, how long each part took, and why', async (t) => {
    const { go, requests, ask, origin } = await stage(t);
    await (await go('/shop?token=very-secret', { 'user-agent': 'x' })).text();
    await (await go('/guarded')).text();
    await (await go('/gone')).text();
    const [gone, guarded, shop] = await requests();
    assert.deepEqual(
      [shop?.target, shop?.route, shop?.status, shop?.upstream, shop?.attempts, shop?.bytes_sent],
      ['/shop?token=***', 'app', 200, new URL(origin).origin, 1, 5],
    );
    const { queue, connect, wait, body } = shop!.phases;
    assert.ok(connect > 0 && wait > 0 && queue + connect + wait + body <= shop!.duration_ms + 0.01);
    assert.deepEqual([guarded?.status, guarded?.answered_by, guarded?.upstream], [401, 'auth', null]);
    assert.deepEqual([gone?.status, gone?.error, gone?.attempts], [502, 'upstream_unreachable', 1]);
    assert.deepEqual(
      (await requests('status=5xx')).map(({ target }) => target),
      ['/gone'],
    );
    const one = (await (await ask(`/requests/${shop!.request_id}`)).json()) as RequestAnswer;
    assert.deepEqual(one, { ...shop, captured: null });
    assert.equal((await ask('/requests/unknown')).status, 404);
    assert.equal((await ask('/requests?status=bad')).status, 422);
    assert.equal((await fetch((await ask('/requests')).url)).status, 401);
  });

  test('are followed as they come, and from where a follower was cut off', async (t) => {
    const { go, ask } = await stage(t);
    const headers = { Accept: 'text/event-stream' };
    const following = await ask('/requests?text=/followed', headers);
    assert.equal(following.headers.get('content-type'), 'text/event-stream');
    await (await go('/ignored')).text();
    await (await go('/followed')).text();
    const first = await firstBatch(following);
    assert.deepEqual(first.targets, ['/followed']);
    await (await go('/followed/later')).text();
    const again = await ask('/requests?text=/followed', { ...headers, 'Last-Event-ID': first.id });
    assert.deepEqual((await firstBatch(again)).targets, ['/followed/later']);
  });

  test('are those of all workers', async (t) => {
    const { sluice, requests } = await stage(t, 2);
    for (let round = 0; round < 20; round += 1) await onNewConnection(sluice.address('gateway'));
    const seen = await requests();
    assert.equal(seen.length, 20);
    assert.deepEqual(
      seen.map(({ number }) => number),
      Array.from({ length: 20 }, (_, at) => 20 - at),
    );
  });

  test('are shown by the command line', async (t) => {
    const { sluice, go } = await stage(t);
    await (await go('/guarded')).text();
    const { stdout } = await runSluice(t, ['requests'], { folder: sluice.folder });
    assert.match(stdout, /401 {2}GET {4}127\.0\.0\.1:\d+\/guarded {2}[\d.]+ ms {2}policy auth/);
  });
});

async function firstBatch(answer: Response): Promise<{ id: string; targets: string[] }> {
  let id = '';
  async function* texts(): AsyncGenerator<string> {
    const decoder = new TextDecoder();
    for await (const bytes of answer.body as unknown as AsyncIterable<Uint8Array>) {
      const text = decoder.decode(bytes, { stream: true });
      id = /^id: (\S+)$/m.exec(text)?.[1] ?? id;
      yield text;
    }
  }
  for await (const { data } of eventsOf(texts())) {
    const { requests } = JSON.parse(data) as RequestBatchAnswer;
    return { id, targets: requests.map(({ target }) => target) };
  }
  throw new Error('nothing came');
}

function onNewConnection(url: string): Promise<void> {
  return new Promise((resolve, reject) => {
    http.get(url, { agent: false }, (response) => response.resume().on('end', resolve)).on('error', reject);
  });
}
