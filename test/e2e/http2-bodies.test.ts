// Bodies in both directions between a client that speaks HTTP/2 and a backend that speaks HTTP/1.1: at the pace of the
// slower side, cut when one side is cut, refused when they are too large or not what was announced.
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import type http from 'node:http';
import http2 from 'node:http2';
import type net from 'node:net';
import { describe, test } from 'node:test';
import { gatewayTo } from '../support/gateway.ts';
import { block, FLAG, FRAME, frame, RawHttp2Client, REQUEST, uint32 } from '../support/http2-frames.ts';
import { answerOf, ask, http2Session } from '../support/http2-session.ts';
import { http1Origin, rawOrigin, reflectingOrigin, type Seen } from '../support/origins.ts';

const MEGABYTE = 1024 * 1024;
const { NGHTTP2_CANCEL, NGHTTP2_INTERNAL_ERROR, NGHTTP2_NO_ERROR } = http2.constants;

describe('a large body', () => {
  test('goes up unchanged', async (t) => {
    const backend = await http1Origin(t, (request, response) => {
      const hash = createHash('sha256');
      request.on('data', (part: Buffer) => hash.update(part));
      request.on('end', () => response.end(hash.digest('hex')));
    });
    const session = await http2Session(t, (await gatewayTo(t, backend)).url);
    const bytes = randomBytes(9 * MEGABYTE);
    const answer = await ask(session, { ':method': 'POST' }, bytes);
    assert.equal(answer.body, createHash('sha256').update(bytes).digest('hex'));
  });

  test('comes down unchanged, several at a time', async (t) => {
    const bytes = randomBytes(3 * MEGABYTE);
    const backend = await http1Origin(t, (_request, response) => response.end(bytes));
    const session = await http2Session(t, (await gatewayTo(t, backend)).url);
    const wanted = createHash('sha256').update(bytes).digest('hex');
    const sums = Array.from({ length: 5 }, async () => {
      const hash = createHash('sha256');
      const stream = session.request({});
      stream.on('data', (part: Buffer) => hash.update(part));
      await once(stream, 'close');
      return hash.digest('hex');
    });
    assert.deepEqual(
      await Promise.all(sums),
      sums.map(() => wanted),
    );
  });
});

