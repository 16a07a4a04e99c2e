// HTTP of any kind through a tunnel, from a visitor at the gateway to a local server and back, by the third version of the dialect: curl and
// ws as visitors, and plain sockets where what is asked matters byte for byte.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createHash, hash, randomBytes } from 'node:crypto';
import { EventEmitter, once } from 'node:events';
import { createReadStream, writeFileSync } from 'node:fs';
import http from 'node:http';
import net from 'node:net';
import { join } from 'node:path';
import { describe, test, type TestContext } from 'node:test';
import { WebSocket, WebSocketServer } from 'ws';
import { Exposed, localServer, serveTunnels, wish } from '../support/exposed.ts';
import type { Gateway } from '../support/gateway.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const HOST = 'app.example.test';
const MIB = 1024 * 1024;

interface Curled {
  readonly code: number | null;
  readonly out: Buffer;
}

function curl(gateway: Gateway, path: string, ...args: readonly string[]): Promise<Curled> & { out: EventEmitter } {
  const child = spawn('curl', ['-sS', '-H', `Host: ${HOST}`, ...args, `${gateway.url}${path}`]);
  const parts: Buffer[] = [];
  const out = new EventEmitter();
  child.stdout.on('data', (bytes: Buffer) => {
    parts.push(bytes);
    out.emit('data', bytes.toString());
  });
  const done = once(child, 'close').then(([code]) => ({ code: code as number | null, out: Buffer.concat(parts) }));
  return Object.assign(done, { out });
}

/** A local server that speaks to sockets; resolves with its port. */
async function rawServer(t: TestContext, talk: (socket: net.Socket) => void): Promise<number> {
  const sockets = new Set<net.Socket>();
  const server = net.createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    talk(socket);
  });
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return (server.address() as net.AddressInfo).port;
}

async function visitor(t: TestContext, gateway: Gateway): Promise<net.Socket> {
  const socket = net.connect(Number(new URL(gateway.url).port), '127.0.0.1');
  socket.on('error', () => {});
  t.after(() => socket.destroy());
  await once(socket, 'connect');
  return socket;
}

async function heard(socket: net.Socket, pattern: RegExp): Promise<string> {
  let text = '';
  while (!pattern.test(text)) text += String((await once(socket, 'data'))[0]);
  return text;
}

describe('what comes in pieces', () => {
  for (const type of ['text/event-stream', 'application/x-ndjson', 'text/html']) {
    test(`of ${type} reaches curl piece by piece`, async (t) => {
      const gateway = await serveTunnels(t);
      const { promise: asked, resolve } = Promise.withResolvers<net.Socket>();
      const port = await rawServer(t, (socket) => void once(socket, 'data').then(() => resolve(socket)));
      await Exposed.open(t, gateway, wish(port));
      const run = curl(gateway, '/', '-N');
      const local = await asked;
      local.write(`HTTP/1.1 200 OK\r\nContent-Type: ${type}\r\nTransfer-Encoding: chunked\r\n\r\n`);
      let text = '';
      run.out.on('data', (more: string) => (text += more));
      for (const piece of ['{"n":1}\n', '{"n":2}\n', '{"n":3}\n']) {
        local.write(`${piece.length.toString(16)}\r\n${piece}\r\n`);
        while (!text.endsWith(piece)) await once(run.out, 'data');
      }
      local.write('0\r\n\r\n');
      assert.equal((await run).code, 0);
    });
  }
});

test('an answer opens at its visitor with its head, before there is any of its body', async (t) => {
  const gateway = await serveTunnels(t);
  const head = 'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n';
  const port = await rawServer(t, (socket) => void socket.once('data', () => socket.write(head)));
  await Exposed.open(t, gateway, wish(port));
  const socket = await visitor(t, gateway);
  socket.write(`GET / HTTP/1.1\r\nHost: ${HOST}\r\n\r\n`);
  assert.match(await heard(socket, /\r\n\r\n/), /^HTTP\/1.1 200 OK\r\nContent-Type: text\/event-stream\r\n/);
});

