// The gateway as a configuration describes it, asked over the network.
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import http from 'node:http';
import { describe, test, type TestContext } from 'node:test';
import { Gateway, gatewayTo } from '../support/gateway.ts';
import { http1Origin, readAll, reflectingOrigin, type Seen, valuesOf } from '../support/origins.ts';
import { RawClient } from '../support/raw-client.ts';
import { RecordingOrigin } from '../support/recording-origin.ts';

const MIB = 1024 * 1024;

interface Asked {
  readonly path?: string;
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Buffer | string;
  readonly agent?: http.Agent;
}

interface Answered {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: string;
}

function ask(
  gateway: Gateway,
  { path = '/', method = 'GET', headers = {}, body, agent }: Asked = {},
): Promise<Answered> {
  return new Promise((resolve, reject) => {
    const options = { host: '127.0.0.1', port: gateway.port, path, method, headers, agent: agent ?? false };
    const request = http.request(options, (response) => {
      readAll(response).then(
        (text) => resolve({ status: response.statusCode ?? 0, headers: response.headers, body: text }),
        reject,
      );
    });
    request.on('error', reject);
    request.end(body);
  });
}

async function statusOf(gateway: Gateway, asked: Asked): Promise<number> {
  return (await ask(gateway, asked)).status;
}

const respond = (status: number): object => ({ respond: { status } });

describe('routes', () => {
  async function routed(t: TestContext): Promise<Gateway> {
    return Gateway.open(t, {
      gateway: {
        routes: [
          { match: { host: 'a.test', path: '/admin/*' }, to: respond(401) },
          { match: { host: 'a.test' }, to: respond(201) },
          { match: { host: '*.b.test' }, to: respond(202) },
          { match: { path: '/write', method: ['POST', 'PUT'] }, to: respond(203) },
          { match: { path: '/write' }, to: respond(405) },
          { match: { path: '/beta', header: { 'X-Stage': 'beta' } }, to: respond(206) },
          { match: { path: '/beta', query: { stage: '*' } }, to: respond(207) },
          { match: { path: ['/one', '/two/{id}'] }, to: respond(208) },
        ],
      },
    });
  }

  test('are chosen by host, path, method, field and query', async (t) => {
    const gateway = await routed(t);
    const cases: readonly (readonly [asked: Asked, status: number])[] = [
      [{ headers: { host: 'a.test' } }, 201],
      [{ headers: { host: 'A.test:8080' }, path: '/x?y' }, 201],
      [{ headers: { host: 'a.test' }, path: '/admin/users' }, 401],
      [{ headers: { host: 'a.test.' }, path: '/x/..//%61dmin/users' }, 401],
      [{ headers: { host: 'x.b.test' } }, 202],
      [{ headers: { host: 'b.test' } }, 404],
      [{ path: '/write', method: 'PUT', body: 'x' }, 203],
      [{ path: '/write' }, 405],
      [{ path: '/beta', headers: { 'x-stage': 'beta' } }, 206],
      [{ path: '/beta?stage=x' }, 207],
      [{ path: '/beta' }, 404],
      [{ path: '/one' }, 208],
      [{ path: '/two/7' }, 208],
      [{ path: '/two/7/8' }, 404],
    ];
    for (const [asked, status] of cases) assert.equal(await statusOf(gateway, asked), status, JSON.stringify(asked));
  });

  test('answer by themselves, with fields and a body', async (t) => {
    const answer = { status: 418, headers: { 'X-Kind': 'pot', 'Content-Type': 'text/plain' }, body: 'tea' };
    const gateway = await Gateway.open(t, { gateway: { routes: [{ match: {}, to: { respond: answer } }] } });
    const { status, headers, body } = await ask(gateway, { method: 'POST', body: 'ignored' });
    assert.deepEqual([status, headers['x-kind'], headers['content-length'], body], [418, 'pot', '3', 'tea']);
  });

  test('stand before our own paths, and these before the default backend', async (t) => {
    const backend = await reflectingOrigin(t);
    const routes = [{ match: { path: '/health/liveness' }, to: respond(299) }];
    const gateway = await gatewayTo(t, backend, { gateway: { routes } });
    assert.equal(await statusOf(gateway, { path: '/health/liveness' }), 299);
    assert.match((await ask(gateway, { path: '/health' })).body, /"status":"ok"/);
    assert.match((await ask(gateway, { path: '/elsewhere' })).body, /"target":"\/elsewhere"/);
    const without = await gatewayTo(t, backend, { gateway: { own_paths: false } });
    assert.match((await ask(without, { path: '/health' })).body, /"target":"\/health"/);
  });

  test('that lead nowhere give 404 with an id that the log has too', async (t) => {
    const gateway = await Gateway.open(t, {});
    const { status, headers, body } = await ask(gateway);
    const { error } = JSON.parse(body) as { error: { code: string; request_id: string } };
    const [line] = await gateway.accessLines(1);
    assert.deepEqual([status, error.code], [404, 'route_not_found']);
    assert.equal(line?.['request_id'], error.request_id);
    assert.match(String(headers['proxy-status']), new RegExp(`error=route_not_found; details="${error.request_id}"$`));
  });
});

