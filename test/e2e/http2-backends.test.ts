// Backends that speak HTTP/2 (h2c), asked by clients of either version: shared connections, streams that are refused or cut,
// connections that go away.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import http2 from 'node:http2';
import net from 'node:net';
import { describe, test } from 'node:test';
import { gatewayTo } from '../support/gateway.ts';
import { answerOf, ask, http2Session } from '../support/http2-session.ts';
import { http2Origin, readAll, type StreamListener } from '../support/origins.ts';

const { NGHTTP2_CANCEL, NGHTTP2_INTERNAL_ERROR, NGHTTP2_REFUSED_STREAM } = http2.constants;
const MEGABYTE = 1024 * 1024;

/** Answers with the fields and the body that it has got. */
const reflect: StreamListener = (stream, fields) => {
  readAll(stream).then((body) => {
    stream.respond({ ':status': 200, 'content-type': 'application/json' });
    stream.end(JSON.stringify({ fields, body }));
  });
};

interface Reflected {
  readonly fields: Readonly<Record<string, string>>;
  readonly body: string;
}

describe('a backend that speaks HTTP/2', () => {
  test('gets what a client of HTTP/1.1 asks for', async (t) => {
    const { url } = await http2Origin(t, reflect);
    const gateway = await gatewayTo(t, url);
    const response = await fetch(`${gateway.url}/a?b=c`, {
      method: 'POST',
      body: 'hello',
      headers: { 'X-Own': '1', Connection: 'close' },
    });
    assert.equal(response.status, 200);
    const { fields, body } = (await response.json()) as Reflected;
    assert.equal(body, 'hello');
    assert.equal(fields[':method'], 'POST');
    assert.equal(fields[':path'], '/a?b=c');
    assert.equal(fields[':scheme'], 'http');
    assert.equal(fields[':authority'], new URL(gateway.url).host);
    assert.equal(fields['x-own'], '1');
    assert.equal(fields['content-length'], '5');
    assert.equal(fields['x-forwarded-for'], '127.0.0.1');
    assert.match(fields['via'] ?? '', /^1\.1 sluice-/);
    for (const name of ['host', 'connection', 'transfer-encoding']) assert.equal(fields[name], undefined, name);
  });

  test('gets what a client of HTTP/2 asks for, with trailers both ways', async (t) => {
    const got = Promise.withResolvers<http2.IncomingHttpHeaders>();
    const { url } = await http2Origin(t, (stream) => {
      stream.on('trailers', (trailers) => got.resolve(trailers));
      stream.respond({ ':status': 200 }, { waitForTrailers: true });
      stream.on('wantTrailers', () => stream.sendTrailers({ 'x-sum': '42' }));
      stream.on('end', () => stream.end('body'));
      stream.resume();
    });
    const session = await http2Session(t, (await gatewayTo(t, url)).url);
    const request = session.request({ ':method': 'POST' }, { endStream: false, waitForTrailers: true });
    request.on('wantTrailers', () => request.sendTrailers({ 'x-checksum': 'abc' }));
    request.end('hello');
    const answer = await answerOf(request);
    assert.deepEqual([answer.body, answer.trailers?.['x-sum'], answer.resetCode], ['body', '42', 0]);
    assert.equal((await got.promise)['x-checksum'], 'abc');
  });

  test('is asked for the path under its own', async (t) => {
    const { url } = await http2Origin(t, reflect);
    const gateway = await gatewayTo(t, `${url}/base`);
    const { fields } = (await (await fetch(`${gateway.url}/a`)).json()) as Reflected;
    assert.equal(fields[':path'], '/base/a');
  });

  test('says its early hints and what comes after them', async (t) => {
    const { url } = await http2Origin(t, (stream) => {
      stream.additionalHeaders({ ':status': 103, link: '</a.css>; rel=preload' });
      stream.respond({ ':status': 200 });
      stream.end('page');
    });
    const session = await http2Session(t, (await gatewayTo(t, url)).url);
    const { interim, status, body } = await ask(session, {});
    assert.deepEqual(
      interim.map((each) => [each[':status'], each['link']]),
      [[103, '</a.css>; rel=preload']],
    );
    assert.deepEqual([status, body], [200, 'page']);
  });

  for (const status of [204, 304]) {
    test(`may answer ${status} without a body`, async (t) => {
      const { url } = await http2Origin(t, (stream) => stream.respond({ ':status': status }, { endStream: true }));
      const gateway = await gatewayTo(t, url);
      const response = await fetch(gateway.url);
      assert.deepEqual([response.status, await response.text()], [status, '']);
      const session = await http2Session(t, gateway.url);
      const answer = await ask(session, {});
      assert.deepEqual([answer.status, answer.body, answer.resetCode], [status, '', 0]);
    });
  }

  test('answers HEAD with a length and no body', async (t) => {
    const { url } = await http2Origin(t, (stream) =>
      stream.respond({ ':status': 200, 'content-length': 12 }, { endStream: true }),
    );
    const gateway = await gatewayTo(t, url);
    const response = await fetch(gateway.url, { method: 'HEAD' });
    assert.deepEqual([response.headers.get('content-length'), await response.text()], ['12', '']);
    const answer = await ask(await http2Session(t, gateway.url), { ':method': 'HEAD' });
    assert.deepEqual([answer.fields['content-length'], answer.body], ['12', '']);
  });

  test('with an empty answer ends it', async (t) => {
    const { url } = await http2Origin(t, (stream) => stream.respond({ ':status': 200 }, { endStream: true }));
    const gateway = await gatewayTo(t, url);
    assert.equal(await (await fetch(gateway.url)).text(), '');
    const answer = await ask(await http2Session(t, gateway.url), {});
    assert.deepEqual([answer.status, answer.body, answer.resetCode], [200, '', 0]);
  });

  test('carries many requests on one connection', async (t) => {
    const { url, sessions } = await http2Origin(t, reflect);
    const gateway = await gatewayTo(t, url);
    const session = await http2Session(t, gateway.url);
    await ask(session, {});
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, index) => ask(session, { ':method': 'POST' }, `body ${index}`)),
    );
    assert.deepEqual(
      answers.map(({ body }) => (JSON.parse(body) as Reflected).body),
      answers.map((_, index) => `body ${index}`),
    );
    assert.equal(sessions.length, 1);
    assert.equal(gateway.metric('sluice_upstream_connections_total'), 1);
    assert.equal(gateway.metric('sluice_upstream_requests_total', { code: '2xx' }), 51);
  });

  test('that takes few requests at once gets them one after the other, or on further connections', async (t) => {
    let running = 0;
    let most = 0;
    const { url, sessions } = await http2Origin(
      t,
      (stream) => {
        running++;
        most = Math.max(most, running);
        stream.on('close', () => running--);
        setImmediate(() => {
          stream.respond({ ':status': 200 });
          stream.end('ok');
        });
      },
      { settings: { maxConcurrentStreams: 2 } },
    );
    const gateway = await gatewayTo(t, url);
    const session = await http2Session(t, gateway.url);
    await ask(session, {});
    const answers = await Promise.all(Array.from({ length: 60 }, () => ask(session, {})));
    assert.ok(answers.every(({ status }) => status === 200));
    assert.ok(most <= 2 * sessions.length, `${most} at once on ${sessions.length} connections`);
  });
});