describe('back-pressure', () => {
  test('a client that does not read holds the backend back', async (t) => {
    const size = 20 * MEGABYTE;
    let taken = 0;
    const held = Promise.withResolvers<void>();
    const backend = await http1Origin(t, (_request, response) => {
      response.writeHead(200, { 'Content-Length': size });
      const part = Buffer.alloc(MEGABYTE, 'a');
      const more = (): void => {
        while (taken < size) {
          taken += part.length;
          if (!response.write(part)) {
            response.once('drain', more);
            held.resolve();
            return;
          }
        }
        response.end();
      };
      more();
    });
    const gateway = await gatewayTo(t, backend);
    const session = await http2Session(t, gateway.url);
    const stream = session.request({});
    stream.pause();
    await once(stream, 'response');
    await held.promise;
    // Whatever can still move has moved when nothing has come for some turns.
    let before = -1;
    for (let quiet = 0; quiet < 200; quiet++) {
      if (taken !== before) quiet = 0;
      before = taken;
      await new Promise((resolve) => setImmediate(resolve));
    }
    // Most of this lies in the buffers of the kernel and of the backend.
    assert.ok(taken < size, `${taken} bytes were taken from the backend`);
    let received = 0;
    stream.on('data', (part: Buffer) => (received += part.length));
    stream.resume();
    await once(stream, 'close');
    assert.equal(received, size);
  });

  test('a backend that does not read holds the client back', async (t) => {
    const size = 9 * MEGABYTE;
    const arrived = Promise.withResolvers<{ request: http.IncomingMessage; response: http.ServerResponse }>();
    const backend = await http1Origin(t, (request, response) => arrived.resolve({ request, response }));
    const gateway = await gatewayTo(t, backend);
    const session = await http2Session(t, gateway.url);
    const upload = session.request({ ':method': 'POST' }, { endStream: false });
    const answer = answerOf(upload);
    let sent = 0;
    const part = Buffer.alloc(64 * 1024, 'b');
    const more = (): void => {
      while (sent < size) {
        sent += part.length;
        if (!upload.write(part)) {
          upload.once('drain', more);
          return;
        }
      }
      upload.end();
    };
    more();
    const { request, response } = await arrived.promise;
    let before = -1;
    for (let quiet = 0; quiet < 200; quiet++) {
      if (sent !== before) quiet = 0;
      before = sent;
      await new Promise((resolve) => setImmediate(resolve));
    }
    assert.ok(sent < size, `${sent} bytes went out`);
    let received = 0;
    request.on('data', (bytes: Buffer) => (received += bytes.length));
    request.on('end', () => response.end('all'));
    assert.equal((await answer).body, 'all');
    assert.equal(received, size);
  });

  test('one slow stream does not hold up another', async (t) => {
    const backend = await http1Origin(t, ({ url }, response) =>
      response.end(url === '/big' ? Buffer.alloc(8 * MEGABYTE) : 'small'),
    );
    const session = await http2Session(t, (await gatewayTo(t, backend)).url);
    const big = session.request({ ':path': '/big' });
    big.pause();
    await once(big, 'response');
    assert.equal((await ask(session, { ':path': '/small' })).body, 'small');
    let received = 0;
    big.on('data', (part: Buffer) => (received += part.length));
    big.resume();
    await once(big, 'close');
    assert.equal(received, 8 * MEGABYTE);
  });

  test('a client that opens no window is given up, and the backend with it', async (t) => {
    const backendClosed = Promise.withResolvers<void>();
    const backend = await http1Origin(t, (request, response) => {
      request.socket.on('close', () => backendClosed.resolve());
      response.write(Buffer.alloc(8 * MEGABYTE));
    });
    const gateway = await gatewayTo(t, backend, { timeouts: { write: '100ms' } });
    const session = await http2Session(t, gateway.url);
    const stream = session.request({});
    stream.pause();
    const [code] = await Promise.all([
      once(stream, 'close').then(() => stream.rstCode),
      once(stream, 'response'),
      backendClosed.promise,
    ]);
    assert.equal(code, NGHTTP2_CANCEL);
    assert.equal((await ask(session, { ':path': '/health' })).status, 200, 'the connection lives on');
  });
});