describe('a body of any size', () => {
  test('goes up from curl and down to it byte for byte, with a length and in chunks', async (t) => {
    const gateway = await serveTunnels(t, { limits: { body: '1GiB' } });
    const folder = temporaryFolder(t);
    const file = join(folder, 'large');
    writeFileSync(file, randomBytes(48 * MIB));
    const sum = createHash('sha256');
    for await (const bytes of createReadStream(file)) sum.update(bytes as Buffer);
    const expected = sum.digest('hex');
    const local = await localServer(t, (request, response) => {
      if (request.method === 'GET') return void createReadStream(file).pipe(response);
      const received = createHash('sha256');
      request.on('data', (bytes: Buffer) => received.update(bytes));
      request.on('end', () => response.end(received.digest('hex')));
      return undefined;
    });
    await Exposed.open(t, gateway, wish(local.port));
    for (const how of [[], ['-H', 'Transfer-Encoding: chunked'], ['-H', 'Expect: 100-continue']]) {
      const { out } = await curl(gateway, '/', '-T', file, ...how);
      assert.equal(String(out), expected, how.join(' '));
    }
    const { out } = await curl(gateway, '/');
    assert.equal(hash('sha256', out), expected);
  });

  test('is held back by a local server that does not read, and by nothing else', async (t) => {
    const gateway = await serveTunnels(t, { limits: { body: '1GiB' } });
    const { promise: reached, resolve } = Promise.withResolvers<http.IncomingMessage>();
    const local = await localServer(t, (request, response) => {
      if (request.url === '/quick') return void response.end('quick');
      request.on('end', () => response.end('done'));
      return resolve(request);
    });
    await Exposed.open(t, gateway, wish(local.port));
    const request = http.request(gateway.url, { method: 'PUT', agent: false, headers: { Host: HOST } });
    request.on('error', () => {});
    let written = 0;
    let isFull = false;
    const more = (): void => {
      while (written < 200 * MIB && !isFull) {
        written += 256 * 1024;
        isFull = !request.write(Buffer.alloc(256 * 1024));
      }
    };
    request.on('drain', () => {
      isFull = false;
      more();
    });
    more();
    const arrived = await reached;
    assert.equal(String((await curl(gateway, '/quick')).out), 'quick');
    await settled(() => written);
    assert.ok(written < 40 * MIB, `${written} bytes were taken`);
    arrived.resume();
    await once(request, 'drain');
    request.destroy();
  });
});

describe('what stands around an answer', () => {
  test('is passed on: the wish for a body, hints before, trailers after, both ways', async (t) => {
    const gateway = await serveTunnels(t);
    const port = await rawServer(t, (socket) => {
      let text = '';
      socket.on('data', (bytes: Buffer) => {
        const before = text;
        text += bytes.toString();
        if (!before.includes('\r\n\r\n') && text.includes('\r\n\r\n')) {
          socket.write('HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n');
        }
        if (!text.endsWith('X-Sum: 42\r\n\r\n')) return;
        const isAsked = /^expect: 100-continue\r$/im.test(text) && /^te: trailers\r$/im.test(text);
        socket.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Own\r\n\r\n');
        socket.write(`3\r\n${isAsked ? 'yes' : 'no!'}\r\n0\r\nX-Own: 7\r\n\r\n`);
      });
    });
    await Exposed.open(t, gateway, wish(port));
    const socket = await visitor(t, gateway);
    const fields = ['Expect: 100-continue', 'TE: trailers', 'Connection: TE', 'Transfer-Encoding: chunked'];
    socket.write(`POST / HTTP/1.1\r\nHost: ${HOST}\r\n${fields.join('\r\n')}\r\n\r\n`);
    const first = await heard(socket, /100 Continue\r\n\r\n/);
    assert.match(first, /^HTTP\/1.1 103[^]*Link: <\/a.css>/);
    socket.write('2\r\nhi\r\n0\r\nX-Sum: 42\r\n\r\n');
    assert.match(await heard(socket, /\r\n0\r\n[^]*\r\n\r\n$/), /^HTTP\/1.1 200[^]*yes\r\n0\r\nX-Own: 7\r\n\r\n$/);
  });
});