describe('bodies of a backend that speaks HTTP/2', () => {
  test('of any size go both ways unchanged', async (t) => {
    const { url } = await http2Origin(t, (stream) => {
      stream.respond({ ':status': 200 });
      stream.pipe(stream);
    });
    const gateway = await gatewayTo(t, url);
    const bytes = Buffer.alloc(5 * MEGABYTE, 'some bytes ');
    const response = await fetch(gateway.url, { method: 'POST', body: bytes });
    assert.ok(Buffer.from(await response.arrayBuffer()).equals(bytes));
    const answer = await ask(await http2Session(t, gateway.url), { ':method': 'POST' }, bytes);
    assert.equal(answer.body, bytes.toString());
  });

  test('wait for a client that does not read', async (t) => {
    const size = 20 * MEGABYTE;
    let taken = 0;
    const { url } = await http2Origin(t, (stream) => {
      stream.respond({ ':status': 200 });
      const more = (): void => {
        while (taken < size) {
          taken += MEGABYTE;
          if (!stream.write(Buffer.alloc(MEGABYTE))) {
            stream.once('drain', more);
            return;
          }
        }
        stream.end();
      };
      more();
    });
    const session = await http2Session(t, (await gatewayTo(t, url)).url);
    const stream = session.request({});
    stream.pause();
    await once(stream, 'response');
    let before = -1;
    for (let quiet = 0; quiet < 200; quiet++) {
      if (taken !== before) quiet = 0;
      before = taken;
      await new Promise((resolve) => setImmediate(resolve));
    }
    assert.ok(taken < 4 * MEGABYTE, `${taken} bytes were taken from the backend`);
    let received = 0;
    stream.on('data', (part: Buffer) => (received += part.length));
    stream.resume();
    await once(stream, 'close');
    assert.equal(received, size);
  });
});