describe('a side that goes away', () => {
  test('a client that resets its request cancels the backend at once', async (t) => {
    const closed = Promise.withResolvers<void>();
    const backend = await http1Origin(t, (request, response) => {
      request.socket.on('close', () => closed.resolve());
      response.write('begun');
    });
    const gateway = await gatewayTo(t, backend);
    const session = await http2Session(t, gateway.url);
    const stream = session.request({});
    await once(stream, 'data');
    stream.close(NGHTTP2_CANCEL);
    await closed.promise;
    const [line] = await gateway.accessLines(1);
    assert.equal(line?.['error.type'], 'client_closed');
    assert.equal((await ask(session, { ':path': '/health' })).status, 200, 'the connection lives on');
  });

  test('a client that resets its upload leaves the backend no complete request', async (t) => {
    const ended = Promise.withResolvers<string>();
    const backend = await rawOrigin(t, (socket) => {
      let text = '';
      socket.on('data', (part: Buffer) => (text += part.toString('latin1')));
      socket.on('close', () => ended.resolve(text));
    });
    const gateway = await gatewayTo(t, backend);
    const client = await RawHttp2Client.connect(gateway.port);
    t.after(() => client.socket.destroy());
    client.send(
      frame(FRAME.HEADERS, FLAG.END_HEADERS, 1, block([':method', 'POST'], ...REQUEST.slice(1))),
      frame(FRAME.DATA, 0, 1, Buffer.from('half')),
    );
    await gateway.until(() => gateway.metric('sluice_upstream_connections_open') === 1, 'that the request goes up');
    client.send(frame(FRAME.RST_STREAM, 0, 1, uint32(NGHTTP2_CANCEL)));
    const text = await ended.promise;
    assert.doesNotMatch(text, /\r\n0\r\n\r\n$/, 'no last chunk');
  });

  test('a client that is gone altogether cancels all it has asked for', async (t) => {
    let open = 0;
    const backend = await http1Origin(t, (request, response) => {
      open++;
      request.socket.on('close', () => open--);
      response.write('begun');
    });
    const gateway = await gatewayTo(t, backend);
    const session = await http2Session(t, gateway.url);
    const streams = Array.from({ length: 5 }, () => session.request({}));
    for (const stream of streams) stream.on('error', () => {});
    await Promise.all(streams.map((stream) => once(stream, 'data')));
    session.destroy();
    await gateway.until(() => open === 0, 'that the backend is left alone');
    const lines = await gateway.accessLines(5);
    assert.ok(lines.every((line) => line['error.type'] === 'client_closed'));
    assert.equal(gateway.metric('sluice_connections_open'), 0);
  });

  for (const [name, cut] of [
    ['resets', (socket: net.Socket) => socket.resetAndDestroy()],
    ['closes', (socket: net.Socket) => socket.end()],
  ] as const) {
    test(`a backend that ${name} its connection in the middle of an answer resets the stream`, async (t) => {
      const backend = await rawOrigin(t, (socket) => {
        socket.once('data', () => {
          socket.write('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf', () => cut(socket));
        });
      });
      const gateway = await gatewayTo(t, backend);
      const session = await http2Session(t, gateway.url);
      const answer = await ask(session, {});
      assert.equal(answer.status, 200);
      assert.equal(answer.resetCode, NGHTTP2_INTERNAL_ERROR, 'no clean end');
      const [line] = await gateway.accessLines(1);
      assert.equal(line?.['error.type'], 'upstream_incomplete');
      assert.equal((await ask(session, { ':path': '/health' })).status, 200, 'the connection lives on');
    });
  }

  test('a backend that is not there is answered with 502 on its stream alone', async (t) => {
    const gateway = await gatewayTo(t, 'http://127.0.0.1:1');
    const session = await http2Session(t, gateway.url);
    const answer = await ask(session, {});
    assert.equal(answer.status, 502);
    assert.match(String(answer.fields['proxy-status']), /error=upstream_unreachable/);
    assert.equal((JSON.parse(answer.body) as { error: { code: string } }).error.code, 'upstream_unreachable');
    assert.equal((await ask(session, { ':path': '/health' })).status, 200);
  });

  test('an answer that comes before the end of the request ends it', async (t) => {
    const backend = await rawOrigin(t, (socket) => {
      socket.once('data', () => socket.write('HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno'));
    });
    const gateway = await gatewayTo(t, backend);
    const session = await http2Session(t, gateway.url);
    const stream = session.request({ ':method': 'POST' }, { endStream: false });
    stream.write('some');
    const answer = await answerOf(stream);
    assert.deepEqual([answer.status, answer.body, answer.resetCode], [403, 'no', NGHTTP2_NO_ERROR]);
    const [line] = await gateway.accessLines(1);
    assert.deepEqual([line?.['http.response.status_code'], line?.['error.type']], [403, undefined]);
  });
});

