// What a request may be and how long it may take, route by route, as curl and other clients meet it.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import http from 'node:http';
import { join } from 'node:path';
import { describe, test, type TestContext } from 'node:test';
import { promisify } from 'node:util';
import { ask, type Answered } from '../support/ask.ts';
import { Gateway, gatewayTo } from '../support/gateway.ts';
import { startNginx } from '../support/nginx.ts';
import { http1Origin, reflectingOrigin } from '../support/origins.ts';
import { requirePeer } from '../support/peer.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { WorkerStage } from '../support/worker-stage.ts';

const FINE = { respond: { status: 204 } };

function failedWith({ status, body }: Answered, expected: number): string {
  assert.equal(status, expected, body);
  return (JSON.parse(body) as { error: { code: string } }).error.code;
}

/** Answers with the SHA-256 of what it was sent. */
function digestingOrigin(t: TestContext): Promise<string> {
  return http1Origin(t, (request, response) => {
    const digest = createHash('sha256');
    request.on('data', (part: Buffer) => digest.update(part));
    request.on('end', () => response.end(digest.digest('hex')));
  });
}

/** Never answers; tells of each request that has come whole. */
async function silentOrigin(t: TestContext): Promise<{ url: string; asked: () => Promise<unknown> }> {
  const server = { requests: 0, wake: (): void => {} };
  const url = await http1Origin(t, (request) => {
    request.resume();
    request.on('end', () => {
      server.requests += 1;
      server.wake();
    });
  });
  let seen = 0;
  const asked = async (): Promise<void> => {
    seen += 1;
    while (server.requests < seen) await new Promise<void>((resolve) => void (server.wake = resolve));
  };
  return { url, asked };
}

describe('limits of a route', () => {
  const policies = { limits: { url: 20, header_count: 4, methods: ['GET', 'POST'] } };

  test('hold there and nowhere else', async (t) => {
    const routes = [
      { match: { path: '/narrow/*' }, to: FINE, policies },
      { match: { path: '/own/*' }, to: FINE, policies: { limits: { body: 2 } } },
      { match: { path: '/free/*' }, to: FINE, policies: { limits: false } },
    ];
    const gateway = await Gateway.open(t, { gateway: { routes, policies } });
    const long = 'x'.repeat(20);
    for (const [path, statuses] of [
      ['/narrow', [414, 431, 405]],
      ['/own', [204, 204, 204]],
      ['/free', [204, 204, 204]],
    ] as const) {
      const url = `${gateway.url}${path}/`;
      const many = { a: '1', b: '2', c: '3', d: '4', e: '5' };
      const answers = [await ask(url + long), await ask(url, { headers: many }), await ask(url, { method: 'DELETE' })];
      assert.deepEqual(
        answers.map(({ status }) => status),
        statuses,
        path,
      );
      assert.equal((await ask(url)).status, 204);
    }
    assert.equal(
      failedWith(await ask(`${gateway.url}/own/`, { method: 'POST', body: 'abc' }), 413),
      'request_body_too_large',
    );
    const refused = await ask(`${gateway.url}/narrow/`, { method: 'DELETE' });
    assert.deepEqual([failedWith(refused, 405), refused.headers['allow']], ['method_not_allowed', 'GET, POST, HEAD']);
  });

  test('let uploads be larger on one route than on all others, for curl in HTTP/1.1 and HTTP/2', async (t) => {
    const backend = await digestingOrigin(t);
    const routes = [{ match: { path: '/uploads/*' }, to: backend, policies: { limits: { body: '12MiB' } } }];
    const gateway = await gatewayTo(t, backend, { limits: { body: '1MiB' }, gateway: { routes } });
    const curl = requirePeer(t, 'curl');
    if (curl === undefined) return;
    const folder = temporaryFolder(t);
    const file = join(folder, 'upload');
    const put = async (bytes: Buffer, path: string, ...more: readonly string[]): Promise<string> => {
      writeFileSync(file, bytes);
      const options = ['-s', '--max-time', '20', '-o', '-', '-w', ' %{http_code}', '-T', file, ...more];
      return (await promisify(execFile)(curl, [...options, gateway.url + path])).stdout;
    };
    const large = randomBytes(11 * 1024 * 1024);
    const expected = `${createHash('sha256').update(large).digest('hex')} 200`;
    const chunked = ['-H', 'Transfer-Encoding: chunked'];
    for (const version of ['--http1.1', '--http2-prior-knowledge']) {
      for (const framing of [[], chunked]) assert.equal(await put(large, '/uploads/a', version, ...framing), expected);
    }
    const larger = Buffer.alloc(13 * 1024 * 1024);
    for (const [bytes, path] of [
      [large, '/other'],
      [larger, '/uploads/a'],
    ] as const) {
      for (const framing of [[], chunked]) assert.match(await put(bytes, path, '--http1.1', ...framing), / 413$/);
    }
  });

  test('of the body come into force on connections that are open', async (t) => {
    const settings = (body: number): object => ({
      gateway: { routes: [{ to: FINE, policies: { limits: { body } } }] },
    });
    const gateway = await Gateway.open(t, settings(2));
    const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
    t.after(() => agent.destroy());
    const post = async (body: string): Promise<number | undefined> => {
      const request = http.request(gateway.url, { method: 'POST', agent });
      request.end(body);
      const [response] = (await once(request, 'response')) as [http.IncomingMessage];
      response.resume();
      await once(response, 'end');
      return response.statusCode;
    };
    assert.equal(await post('ab'), 204);
    await gateway.apply(settings(3));
    assert.equal(await post('abc'), 204);
    assert.equal(await post('abcd'), 413);
  });

  test('hold at the forward proxy, where a tunnel is a method too', async (t) => {
    const origin = await reflectingOrigin(t);
    const limited = { limits: { methods: ['GET', 'POST'], body: 2 } };
    const gateway = await Gateway.open(t, { egress: { allow_private: true, policies: limited } });
    const url = `http://127.0.0.1:${gateway.proxyPort}`;
    assert.equal((await ask(url, { target: `${origin}/x` })).status, 200);
    assert.equal((await ask(url, { target: `${origin}/x`, method: 'DELETE' })).status, 405);
    assert.equal((await ask(url, { method: 'POST', target: `${origin}/x`, body: 'abc' })).status, 413);
    const request = http.request({ port: gateway.proxyPort, method: 'CONNECT', path: 'a.test:443', agent: false });
    request.end();
    const [response, socket] = (await once(request, 'connect')) as [
      http.IncomingMessage,
      NodeJS.Socket & { destroy(): void },
    ];
    socket.destroy();
    assert.equal(response.statusCode, 405);
  });
});