describe('a WebSocket', () => {
  test('keeps its subprotocol, its messages and its end, and is refused as the local server refuses it', async (t) => {
    const gateway = await serveTunnels(t);
    const sockets = new WebSocketServer({
      noServer: true,
      handleProtocols: (offered) => (offered.has('chat') ? 'chat' : false),
    });
    const local = await localServer(t, (_request, response) => response.end());
    local.on('upgrade', (request: http.IncomingMessage, socket: net.Socket, first: Buffer) => {
      if (request.url === '/no')
        return void socket.end('HTTP/1.1 401 Unauthorized\r\nX-Why: no\r\nContent-Length: 0\r\n\r\n');
      sockets.handleUpgrade(request, socket, first, (peer) => {
        peer.on('message', (message: Buffer, isBinary: boolean) => {
          if (isBinary) peer.send(hash('sha256', message));
          else if (String(message) === 'leave') peer.close(4002, 'as you like');
          else {
            // In fragments that cut a character in two.
            const bytes = Buffer.from(`${String(message)} ✓`);
            peer.send(bytes.subarray(0, -1), { binary: false, fin: false });
            peer.send(bytes.subarray(-1), { binary: false, fin: true });
          }
        });
      });
      return undefined;
    });
    await Exposed.open(t, gateway, wish(local.port));
    const url = gateway.url.replace(/^http/, 'ws');
    const open = (path: string): WebSocket => {
      const socket = new WebSocket(`${url}${path}`, ['other', 'chat'], { headers: { Host: HOST } });
      socket.on('error', () => {});
      t.after(() => socket.terminate());
      return socket;
    };
    const socket = open('/');
    await once(socket, 'open');
    assert.equal(socket.protocol, 'chat');
    const large = randomBytes(1_000_000);
    socket.send(large);
    assert.equal(String((await once(socket, 'message'))[0]), hash('sha256', large));
    socket.send('hello');
    assert.equal(String((await once(socket, 'message'))[0]), 'hello ✓');
    socket.send('leave');
    const [code, reason] = (await once(socket, 'close')) as [number, Buffer];
    assert.deepEqual([code, String(reason)], [4002, 'as you like']);
    const [, refusal] = (await once(open('/no'), 'unexpected-response')) as [unknown, http.IncomingMessage];
    assert.deepEqual([refusal.statusCode, refusal.headers['x-why']], [401, 'no']);
  });
});

describe('a server that goes', () => {
  test('has its client come back at once, while what runs comes to its end', async (t) => {
    const gateway = await serveTunnels(t);
    const { promise: asked, resolve } = Promise.withResolvers<http.ServerResponse>();
    const local = await localServer(t, (request, response) => {
      if (request.url === '/slow') resolve(response);
      else response.end('quick');
    });
    const exposed = await Exposed.open(t, gateway, wish(local.port));
    const slow = curl(gateway, '/slow');
    const response = await asked;
    gateway.tunnels.drain('a new version is coming', 60_000);
    await exposed.until(() => exposed.openings === 2);
    assert.deepEqual(exposed.losses, ['a new version is coming']);
    assert.equal(String((await curl(gateway, '/')).out), 'quick');
    response.end('slow');
    assert.equal(String((await slow).out), 'slow');
    assert.equal(gateway.tunnels.reports()[0]?.client?.version, 3);
  });
});

/** Resolves when a number has not changed for a while. */
async function settled(of: () => number): Promise<void> {
  for (let before = -1; before !== of();) {
    before = of();
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}