describe('a request body', () => {
  test('beyond the limit is answered with 413, and the backend is not left with it', async (t) => {
    const ended = Promise.withResolvers<void>();
    const backend = await http1Origin(t, (request) => {
      request.on('aborted', () => ended.resolve());
      request.resume();
    });
    const gateway = await gatewayTo(t, backend, { limits: { body: '10KiB' } });
    const session = await http2Session(t, gateway.url);
    const stream = session.request({ ':method': 'POST' }, { endStream: false });
    stream.write(Buffer.alloc(1024));
    await gateway.until(() => gateway.metric('sluice_upstream_connections_open') === 1, 'that the request goes up');
    stream.write(Buffer.alloc(20 * 1024));
    const answer = await answerOf(stream);
    assert.equal(answer.status, 413);
    assert.equal((JSON.parse(answer.body) as { error: { code: string } }).error.code, 'request_body_too_large');
    await ended.promise;
    assert.equal((await ask(session, { ':path': '/health' })).status, 200);
  });

  test('that says at once that it is beyond the limit goes nowhere', async (t) => {
    const backend = await http1Origin(t, () => assert.fail('the backend was asked'));
    const gateway = await gatewayTo(t, backend, { limits: { body: '10KiB' } });
    const session = await http2Session(t, gateway.url);
    const stream = session.request({ ':method': 'POST', 'content-length': 20_000 }, { endStream: false });
    assert.equal((await answerOf(stream)).status, 413);
  });

  test('that stalls is answered with 408', async (t) => {
    const gateway = await gatewayTo(t, await reflectingOrigin(t), { timeouts: { read: '100ms' } });
    const session = await http2Session(t, gateway.url);
    const stream = session.request({ ':method': 'POST' }, { endStream: false });
    stream.write('half');
    assert.equal((await answerOf(stream)).status, 408);
  });

  for (const [name, body] of [
    ['shorter', 'abc'],
    ['longer', 'abcdefgh'],
  ] as const) {
    test(`${name} than announced never is a complete request at the backend`, async (t) => {
      const seen: string[] = [];
      const backend = await rawOrigin(t, (socket) => {
        let text = '';
        socket.on('data', (part: Buffer) => (text += part.toString('latin1')));
        socket.on('close', () => seen.push(text));
      });
      const gateway = await gatewayTo(t, backend);
      const client = await RawHttp2Client.connect(gateway.port);
      t.after(() => client.socket.destroy());
      const head = block([':method', 'POST'], ...REQUEST.slice(1), ['content-length', '5']);
      client.send(frame(FRAME.HEADERS, FLAG.END_HEADERS, 1, head));
      await gateway.until(() => gateway.metric('sluice_upstream_connections_open') === 1, 'that the request goes up');
      client.send(frame(FRAME.DATA, FLAG.END_STREAM, 1, Buffer.from(body)));
      // For too many bytes node:http2 ends the connection instead of the stream.
      const wasReset = (await client.resetCode(1)) === http2.constants.NGHTTP2_PROTOCOL_ERROR;
      assert.ok(wasReset || client.closed);
      await gateway.until(() => seen.length === 1, 'that the backend is left alone');
      const sent = seen[0]?.split('\r\n\r\n')[1] ?? '';
      assert.ok(sent.length < 5, `the backend got ${JSON.stringify(sent)}`);
    });
  }

  test('that was announced and is not there is refused', async (t) => {
    const backend = await http1Origin(t, () => assert.fail('the backend was asked'));
    const gateway = await gatewayTo(t, backend);
    const client = await RawHttp2Client.connect(gateway.port);
    t.after(() => client.socket.destroy());
    const head = block([':method', 'POST'], ...REQUEST.slice(1), ['content-length', '5']);
    client.send(frame(FRAME.HEADERS, FLAG.END_HEADERS | FLAG.END_STREAM, 1, head));
    assert.equal(await client.resetCode(1), http2.constants.NGHTTP2_PROTOCOL_ERROR);
  });
});

test('many requests at once share a connection and get their own answers', async (t) => {
  const gateway = await gatewayTo(t, await reflectingOrigin(t));
  const session = await http2Session(t, gateway.url);
  const answers = await Promise.all(
    Array.from({ length: 300 }, (_, index) =>
      ask(session, { ':method': 'POST', ':path': `/${index}` }, `body ${index}`),
    ),
  );
  for (const [index, { status, body }] of answers.entries()) {
    assert.equal(status, 200);
    const seen = JSON.parse(body) as Seen;
    assert.deepEqual([seen.target, seen.body], [`/${index}`, `body ${index}`]);
  }
  assert.equal(gateway.metric('sluice_connections_total'), 1);
  assert.equal(gateway.metric('sluice_http_requests_total'), 300);
});