describe('a backend', () => {
  test('gets the request as it is, and who sent it', async (t) => {
    const gateway = await gatewayTo(t, await reflectingOrigin(t));
    const { body } = await ask(gateway, {
      path: '/a/../b?c',
      method: 'PATCH',
      headers: { host: 'shop.test', 'x-one': '1', 'x-forwarded-for': '203.0.113.9' },
      body: 'hello',
    });
    const seen = JSON.parse(body) as Seen;
    assert.deepEqual([seen.method, seen.target, seen.body], ['PATCH', '/a/../b?c', 'hello']);
    assert.deepEqual(valuesOf(seen, 'host'), ['shop.test']);
    assert.deepEqual(valuesOf(seen, 'x-forwarded-for'), ['127.0.0.1']);
    assert.deepEqual(valuesOf(seen, 'x-forwarded-host'), ['shop.test']);
    assert.deepEqual(valuesOf(seen, 'x-forwarded-proto'), ['http']);
    assert.match(valuesOf(seen, 'via')[0] ?? '', /^1\.1 sluice-[0-9a-f]{6}$/);
    assert.match(valuesOf(seen, 'traceparent')[0] ?? '', /^00-[0-9a-f]{32}-[0-9a-f]{16}-00$/);
    assert.deepEqual(valuesOf(seen, 'x-one'), ['1']);
  });

  test('is reached over one kept connection by one client after the other', async (t) => {
    const origin = await RecordingOrigin.open(t);
    const gateway = await gatewayTo(t, origin.url);
    for (let turn = 0; turn < 5; turn++) assert.equal((await ask(gateway)).body, 'ok');
    assert.equal(origin.sockets.length, 1);
  });

  test('gets and gives large bodies whole', async (t) => {
    const echo = await http1Origin(t, (request, response) => request.pipe(response));
    const gateway = await gatewayTo(t, echo, { limits: { body: '40MiB' } });
    const body = randomBytes(16 * MIB);
    const digest = createHash('sha256');
    await new Promise((resolve, reject) => {
      const request = http.request(
        { host: '127.0.0.1', port: gateway.port, method: 'POST', agent: false },
        (response) => {
          response.on('data', (part: Buffer) => digest.update(part)).on('end', resolve);
        },
      );
      request.on('error', reject);
      request.end(body);
    });
    assert.equal(digest.digest('hex'), createHash('sha256').update(body).digest('hex'));
    assert.equal(gateway.metric('sluice_http_request_bytes_total'), body.length);
    assert.equal(gateway.metric('sluice_http_response_bytes_total'), body.length);
  });

  test('gets no more of a body than is allowed', async (t) => {
    const gateway = await gatewayTo(t, await reflectingOrigin(t), { limits: { body: '1KiB' } });
    const head = 'POST / HTTP/1.1\r\nHost: a\r\n';
    const announced = await RawClient.ask(t, gateway.port, `${head}Content-Length: 1025\r\n\r\n`);
    assert.match(announced.text, /^HTTP\/1\.1 413 /);
    const chunked = `${head}Transfer-Encoding: chunked\r\n\r\n400\r\n${'x'.repeat(1024)}\r\n1\r\nx\r\n0\r\n\r\n`;
    assert.match((await RawClient.ask(t, gateway.port, chunked)).text, /^HTTP\/1\.1 413 /);
    assert.equal(await statusOf(gateway, { method: 'POST', body: 'x'.repeat(1024) }), 200);
  });

  test('answers many clients at once, each with its own', async (t) => {
    const gateway = await gatewayTo(t, await reflectingOrigin(t));
    const agent = new http.Agent({ keepAlive: true, maxSockets: 50 });
    t.after(() => agent.destroy());
    const asked = Array.from({ length: 500 }, (_, index) => `/${index}`);
    const answers = await Promise.all(
      asked.map((path) => ask(gateway, { path, method: 'POST', body: path.repeat(100), agent })),
    );
    for (const [index, { body }] of answers.entries()) {
      const seen = JSON.parse(body) as Seen;
      assert.deepEqual([seen.target, seen.body], [asked[index], asked[index]!.repeat(100)]);
    }
    assert.equal((await gateway.accessLines(500)).length, 500);
  });

  test('closes its idle connections whenever it likes, and nobody notices', async (t) => {
    // Each second request finds a connection that its server ends at that very moment.
    const server = await RecordingOrigin.open(t, (request, socket) => {
      const isSecond = request.line.includes('/second');
      if (isSecond && request.connection % 2 === 0) {
        socket.destroy();
        return null;
      }
      return 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';
    });
    const gateway = await gatewayTo(t, server.url);
    assert.equal((await ask(gateway, { path: '/first' })).body, 'ok');
    assert.equal((await ask(gateway, { path: '/second' })).body, 'ok');
    assert.equal(gateway.metric('sluice_upstream_retries_total', { reason: 'upstream_reset' }), 1);
  });
});

