// WebSockets and other upgrades through the gateway, with `ws` on both sides and with bare sockets where the bytes matter.
// Rule: once both sides have switched, what one does the other one sees: bytes, ends and resets.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import type http from 'node:http';
import net from 'node:net';
import { describe, test, type TestContext } from 'node:test';
import { WebSocket, WebSocketServer, type ServerOptions } from 'ws';
import { type Gateway, gatewayTo } from '../support/gateway.ts';
import { http1Origin, rawOrigin, reflectingOrigin, type Seen, valuesOf } from '../support/origins.ts';
import { requirePeer } from '../support/peer.ts';
import { makeCertificate } from '../support/pki.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const UPGRADE = 'GET /chat HTTP/1.1\r\nHost: a.test\r\nConnection: Upgrade\r\nUpgrade: own\r\nX-Own: 1\r\n\r\n';
const SWITCHED = 'HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: own\r\n\r\n';

interface WebSocketOrigin {
  readonly url: string;
  readonly server: WebSocketServer;
}

/** Answers each message with itself. */
async function echoOrigin(t: TestContext, options: ServerOptions = {}): Promise<WebSocketOrigin> {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0, ...options });
  server.on('connection', (socket) => {
    socket.on('error', () => {});
    socket.on('message', (data: Buffer, isBinary) => socket.send(data, { binary: isBinary }));
  });
  t.after(() => {
    for (const client of server.clients) client.terminate();
    server.close();
  });
  await once(server, 'listening');
  return { url: `http://127.0.0.1:${(server.address() as net.AddressInfo).port}`, server };
}

function open(t: TestContext, gateway: Gateway, protocols: string[] = [], options = {}): WebSocket {
  const socket = new WebSocket(`${gateway.url.replace(/^http/, 'ws')}/chat`, protocols, options);
  socket.on('error', () => {});
  t.after(() => socket.terminate());
  return socket;
}

/** A bare connection to the gateway that sends this first. */
function say(t: TestContext, gateway: Gateway, text: string): net.Socket {
  const socket = net.connect({ port: gateway.port, host: '127.0.0.1', allowHalfOpen: true });
  socket.on('error', () => {});
  t.after(() => socket.destroy());
  socket.write(text);
  return socket;
}

/** What a socket has received, as soon as it fits. */
async function receive(socket: net.Socket, enough: RegExp): Promise<string> {
  let text = '';
  while (!enough.test(text)) {
    const [part] = (await once(socket, 'data')) as [Buffer];
    text += part.toString('latin1');
  }
  return text;
}

/** An origin that switches at once and hands over its socket; `after` goes out in one piece with the answer. */
async function switchingOrigin(t: TestContext, after = ''): Promise<{ url: string; socket: Promise<net.Socket> }> {
  const switched = Promise.withResolvers<net.Socket>();
  const url = await rawOrigin(t, (socket) => {
    socket.allowHalfOpen = true;
    socket.once('data', () => {
      socket.write(SWITCHED + after);
      switched.resolve(socket);
    });
  });
  return { url, socket: switched.promise };
}

