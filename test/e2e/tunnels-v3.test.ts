// The third version of the messages of a tunnel, as its server speaks it: credits, ends of one direction, what comes before and after an
// answer, and notice of an end. Rule: the client here does by itself nothing of what is tested.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import http from 'node:http';
import { connect as connectTcp } from 'node:net';
import { describe, test, type TestContext } from 'node:test';
import { readMsgpack } from '../../src/codec/msgpack/read-msgpack.ts';
import type { Gateway } from '../support/gateway.ts';
import { readAll } from '../support/origins.ts';
import { CreditClient } from '../support/tunnel-client-v3.ts';
import { TunnelClient } from '../support/tunnel-client.ts';
import { doorOf, open, serve, TOKEN, visit } from '../support/tunnel-visits.ts';

const KIB = 1024;
const FIRST_WINDOW = 256 * KIB;

/** A request under way; its body is the caller's. */
function begin(
  t: TestContext,
  gateway: Gateway,
  method = 'GET',
  headers: Record<string, string> = {},
): http.ClientRequest {
  const request = http.request(gateway.url, {
    method,
    agent: false,
    headers: { Host: 'app.example.test', ...headers },
  });
  request.on('error', () => {});
  t.after(() => request.destroy());
  return request;
}

async function answerTo(request: http.ClientRequest): Promise<http.IncomingMessage> {
  const [response] = (await once(request, 'response')) as [http.IncomingMessage];
  return response;
}

describe('the handshake', () => {
  for (const [asked, agreed] of [
    [3, 3],
    [9, 3],
    [2, 2],
  ] as const) {
    test(`agrees on ${agreed} where the client knows ${asked}`, async (t) => {
      const gateway = await serve(t);
      const client = await TunnelClient.connect(t, doorOf(gateway));
      client.say('Auth', { token: TOKEN, version: asked, later: [1] });
      assert.deepEqual(await client.next(), { Type: 'HeartbeatAck', version: agreed });
    });
  }

  test('needs no pause before the first visitor', async (t) => {
    const gateway = await serve(t);
    const { client } = await CreditClient.open(t, gateway);
    const visited = visit(gateway);
    const { stream_id: id } = await client.nextOf('StreamOpen');
    client.say('StreamLater', { stream_id: id as number, more: true });
    client.say('Nothing');
    client.answer(id, { body: 'hello' });
    assert.equal((await visited).body, 'hello');
  });
});