describe('when something ends early', () => {
  test('a client that goes away cancels the stream of its request, and no other', async (t) => {
    const codes: number[] = [];
    const { url, sessions } = await http2Origin(t, (stream, fields) => {
      stream.on('close', () => codes.push(stream.rstCode));
      if (fields[':path'] === '/quick') {
        stream.respond({ ':status': 200 });
        stream.end('ok');
        return;
      }
      stream.respond({ ':status': 200 });
      stream.write('begun');
    });
    const gateway = await gatewayTo(t, url);
    const session = await http2Session(t, gateway.url);
    const stream = session.request({ ':path': '/slow' });
    stream.on('error', () => {});
    await once(stream, 'data');
    stream.close(NGHTTP2_CANCEL);
    await gateway.until(() => codes.length === 1, 'that the backend is told');
    assert.deepEqual(codes, [NGHTTP2_CANCEL]);
    assert.equal((await ask(session, { ':path': '/quick' })).body, 'ok');
    assert.equal(sessions.length, 1);
  });

  test('an upload that is cut is a reset for the backend, never a complete request', async (t) => {
    const closed = Promise.withResolvers<number>();
    const arrived = Promise.withResolvers<void>();
    let ended = false;
    const { url } = await http2Origin(t, (stream) => {
      stream.on('data', () => arrived.resolve());
      stream.on('end', () => (ended = !stream.aborted));
      stream.on('close', () => closed.resolve(stream.rstCode));
    });
    const gateway = await gatewayTo(t, url);
    const socket = net.connect(gateway.port, '127.0.0.1');
    t.after(() => socket.destroy());
    socket.write('POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n');
    await arrived.promise;
    socket.resetAndDestroy();
    assert.equal(await closed.promise, NGHTTP2_CANCEL);
    assert.equal(ended, false);
  });

  test('a stream that the backend resets before it answers is 502', async (t) => {
    const { url } = await http2Origin(t, (stream) => stream.close(NGHTTP2_INTERNAL_ERROR));
    const gateway = await gatewayTo(t, url);
    const response = await fetch(gateway.url);
    assert.equal(response.status, 502);
    assert.match(response.headers.get('proxy-status') ?? '', /error=upstream_reset/);
    assert.equal(gateway.metric('sluice_upstream_errors_total', { reason: 'upstream_reset' }), 1);
  });

  test('a stream that the backend resets in the middle of its answer is cut for the client', async (t) => {
    const { url } = await http2Origin(t, (stream) => {
      stream.respond({ ':status': 200 });
      stream.write('half');
      setImmediate(() => stream.destroy(new Error('cut')));
    });
    const gateway = await gatewayTo(t, url);
    await assert.rejects(async () => (await fetch(gateway.url)).text());
    const answer = await ask(await http2Session(t, gateway.url), {});
    assert.equal(answer.status, 200);
    assert.equal(answer.resetCode, NGHTTP2_INTERNAL_ERROR);
    for (const line of await gateway.accessLines(2)) assert.equal(line['error.type'], 'upstream_incomplete');
  });

  test('a connection that the backend loses cuts the answers on it', async (t) => {
    const { url, sockets } = await http2Origin(t, (stream) => {
      stream.respond({ ':status': 200 });
      stream.write('half');
    });
    const gateway = await gatewayTo(t, url);
    const session = await http2Session(t, gateway.url);
    const streams = [session.request({}), session.request({})];
    const answers = streams.map((stream) => answerOf(stream));
    await Promise.all(streams.map((stream) => once(stream, 'data')));
    // Its own HTTP/2 would end the streams before it goes.
    sockets[0]?.resetAndDestroy();
    for (const { resetCode } of await Promise.all(answers)) assert.equal(resetCode, NGHTTP2_INTERNAL_ERROR);
    await gateway.until(() => gateway.metric('sluice_upstream_connections_open') === 0, 'that it is counted as closed');
  });

  test('a request that was refused before it began goes out again', async (t) => {
    let asked = 0;
    const { url } = await http2Origin(t, (stream) => {
      asked++;
      if (asked === 1) {
        stream.close(NGHTTP2_REFUSED_STREAM);
        return;
      }
      stream.respond({ ':status': 200 });
      stream.end('second');
    });
    const gateway = await gatewayTo(t, url);
    assert.equal(await (await fetch(gateway.url)).text(), 'second');
    assert.equal(gateway.metric('sluice_upstream_retries_total'), 1);
  });

  test('a backend that answers before it has read the request is believed', async (t) => {
    const { url } = await http2Origin(t, (stream) => {
      stream.respond({ ':status': 403 });
      stream.end('no');
    });
    const gateway = await gatewayTo(t, url);
    const session = await http2Session(t, gateway.url);
    const stream = session.request({ ':method': 'POST' }, { endStream: false });
    stream.write('some');
    const answer = await answerOf(stream);
    assert.deepEqual([answer.status, answer.body, answer.resetCode], [403, 'no', 0]);
  });

  test('a backend that is silent is answered with 504, and its stream given up', async (t) => {
    const closed = Promise.withResolvers<number>();
    const { url } = await http2Origin(t, (stream) => {
      stream.on('close', () => closed.resolve(stream.rstCode));
    });
    const gateway = await gatewayTo(t, url, { timeouts: { read: '100ms' } });
    assert.equal((await fetch(gateway.url)).status, 504);
    assert.equal(await closed.promise, NGHTTP2_CANCEL);
  });

  test('a backend that is not there is answered with 502, and counted', async (t) => {
    const gateway = await gatewayTo(t, 'h2c://127.0.0.1:1');
    const session = await http2Session(t, gateway.url);
    const answers = await Promise.all([ask(session, {}), ask(session, {})]);
    assert.deepEqual(
      answers.map(({ status }) => status),
      [502, 502],
    );
    assert.equal(gateway.metric('sluice_upstream_errors_total', { reason: 'upstream_unreachable' }), 2);
    for (const line of await gateway.accessLines(2)) assert.equal(line['upstream'], 'h2c://127.0.0.1:1');
  });

  test('a backend that speaks only HTTP/1.1 is answered with 502', async (t) => {
    const server = await import('node:http').then(({ createServer }) =>
      createServer((_request, response) => response.end()),
    );
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    t.after(() => server.close());
    const { port } = server.address() as { port: number };
    const gateway = await gatewayTo(t, `h2c://127.0.0.1:${port}`);
    assert.equal((await fetch(gateway.url)).status, 502);
  });
});