describe('the requests of one client that run at once', () => {
  const policies = { limits: { concurrent: 2 } };

  test('are counted by whom a trusted proxy names, and free again when one has ended', async (t) => {
    const backend = await silentOrigin(t);
    const acl = { trusted_proxies: ['127.0.0.1'] };
    const gateway = await gatewayTo(t, backend.url, { gateway: { policies: { ...policies, acl } } });
    const begin = async (from: string): Promise<http.ClientRequest> => {
      const request = http.get(gateway.url, { agent: false, headers: { 'x-forwarded-for': from } });
      request.on('error', () => {});
      await backend.asked();
      return request;
    };
    const first = await begin('198.51.100.1');
    await begin('198.51.100.1');
    const refused = await ask(gateway.url, { headers: { 'x-forwarded-for': '198.51.100.1' } });
    assert.equal(failedWith(refused, 429), 'too_many_concurrent_requests');
    assert.equal(refused.headers['retry-after'], '1');
    await begin('198.51.100.2');
    // Not an end in good order: a client that only ends its half still waits for its answer.
    first.socket?.resetAndDestroy();
    await gateway.until(() => gateway.metric('sluice_http_requests_in_flight') === 2, 'the first one is over');
    await begin('198.51.100.1');
  });

  test('are counted on all threads together, and a thread that dies takes its own along', async (t) => {
    const backend = await silentOrigin(t);
    const routes = [{ to: backend.url, policies: { limits: { concurrent: 8 } } }];
    const stage = await WorkerStage.open(t, 2, { gateway: { routes } });
    const start = (): { answered: Promise<number>; request: http.ClientRequest } => {
      const request = http.get(stage.url, { agent: false });
      const answered = new Promise<number>((resolve) => {
        request.on('response', (response) => resolve(response.resume().statusCode ?? 0));
        request.on('error', () => resolve(0));
      });
      return { answered, request };
    };
    const running = Array.from({ length: 8 }, start);
    for (let i = 0; i < 8; i++) await backend.asked();
    const more = await Promise.all(Array.from({ length: 8 }, () => start().answered));
    assert.deepEqual(new Set(more), new Set([429]));
    await Promise.all(stage.threads.slice(0, 2).map((thread) => thread.terminate()));
    await Promise.all(running.map(({ answered }) => answered));
    await stage.until(() => stage.restarts === 2 && stage.threads.length === 4, 'both have been replaced');
    const again = await eventually(start);
    await backend.asked();
    again.request.destroy();
  });
});