describe('a WebSocket', () => {
  test('carries text and bytes both ways', async (t) => {
    const gateway = await gatewayTo(t, (await echoOrigin(t)).url);
    const socket = open(t, gateway);
    await once(socket, 'open');
    socket.send('hello');
    assert.deepEqual((await once(socket, 'message')).map(String), ['hello', 'false']);
    const bytes = Buffer.alloc(3 * 1024 * 1024, 'some bytes ');
    socket.send(bytes);
    const [echoed, isBinary] = (await once(socket, 'message')) as [Buffer, boolean];
    assert.ok(isBinary && echoed.equals(bytes));
  });

  test('agrees on protocol and extensions with its server', async (t) => {
    const origin = await echoOrigin(t, { perMessageDeflate: true, handleProtocols: () => 'own.v2' });
    let asked: http.IncomingHttpHeaders = {};
    origin.server.on('connection', (_socket, request) => (asked = request.headers));
    const socket = open(t, await gatewayTo(t, origin.url), ['own.v1', 'own.v2'], { perMessageDeflate: true });
    await once(socket, 'open');
    assert.equal(socket.protocol, 'own.v2');
    assert.match(socket.extensions, /permessage-deflate/);
    socket.send('a'.repeat(10_000));
    assert.equal(String((await once(socket, 'message'))[0]).length, 10_000);
    assert.equal(asked['sec-websocket-protocol'], 'own.v1,own.v2');
    assert.equal(asked['x-forwarded-for'], '127.0.0.1');
    assert.match(String(asked['via']), /^1\.1 sluice-/);
  });

  test('passes on pings', async (t) => {
    const socket = open(t, await gatewayTo(t, (await echoOrigin(t)).url));
    await once(socket, 'open');
    socket.ping('still there?');
    assert.equal(String((await once(socket, 'pong'))[0]), 'still there?');
  });

  test('that the client closes tells the server why', async (t) => {
    const origin = await echoOrigin(t);
    const closed = Promise.withResolvers<[number, string]>();
    origin.server.on('connection', (each) => each.on('close', (code, why) => closed.resolve([code, String(why)])));
    const socket = open(t, await gatewayTo(t, origin.url));
    await once(socket, 'open');
    socket.close(4001, 'enough');
    const [atServer, atClient] = await Promise.all([closed.promise, once(socket, 'close')]);
    assert.deepEqual(atServer, [4001, 'enough']);
    assert.equal(atClient[0], 4001);
  });

  test('that the server closes tells the client why', async (t) => {
    const origin = await echoOrigin(t);
    origin.server.on('connection', (each) => each.close(4002, 'later'));
    const socket = open(t, await gatewayTo(t, origin.url));
    const [code, why] = (await once(socket, 'close')) as [number, Buffer];
    assert.deepEqual([code, String(why)], [4002, 'later']);
  });

  test('works through TLS', async (t) => {
    if (requirePeer(t, 'openssl') === undefined) return;
    const certificate = makeCertificate(temporaryFolder(t));
    const gateway = await gatewayTo(t, (await echoOrigin(t)).url, { gateway: { tls: certificate } });
    const socket = open(t, gateway, [], { rejectUnauthorized: false });
    await once(socket, 'open');
    socket.send('hello');
    assert.equal(String((await once(socket, 'message'))[0]), 'hello');
    socket.close(4001);
    assert.equal((await once(socket, 'close'))[0], 4001);
  });

  test('is one of many', async (t) => {
    const gateway = await gatewayTo(t, (await echoOrigin(t)).url);
    const sockets = Array.from({ length: 50 }, () => open(t, gateway));
    await Promise.all(sockets.map((socket) => once(socket, 'open')));
    const echoes = sockets.map(async (socket, index) => {
      socket.send(`from ${index}`);
      return String((await once(socket, 'message'))[0]);
    });
    assert.deepEqual(
      await Promise.all(echoes),
      sockets.map((_, index) => `from ${index}`),
    );
    for (const socket of sockets) socket.close();
    await gateway.until(() => gateway.metric('sluice_connections_open') === 0, 'that all are closed');
  });

  test('is one line of the log and one stream in the metrics, when it has ended', async (t) => {
    const gateway = await gatewayTo(t, (await echoOrigin(t)).url);
    const socket = open(t, gateway);
    await once(socket, 'open');
    assert.equal(gateway.metric('sluice_http_requests_in_flight'), 1);
    socket.send('hello');
    await once(socket, 'message');
    socket.close();
    const [line] = await gateway.accessLines(1);
    assert.equal(line?.['http.response.status_code'], 101);
    assert.equal(line?.['url.path'], '/chat');
    assert.equal(line?.['error.type'], undefined);
    // 5 bytes each way, framed with 2 and, from the client, a mask of 4; and the frames that close it.
    assert.ok(Number(line?.['http.request.body.size']) >= 11 && Number(line?.['http.response.body.size']) >= 7);
    assert.equal(gateway.metric('sluice_http_requests_total', { code: '1xx' }), 1);
    assert.equal(gateway.metric('sluice_upstream_requests_total', { code: '1xx' }), 1);
    assert.equal(gateway.metric('sluice_http_requests_in_flight'), 0);
  });
});