describe('a backend that says goodbye', () => {
  test('finishes what it has begun, and the next request goes to a new connection', async (t) => {
    const streams: http2.ServerHttp2Stream[] = [];
    const { url, sessions } = await http2Origin(t, (stream, fields) => {
      if (fields[':path'] === '/slow') {
        streams.push(stream);
        stream.respond({ ':status': 200 });
        stream.write('first ');
        return;
      }
      stream.respond({ ':status': 200 });
      stream.end('new');
    });
    const gateway = await gatewayTo(t, url);
    const session = await http2Session(t, gateway.url);
    const slow = session.request({ ':path': '/slow' });
    const answer = answerOf(slow);
    await once(slow, 'data');
    sessions[0]?.close();
    while ((await ask(session, { ':path': '/new' })).body === 'new' && sessions.length < 2);
    assert.equal(sessions.length, 2);
    streams[0]?.end('second');
    assert.deepEqual([(await answer).body, (await answer).resetCode], ['first second', 0]);
  });

  test('loses nothing when the configuration changes under it', async (t) => {
    const { url, sessions } = await http2Origin(t, (stream, fields) => {
      stream.respond({ ':status': 200 });
      if (fields[':path'] === '/slow') stream.write('first ');
      else stream.end('quick');
    });
    const gateway = await gatewayTo(t, url);
    const session = await http2Session(t, gateway.url);
    const slow = session.request({ ':path': '/slow' });
    const answer = answerOf(slow);
    await once(slow, 'data');
    await gateway.apply({ gateway: { default_backend: url } });
    assert.equal((await ask(session, { ':path': '/quick' })).body, 'quick');
    assert.equal(sessions.length, 2, 'a new program has connections of its own');
    slow.close(NGHTTP2_CANCEL);
    await answer;
    await gateway.until(
      () => gateway.metric('sluice_upstream_connections_open') === 1,
      'that the old connection closes',
    );
  });
});