describe('an answer', () => {
  test('opens at its visitor with its head, before there is any of its body', async (t) => {
    for (const version of [1, 2, 3]) {
      const gateway = await serve(t);
      const client = await open(t, gateway, version);
      const request = begin(t, gateway, 'GET', { Accept: 'text/event-stream' });
      request.end();
      const { stream_id: id } = await client.nextOf('StreamOpen');
      client.answer(id, { headers: [['Content-Type', 'text/event-stream']], ends: false });
      assert.equal((await answerTo(request)).headers['content-type'], 'text/event-stream', `version ${version}`);
    }
  });

  test('gives back what its visitor has taken, and no more', async (t) => {
    const gateway = await serve(t);
    const tunnel = await CreditClient.open(t, gateway);
    const request = begin(t, gateway);
    request.end();
    const stream = await tunnel.stream();
    stream.head(200);
    const response = await answerTo(request);
    // Nobody reads: what the sockets hold is taken, and then nothing more is.
    let credited = 0;
    for (;;) {
      stream.sendAll();
      const more = await Promise.race([stream.credited(), quiet(tunnel.client)]);
      if (more === null) break;
      credited += more;
    }
    assert.ok(stream.sent - credited <= FIRST_WINDOW, `${stream.sent - credited} bytes wait`);
    assert.equal(stream.credit, 0);
    response.resume();
    await stream.credited();
    const other = visit(gateway);
    const second = await tunnel.stream();
    tunnel.client.answer(second.id, { body: 'meanwhile' });
    assert.equal((await other).body, 'meanwhile');
  });

  test('has a window that grows while its visitor keeps up', async (t) => {
    const gateway = await serve(t);
    const tunnel = await CreditClient.open(t, gateway);
    const request = begin(t, gateway);
    request.end();
    const stream = await tunnel.stream();
    stream.head(200);
    const response = await answerTo(request);
    let received = 0;
    response.on('data', (bytes: Buffer) => (received += bytes.length));
    let most = 0;
    while (most < 6 * KIB * KIB) {
      stream.sendAll();
      stream.blocked();
      await stream.credited();
      most = Math.max(most, stream.credit);
      if (stream.sent > 30 * KIB * KIB) break;
    }
    stream.sendAll();
    stream.close();
    await once(response, 'end');
    assert.equal(received, stream.sent);
    assert.ok(most > 2 * FIRST_WINDOW, `no more than ${most} bytes were ever allowed`);
  });

  test('is given up when it brings more than it may', async (t) => {
    const gateway = await serve(t);
    const tunnel = await CreditClient.open(t, gateway);
    const request = begin(t, gateway);
    request.end();
    const stream = await tunnel.stream();
    stream.head(200);
    const response = await answerTo(request);
    response.on('error', () => {});
    for (let sent = 0; sent < 64; sent += 1) stream.send(128 * KIB);
    assert.match((await stream.next('StreamReset'))['reason'] as string, /credit/);
  });

  test('may be preceded by others, and followed by fields', async (t) => {
    const gateway = await serve(t);
    const tunnel = await CreditClient.open(t, gateway);
    const request = begin(t, gateway);
    const informed = once(request, 'information');
    request.end();
    const stream = await tunnel.stream();
    stream.head(103, [['Link', '</a.css>; rel=preload']]);
    const [{ statusCode, headers }] = (await informed) as [http.IncomingMessage];
    assert.deepEqual([statusCode, headers['link']], [103, '</a.css>; rel=preload']);
    stream.head(200, [['Trailer', 'X-Sum']]);
    stream.send(3);
    const trailers = [
      ['X-Sum', '42'],
      ['Content-Length', '9'],
    ];
    tunnel.client.say('StreamEnd', { stream_id: stream.id, trailers });
    stream.close();
    const response = await answerTo(request);
    assert.equal(await readAll(response), 'xxx');
    assert.deepEqual(response.trailers, { 'x-sum': '42' });
  });
});

