import assert from 'node:assert/strict';
import { Buffer } from 'node:buffer';
import { once } from 'node:events';
import http2 from 'node:http2';
import net from 'node:net';
import { before, describe, test, type TestContext } from 'node:test';
import { HTTP2_OPTIONS, say } from '../../test/support/http2-door.ts';
import { Connection, NOBODY } from './connection.ts';
import { PrefaceSniffer } from './http2-preface.ts';
import { Http2ServerConnection } from './http2-server.ts';
import type { Http2ServerStream } from './http2-server-stream.ts';
import { proveRawIo } from './raw-io.ts';
import { wheel } from './timers.ts';

const PREFACE = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n';

before(async () => void (await proveRawIo()));

interface Sniffed {
  /** What was decided, and for HTTP/1.1 everything that was read until the client ended. */
  decided: Promise<string>;
  port: number;
}

async function open(t: TestContext, timeoutMs = 60_000): Promise<Sniffed> {
  let decide: (what: string) => void = () => {};
  const decided = new Promise<string>((resolve) => (decide = resolve));
  const connections: Http2ServerConnection[] = [];
  const server = net.createServer({ pauseOnConnect: true, allowHalfOpen: true }, (socket) => {
    const sniffer = new PrefaceSniffer(new Connection(socket, NOBODY), timeoutMs, {
      onHttp1(connection, bytes, from, to) {
        let text = bytes.toString('latin1', from, to);
        connection.handler = {
          ...NOBODY,
          onData: (more, start, end) => void (text += more.toString('latin1', start, end)),
          onHalfClose() {
            decide(text);
            connection.destroy('done');
          },
        };
      },
      onHttp2(free) {
        decide('HTTP/2');
        const handler = { onRequest: (stream: Http2ServerStream) => say(stream, 'hello'), onClose() {} };
        connections.push(new Http2ServerConnection(free, HTTP2_OPTIONS, handler));
      },
      onClose: (reason) => decide(`closed: ${reason}`),
    });
    assert.ok(sniffer);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    for (const connection of connections) connection.cut();
    server.close();
  });
  return { decided, port: (server.address() as net.AddressInfo).port };
}

function connect(port: number): net.Socket {
  const socket = net.connect({ port, host: '127.0.0.1', noDelay: true });
  socket.on('error', () => {});
  socket.resume();
  return socket;
}

/** Sends each piece in a packet of its own. */
async function sendPieces(socket: net.Socket, pieces: readonly string[]): Promise<void> {
  for (const piece of pieces) {
    await new Promise((resolve) => socket.write(piece, 'latin1', resolve));
    await new Promise((resolve) => setImmediate(resolve));
  }
}

describe('PrefaceSniffer', () => {
  test('an HTTP/2 client is served, with nothing of what it sent lost', async (t) => {
    const { port, decided } = await open(t);
    const client = http2.connect(`http://127.0.0.1:${port}`);
    const request = client.request();
    request.setEncoding('latin1');
    let body = '';
    for await (const text of request) body += String(text);
    assert.equal(body, 'hello');
    assert.equal(await decided, 'HTTP/2');
    client.close();
    await once(client, 'close');
    assert.equal(wheel.held, 0);
  });

  test('a preface may come byte by byte', async (t) => {
    const { port, decided } = await open(t);
    const socket = connect(port);
    await sendPieces(socket, PREFACE.split(''));
    assert.equal(await decided, 'HTTP/2');
    socket.destroy();
  });

  for (const text of [
    'GET / HTTP/1.1\r\nHost: x\r\n\r\n',
    'POST / HTTP/1.1\r\nHost: x\r\n\r\n',
    'PRI * HTTP/1.1\r\n\r\n',
    'PRI * HTTP/2.0\r\n\r\nSM\r\n\rX',
  ]) {
    test(`${JSON.stringify(text)} is not, whole or in pieces`, async (t) => {
      for (const pieces of [[text], text.split(''), [text.slice(0, 3), text.slice(3)]]) {
        const { port, decided } = await open(t);
        const socket = connect(port);
        await sendPieces(socket, pieces);
        socket.end();
        assert.equal(await decided, text);
        assert.equal(wheel.held, 0);
      }
    });
  }

  test('half a preface and an end is for HTTP/1.1 to judge', async (t) => {
    const { port, decided } = await open(t);
    connect(port).end('PRI * HT');
    assert.equal(await decided, 'PRI * HT');
  });

  test('a connection that is reset before it is clear is told to have closed', async (t) => {
    const { port, decided } = await open(t);
    const socket = connect(port);
    await sendPieces(socket, ['PRI']);
    socket.resetAndDestroy();
    assert.equal(await decided, 'closed: reset');
  });

  test('a client that does not make it clear in time is closed', async (t) => {
    const { port, decided } = await open(t, 10);
    const socket = connect(port);
    const closed = once(socket, 'close');
    socket.write(Buffer.from('PR'));
    assert.equal(await decided, 'closed: timeout');
    await closed;
  });
});