describe('a reload', () => {
  test('is for the requests that come after it, and cuts none', async (t) => {
    const { promise: mayEnd, resolve: end } = Promise.withResolvers<void>();
    const { promise: hasBegun, resolve: begin } = Promise.withResolvers<void>();
    const slow = await http1Origin(t, (_request, response) => {
      response.write('old ');
      begin();
      void mayEnd.then(() => response.end('answer'));
    });
    const gateway = await gatewayTo(t, slow);
    const before = ask(gateway);
    await hasBegun;
    await gateway.apply({ gateway: { routes: [{ match: {}, to: respond(218) }] } });
    assert.equal(await statusOf(gateway, {}), 218);
    end();
    assert.equal((await before).body, 'old answer');
  });

  test('keeps the door open, and opens and closes others', async (t) => {
    const gateway = await Gateway.open(t, { gateway: { routes: [{ match: {}, to: respond(201) }] } });
    const { url } = gateway;
    const client = await RawClient.connect(t, gateway.port);
    await gateway.apply({ gateway: { routes: [{ match: {}, to: respond(202) }] } });
    assert.equal(gateway.url, url);
    client.send('GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');
    await client.closed();
    assert.match(client.text, /^HTTP\/1\.1 202 /);
  });
});

describe('the end', () => {
  test('comes when the last request has been answered; readiness says so before', async (t) => {
    const { promise: mayEnd, resolve: end } = Promise.withResolvers<void>();
    const { promise: hasBegun, resolve: begin } = Promise.withResolvers<void>();
    const slow = await http1Origin(t, (_request, response) => {
      begin();
      void mayEnd.then(() => response.end('done'));
    });
    const gateway = await gatewayTo(t, slow);
    assert.equal(await statusOf(gateway, { path: '/health/readiness' }), 200);
    const observer = await RawClient.connect(t, gateway.port);
    const running = ask(gateway, { path: '/slow' });
    await hasBegun;
    const drained = gateway.plane.drain();
    observer.send('GET /health/readiness HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');
    await observer.closed();
    assert.match(observer.text, /^HTTP\/1\.1 503 [^]*"gateway":"draining"/);
    end();
    assert.equal((await running).body, 'done');
    await drained;
    await assert.rejects(ask(gateway), { code: 'ECONNREFUSED' });
  });
});

describe('what backends are told of a client', () => {
  for (const [forwarded, told] of [
    ['x_forwarded', ['via', 'x-forwarded-for', 'x-forwarded-host', 'x-forwarded-proto']],
    ['forwarded', ['forwarded', 'via']],
    ['both', ['forwarded', 'via', 'x-forwarded-for', 'x-forwarded-host', 'x-forwarded-proto']],
  ] as const) {
    test(`stands where forwarded: ${forwarded} says, and not where the client has put it`, async (t) => {
      const gateway = await gatewayTo(t, await reflectingOrigin(t), { gateway: { forwarded } });
      const own = { Forwarded: 'for=1.2.3.4', 'X-Forwarded-For': '1.2.3.4', 'X-Forwarded-Host': 'evil.test' };
      const seen = JSON.parse((await ask(gateway, { headers: own })).body) as Seen;
      const fields = seen.fields.filter(([name]) => /^(via|forwarded|x-forwarded-.*)$/.test(name));
      assert.deepEqual(
        fields.map(([name]) => name).toSorted((a, b) => (a < b ? -1 : 1)),
        told,
      );
      assert.doesNotMatch(JSON.stringify(fields), /1\.2\.3\.4|evil/);
      const [standard] = valuesOf(seen, 'forwarded');
      if (forwarded !== 'x_forwarded') assert.equal(standard, 'for=127.0.0.1;proto=http');
    });
  }
});