describe('the body of a request', () => {
  test('goes out as far as there is credit, and holds its visitor back then', async (t) => {
    const gateway = await serve(t, { limits: { body: '1GiB' } });
    const tunnel = await CreditClient.open(t, gateway);
    const total = 20 * KIB * KIB;
    const request = begin(t, gateway, 'POST', { 'Content-Length': String(total) });
    let written = 0;
    const more = (): void => {
      while (written < total) {
        written += 64 * KIB;
        if (!request.write(Buffer.alloc(64 * KIB, 'y'))) return void request.once('drain', more);
      }
      request.end();
    };
    more();
    const stream = await tunnel.stream();
    let received = 0;
    while (received < FIRST_WINDOW) {
      const { data } = await stream.next('StreamData');
      assert.ok((data as Buffer).length <= 64 * KIB);
      received += (data as Buffer).length;
    }
    assert.equal((await stream.next('StreamBlocked'))['stream_id'], stream.id);
    assert.ok(written < total, 'all of it was taken at once');
    stream.giveCredit(total);
    let isLast = false;
    while (!isLast) {
      const { data, fin } = await stream.next('StreamData');
      received += (data as Buffer).length;
      isLast = fin === true;
    }
    assert.equal(received, total);
    stream.head(201);
    stream.close();
    assert.equal((await answerTo(request)).statusCode, 201);
  });

  test('waits until the app wants it, and is never asked for by anybody else', async (t) => {
    const gateway = await serve(t);
    const tunnel = await CreditClient.open(t, gateway);
    const request = begin(t, gateway, 'PUT', { Expect: '100-continue', 'Content-Length': '5' });
    let wasAsked = false;
    request.on('continue', () => {
      wasAsked = true;
      request.end('hello');
    });
    request.flushHeaders();
    const stream = await tunnel.stream();
    const fields = new Map(stream.open['headers'] as [string, string][]);
    assert.deepEqual([fields.get('Expect'), wasAsked], ['100-continue', false]);
    stream.head(100);
    assert.equal(String((await stream.next('StreamData'))['data'] as Buffer), 'hello');
    stream.head(200);
    stream.close();
    assert.equal((await answerTo(request)).statusCode, 200);
    const refused = begin(t, gateway, 'PUT', { Expect: '100-continue', 'Content-Length': '5' });
    refused.on('continue', () => assert.fail('nobody wants it'));
    refused.flushHeaders();
    const second = await tunnel.stream();
    second.head(401);
    second.close();
    assert.equal((await answerTo(refused)).statusCode, 401);
  });

  test('is asked for by the server where the client is of an older version', async (t) => {
    const gateway = await serve(t);
    const client = await open(t, gateway, 2);
    const request = begin(t, gateway, 'PUT', { Expect: '100-continue', 'Content-Length': '5' });
    request.on('continue', () => request.end('hello'));
    request.flushHeaders();
    const { stream_id: id, headers } = await client.nextOf('StreamOpen');
    assert.equal(new Map(headers as [string, string][]).has('Expect'), false);
    assert.equal(String((await client.nextOf('StreamData'))['data'] as Buffer), 'hello');
    client.answer(id);
    assert.equal((await answerTo(request)).statusCode, 200);
  });

  test('brings its trailers along', async (t) => {
    const gateway = await serve(t);
    const tunnel = await CreditClient.open(t, gateway);
    const socket = connectTcp(Number(new URL(gateway.url).port), '127.0.0.1');
    socket.on('error', () => {});
    t.after(() => socket.destroy());
    socket.write('POST / HTTP/1.1\r\nHost: app.example.test\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n');
    socket.write('3\r\nabc\r\n0\r\nX-Sum: 42\r\n\r\n');
    const stream = await tunnel.stream();
    assert.equal(String((await stream.next('StreamData'))['data'] as Buffer), 'abc');
    assert.deepEqual((await stream.next('StreamEnd'))['trailers'], [['X-Sum', '42']]);
    stream.head(204);
    stream.close();
    assert.match(String((await once(socket, 'data'))[0]), /^HTTP\/1.1 204/);
  });
});

describe('a server that goes', () => {
  test('says so, lets what runs end, and ends the client when it is back elsewhere', async (t) => {
    const gateway = await serve(t);
    const tunnel = await CreditClient.open(t, gateway);
    const running = visit(gateway);
    const stream = await tunnel.stream();
    gateway.tunnels.drain('a new version is coming', 60_000);
    assert.deepEqual(await tunnel.client.nextOf('Drain'), { Type: 'Drain', reason: 'a new version is coming' });
    const again = await CreditClient.open(t, gateway);
    const visited = visit(gateway);
    const second = await again.stream();
    again.client.answer(second.id, { body: 'the new one' });
    assert.equal((await visited).body, 'the new one');
    assert.equal(tunnel.client.closed, null);
    tunnel.client.answer(stream.id, { body: 'the old one' });
    assert.equal((await running).body, 'the old one');
    assert.equal((await tunnel.client.end()).code, 1012);
  });

  test('closes older clients when nothing runs, and they come back by themselves', async (t) => {
    const gateway = await serve(t);
    const client = await open(t, gateway, 2);
    const running = visit(gateway);
    const { stream_id: id } = await client.nextOf('StreamOpen');
    gateway.tunnels.drain('restart', 60_000);
    client.answer(id, { body: 'to the end' });
    assert.equal((await running).body, 'to the end');
    assert.equal((await client.end()).code, 1012);
  });
});

test('figures of its connection are told with each beat of the heart', async (t) => {
  const gateway = await serve(t);
  const { client } = await CreditClient.open(t, gateway);
  client.say('HeartbeatAck');
  const { Type: type, streams, streams_total: total, round_trip_ms: trip } = await client.nextOf('Stats');
  assert.deepEqual([type, streams, total, typeof trip], ['Stats', 0, 0, 'number']);
  assert.ok(readMsgpack(Buffer.from([0xc0])) === null);
});

/** null once the client has heard nothing for a while. */
async function quiet(client: TunnelClient): Promise<null> {
  const count = client.heard.length;
  await new Promise((resolve) => setTimeout(resolve, 300));
  return client.heard.length === count ? null : quiet(client);
}