describe('an upgrade', () => {
  test('is passed on with its protocol, and so is the answer', async (t) => {
    let asked = '';
    const url = await rawOrigin(t, (socket) => {
      socket.once('data', (bytes: Buffer) => {
        asked = bytes.toString('latin1');
        socket.write(
          'HTTP/1.1 101 Own Words\r\nConnection: upgrade, x-hop\r\nX-Hop: 1\r\nUpgrade: own\r\nX-Own: 2\r\n\r\n',
        );
      });
    });
    const socket = say(t, await gatewayTo(t, url), UPGRADE);
    const answer = await receive(socket, /\r\n\r\n$/);
    assert.match(asked, /\r\nConnection: upgrade\r\nUpgrade: own\r\n\r\n$/);
    assert.match(asked, /\r\nX-Own: 1\r\n/);
    assert.match(answer, /^HTTP\/1\.1 101 Own Words\r\n/);
    assert.match(answer, /\r\nX-Own: 2\r\n/);
    assert.match(answer, /\r\nConnection: upgrade\r\nUpgrade: own\r\n/);
    assert.doesNotMatch(answer, /X-Hop/i);
  });

  test('loses no byte that came with the request or with the answer', async (t) => {
    const origin = await switchingOrigin(t, 'early from the server');
    const socket = say(t, await gatewayTo(t, origin.url), `${UPGRADE}early from the client`);
    const [answer, upstream] = await Promise.all([receive(socket, /server$/), origin.socket]);
    assert.match(answer, /\r\n\r\nearly from the server$/);
    assert.equal(await receive(upstream, /client$/), 'early from the client');
  });

  test('keeps open what one side has not ended', async (t) => {
    const origin = await switchingOrigin(t);
    const socket = say(t, await gatewayTo(t, origin.url), UPGRADE);
    await receive(socket, /\r\n\r\n$/);
    const upstream = await origin.socket;
    socket.end('last words');
    assert.equal(await receive(upstream, /words$/), 'last words');
    await once(upstream, 'end');
    upstream.end('and the answer to them');
    assert.equal(await receive(socket, /them$/), 'and the answer to them');
    await once(socket, 'end');
  });

  test('of a client that has ended its side already tells the server so', async (t) => {
    const origin = await rawOrigin(t, (socket) => {
      socket.allowHalfOpen = true;
      socket.once('data', () => setImmediate(() => socket.write(SWITCHED)));
      socket.on('end', () => socket.end('heard'));
    });
    const socket = say(t, await gatewayTo(t, origin), UPGRADE);
    socket.end();
    assert.match(await receive(socket, /heard$/), /^HTTP\/1\.1 101 [\s\S]*\r\n\r\nheard$/);
  });

  for (const [name, first, second] of [
    ['client', 0, 1],
    ['server', 1, 0],
  ] as const) {
    test(`that the ${name} resets is reset for the other side`, async (t) => {
      const origin = await switchingOrigin(t);
      const socket = say(t, await gatewayTo(t, origin.url), UPGRADE);
      await receive(socket, /\r\n\r\n$/);
      const sides = [socket, await origin.socket] as const;
      const error = once(sides[second], 'error');
      sides[first].resetAndDestroy();
      assert.equal(((await error)[0] as NodeJS.ErrnoException).code, 'ECONNRESET');
    });
  }

  test('that is refused stays HTTP, on the same connection', async (t) => {
    const url = await http1Origin(t, (_request, response) => {
      response.writeHead(401, { 'Content-Length': 2 });
      response.end('no');
    });
    const gateway = await gatewayTo(t, url);
    const socket = say(t, gateway, UPGRADE);
    assert.match(await receive(socket, /no$/), /^HTTP\/1\.1 401 /);
    socket.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    assert.match(await receive(socket, /no$/), /^HTTP\/1\.1 401 /);
    assert.equal(gateway.metric('sluice_upstream_connections_total'), 1, 'nor is the connection to the server lost');
  });

  test('to HTTP/2 is not passed on', async (t) => {
    const gateway = await gatewayTo(t, await reflectingOrigin(t));
    const socket = say(
      t,
      gateway,
      'GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n\r\n',
    );
    const answer = await receive(socket, /\]\s*,"body"[\s\S]*\}/);
    const seen = JSON.parse(answer.slice(answer.indexOf('{'), answer.lastIndexOf('}') + 1)) as Seen;
    for (const name of ['upgrade', 'http2-settings', 'connection']) {
      assert.deepEqual(
        valuesOf(seen, name).filter((value) => value !== 'keep-alive'),
        [],
        name,
      );
    }
  });

  test('that nobody asked for is 502', async (t) => {
    const { url } = await switchingOrigin(t, 'gotcha');
    const gateway = await gatewayTo(t, url);
    const socket = say(t, gateway, 'GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    const answer = await receive(socket, /\}$/);
    assert.match(answer, /^HTTP\/1\.1 502 /);
    assert.doesNotMatch(answer, /gotcha/);
  });

  test('may first be told to send the body of its request', async (t) => {
    const url = await rawOrigin(t, (socket) => {
      socket.once('data', () => {
        socket.write('HTTP/1.1 100 Continue\r\n\r\n');
        socket.once('data', (body: Buffer) => socket.write(`${SWITCHED}${body.toString('latin1')} has come`));
      });
    });
    const head = UPGRADE.replace('X-Own: 1', 'Expect: 100-continue\r\nContent-Length: 4');
    const socket = say(t, await gatewayTo(t, url), head);
    assert.equal(await receive(socket, /\r\n\r\n$/), 'HTTP/1.1 100 Continue\r\n\r\n');
    socket.write('body');
    assert.match(await receive(socket, /come$/), /^HTTP\/1\.1 101 [\s\S]*\r\n\r\nbody has come$/);
  });

  test('before the end of its request is 502, for nobody could tell the rest of it from what follows', async (t) => {
    const { url } = await switchingOrigin(t, 'gotcha');
    const gateway = await gatewayTo(t, url);
    const socket = say(t, gateway, `${UPGRADE.replace('X-Own: 1', 'Transfer-Encoding: chunked')}4\r\nhalf\r\n`);
    const answer = await receive(socket, /\}$/);
    assert.match(answer, /^HTTP\/1\.1 502 /);
    assert.doesNotMatch(answer, /gotcha/);
  });

  test('in which nothing moves for too long is ended on both sides', async (t) => {
    const origin = await switchingOrigin(t);
    const gateway = await gatewayTo(t, origin.url, { timeouts: { tunnel_idle: '100ms' } });
    const socket = say(t, gateway, UPGRADE);
    await receive(socket, /\r\n\r\n$/);
    const upstream = await origin.socket;
    upstream.resume();
    socket.resume();
    await Promise.all([once(socket, 'end'), once(upstream, 'end')]);
    const [line] = await gateway.accessLines(1);
    assert.equal(line?.['http.response.status_code'], 101);
  });

  test('outlives the time-outs of requests', async (t) => {
    const short = { headers: '50ms', read: '50ms', write: '50ms', idle: '50ms' };
    const gateway = await gatewayTo(t, (await echoOrigin(t)).url, { timeouts: short });
    const socket = open(t, gateway);
    await once(socket, 'open');
    const idle = say(t, gateway, 'GET /health HTTP/1.1\r\nHost: a\r\n\r\n');
    idle.resume();
    await once(idle, 'end');
    socket.send('still here');
    assert.equal(String((await once(socket, 'message'))[0]), 'still here');
  });

  test('waits for a side that does not read', async (t) => {
    const origin = await switchingOrigin(t);
    const gateway = await gatewayTo(t, origin.url);
    const socket = say(t, gateway, UPGRADE);
    await receive(socket, /\r\n\r\n$/);
    socket.pause();
    const upstream = await origin.socket;
    const size = 30 * 1024 * 1024;
    let sent = 0;
    const part = Buffer.alloc(256 * 1024);
    const more = (): void => {
      while (sent < size) {
        sent += part.length;
        if (!upstream.write(part)) {
          upstream.once('drain', more);
          return;
        }
      }
      upstream.end();
    };
    more();
    let before = -1;
    for (let quiet = 0; quiet < 200; quiet++) {
      if (sent !== before) quiet = 0;
      before = sent;
      await new Promise((resolve) => setImmediate(resolve));
    }
    assert.ok(sent < size, `${sent} bytes were taken from the server`);
    let received = 0;
    socket.on('data', (bytes: Buffer) => (received += bytes.length));
    socket.resume();
    await once(socket, 'end');
    assert.equal(received, sent);
  });
});