/** New threads open their doors in their own time. */
async function eventually<T extends { readonly request: http.ClientRequest }>(start: () => T): Promise<T> {
  for (;;) {
    const started = start();
    const [socket] = (await once(started.request, 'socket')) as [NodeJS.EventEmitter];
    const isConnected = await Promise.race([
      once(socket, 'connect').then(
        () => true,
        () => false,
      ),
      once(socket, 'close').then(() => false),
    ]);
    if (isConnected) return started;
  }
}

describe('times of a route', () => {
  test('end a request that nobody answers, and only there', async (t) => {
    const backend = await silentOrigin(t);
    const nginx = await startNginx(t, 'nginx');
    if (nginx === undefined) return;
    const routes = [
      { match: { path: '/late' }, to: backend.url, policies: { timeout: { response: '100ms' } } },
      { match: { path: '/whole' }, to: backend.url, policies: { timeout: { total: '100ms' } } },
      {
        match: { path: '/fast' },
        to: `http://127.0.0.1:${nginx.port}`,
        policies: { timeout: { total: '20s', response: '10s' } },
      },
    ];
    const gateway = await Gateway.open(t, { gateway: { routes } });
    assert.equal(failedWith(await ask(`${gateway.url}/late`), 504), 'upstream_timeout');
    assert.equal(failedWith(await ask(`${gateway.url}/whole`), 504), 'exchange_timeout');
    assert.equal((await ask(`${gateway.url}/fast`)).body, 'nginx');
    assert.equal(gateway.metric('sluice_http_request_errors_total', { reason: 'exchange_timeout' }), 1);
  });

  test('may be longer than everywhere, for a stream of events that is silent at times', async (t) => {
    let response: http.ServerResponse | undefined;
    const backend = await http1Origin(t, (_, each) => {
      response = each;
      each.writeHead(200, { 'content-type': 'text/event-stream' });
      each.write('data: 1\n\n');
    });
    const timeouts = { read: '50ms' };
    const routes = [
      { match: { path: '/patient' }, to: backend, policies: { timeout: { read: '1h' } } },
      { match: { path: '/strict' }, to: backend },
    ];
    const gateway = await Gateway.open(t, { timeouts, gateway: { routes } });
    const patient = ask(`${gateway.url}/patient`);
    await gateway.until(() => response !== undefined, 'the stream has begun');
    const stream = response;
    // It takes as long as the time of others to be over.
    await assert.rejects(ask(`${gateway.url}/strict`), { code: 'ECONNRESET' });
    stream?.end('data: 2\n\n');
    assert.equal((await patient).body, 'data: 1\n\ndata: 2\n\n');
  });

  test('are those of each attempt, and the whole goes over all of them', async (t) => {
    const backend = await silentOrigin(t);
    const other = await reflectingOrigin(t);
    const routes = [
      { match: { path: '/a' }, to: { backends: [backend.url, other] }, policies: { timeout: { response: '100ms' } } },
      {
        match: { path: '/b' },
        to: { backends: [backend.url] },
        policies: { timeout: { response: '100ms', total: '300ms' }, retry: { attempts: 10, budget: '100%' } },
      },
    ];
    const gateway = await Gateway.open(t, { gateway: { routes } });
    for (let i = 0; i < 2; i++) assert.equal((await ask(`${gateway.url}/a`)).status, 200);
    assert.equal(failedWith(await ask(`${gateway.url}/b`), 504), 'exchange_timeout');
  });
});

test('methods that are limited keep no browser from asking whether it may use them', async (t) => {
  const policies = { limits: { methods: ['GET'] }, headers: { cors: { origins: ['https://app.test'] } } };
  const gateway = await Gateway.open(t, { gateway: { routes: [{ to: FINE }], policies } });
  const headers = { origin: 'https://app.test', 'access-control-request-method': 'GET' };
  const { status, headers: got } = await ask(gateway.url, { method: 'OPTIONS', headers });
  assert.deepEqual([status, got['access-control-allow-origin']], [204, 'https://app.test']);
  assert.equal((await ask(gateway.url, { method: 'PUT' })).status, 405);
});