describe('a gateway that drains', () => {
  test('waits for WebSockets to end by themselves', async (t) => {
    const gateway = await gatewayTo(t, (await echoOrigin(t)).url);
    const socket = open(t, gateway);
    await once(socket, 'open');
    let isDrained = false;
    const drained = gateway.plane.drain().then(() => (isDrained = true));
    socket.send('still here');
    assert.equal(String((await once(socket, 'message'))[0]), 'still here');
    assert.equal(isDrained, false);
    socket.close();
    await drained;
  });

  test('cuts those that do not when it closes, and their servers with them', async (t) => {
    const origin = await echoOrigin(t);
    const closed = Promise.withResolvers<number>();
    origin.server.on('connection', (each) => each.on('close', (code) => closed.resolve(code)));
    const gateway = await gatewayTo(t, origin.url);
    const socket = open(t, gateway);
    await once(socket, 'open');
    const cut = once(socket, 'close');
    await gateway.plane.close();
    assert.equal((await cut)[0], 1006);
    assert.equal(await closed.promise, 1006);
    const [line] = await gateway.accessLines(1);
    assert.equal(line?.['http.response.status_code'], 101);
  });

  test('lets a reload pass by open WebSockets', async (t) => {
    const { url } = await echoOrigin(t);
    const gateway = await gatewayTo(t, url);
    const socket = open(t, gateway);
    await once(socket, 'open');
    await gateway.apply({ gateway: { default_backend: url } });
    socket.send('hello');
    assert.equal(String((await once(socket, 'message'))[0]), 'hello');
  });
});
