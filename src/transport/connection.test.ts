import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import net, { type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, test, type TestContext } from 'node:test';
import tls from 'node:tls';
import { OutBuffer } from '../codec/http1/writer.ts';
import { makeCertificate } from '../../test/support/pki.ts';
import { temporaryFolder } from '../../test/support/temporary-folder.ts';
import { type CloseReason, Connection, type ConnectionHandler, NOBODY } from './connection.ts';
import { distrustRawIo, proveRawIo } from './raw-io.ts';

const WINDOWS = process.platform === 'win32' && 'Windows has no unix sockets';

/** Keeps what a connection says, and lets a test wait for it. */
class Listening implements ConnectionHandler {
  text = '';
  halfClosed = 0;
  drained = 0;
  closed: CloseReason[] = [];
  private wake: (() => void) | null = null;

  onData(bytes: Buffer, from: number, to: number): void {
    this.text += bytes.toString('latin1', from, to);
    this.wake?.();
  }

  onHalfClose(): void {
    this.halfClosed++;
    this.wake?.();
  }

  onDrain(): void {
    this.drained++;
    this.wake?.();
  }

  onClose(reason: CloseReason): void {
    this.closed.push(reason);
    this.wake?.();
  }

  async until(isSo: (heard: this) => boolean): Promise<void> {
    while (!isSo(this)) await new Promise<void>((resolve) => (this.wake = resolve));
  }
}

interface Ends {
  readonly connection: Connection;
  readonly heard: Listening;
  readonly peer: net.Socket;
}

async function plainEnds(t: TestContext, unixPath?: string): Promise<Ends> {
  const server = net.createServer({ pauseOnConnect: true, allowHalfOpen: true });
  server.listen(unixPath === undefined ? { port: 0, host: '127.0.0.1' } : { path: unixPath });
  await once(server, 'listening');
  const bound = server.address();
  const place = typeof bound === 'string' ? { path: bound } : { port: bound!.port, host: '127.0.0.1' };
  const peer = net.connect({ ...place, allowHalfOpen: true });
  peer.on('error', () => {});
  const [socket] = (await once(server, 'connection')) as [net.Socket];
  server.close();
  t.after(() => {
    peer.destroy();
    socket.destroy();
  });
  const heard = new Listening();
  return { connection: new Connection(socket, heard), heard, peer };
}

/** `carrier` is the peer's socket below TLS. */
async function secureEnds(t: TestContext): Promise<Ends & { readonly carrier: net.Socket }> {
  const files = makeCertificate(temporaryFolder(t));
  const server = tls.createServer({
    cert: readFileSync(files.cert),
    key: readFileSync(files.key),
    ALPNProtocols: ['http/1.1'],
    allowHalfOpen: true,
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const carrier = net.connect((server.address() as AddressInfo).port, '127.0.0.1');
  const peer = tls.connect({
    socket: carrier,
    ca: readFileSync(files.cert),
    servername: 'localhost',
    ALPNProtocols: ['http/1.1'],
  });
  peer.on('error', () => {});
  const [socket] = (await once(server, 'secureConnection')) as [tls.TLSSocket];
  socket.pause();
  server.close();
  t.after(() => {
    peer.destroy();
    socket.destroy();
  });
  const heard = new Listening();
  return { connection: new Connection(socket, heard), heard, peer, carrier };
}

function outOf(text: string): OutBuffer {
  const out = new OutBuffer(16);
  out.latin1(text);
  return out;
}

async function readAll(peer: net.Socket, length: number): Promise<number> {
  let received = 0;
  for await (const bytes of peer.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    received += bytes.length;
    if (received >= length) break;
  }
  return received;
}

const WAYS = { 'past the streams': proveRawIo, 'through the streams': () => Promise.resolve(distrustRawIo()) };

for (const [way, choose] of Object.entries(WAYS)) {
  describe(`a connection, ${way}`, () => {
    test('reads what the peer sends, once it is resumed', async (t) => {
      await choose();
      const { connection, heard, peer } = await plainEnds(t);
      assert.equal(connection.isPaused, true);
      peer.write('hello');
      connection.resume();
      await heard.until(({ text }) => text === 'hello');
      assert.equal(connection.bytesRead, 5);
      assert.equal(connection.secure, false);
      assert.deepEqual([connection.serverName, connection.alpn], ['', '']);
      assert.equal(connection.remotePort, peer.localPort);
      assert.equal(connection.localPort, peer.remotePort);
      assert.deepEqual(connection.ends, {
        sourceAddress: '127.0.0.1',
        sourcePort: peer.localPort,
        destinationAddress: '127.0.0.1',
        destinationPort: peer.remotePort,
      });
    });

    test('does not read while it is paused', async (t) => {
      await choose();
      const { connection, heard, peer } = await plainEnds(t);
      connection.resume();
      connection.pause();
      peer.write('later');
      peer.end();
      await once(peer, 'finish');
      assert.equal(heard.text, '');
      connection.resume();
      await heard.until(({ halfClosed }) => halfClosed === 1);
      assert.equal(heard.text, 'later');
    });

    test('borrows the bytes that it writes: they may be reused at once', async (t) => {
      await choose();
      const { connection, peer } = await plainEnds(t);
      const bytes = Buffer.from('..first..');
      const out = outOf('second');
      connection.write(bytes, 2, 7);
      bytes.fill(0);
      connection.flush(out);
      assert.equal(out.length, 0);
      out.bytes.fill(0);
      peer.setEncoding('latin1');
      let text = '';
      peer.on('data', (part: string) => (text += part));
      while (text.length < 11) await once(peer, 'data');
      assert.equal(text, 'firstsecond');
      assert.equal(connection.bytesWritten, 11);
    });

    test('tells its writer to wait for a slow reader, keeps the order, and says when to go on', async (t) => {
      await choose();
      const { connection, heard, peer } = await plainEnds(t);
      const block = Buffer.alloc(256 * 1024, 1);
      let written = 0;
      while (!connection.congested && written < 1024 * block.length) {
        connection.write(block, 0, block.length);
        written += block.length;
      }
      assert.equal(connection.congested, true);
      assert.equal(connection.write(block, 0, 1), false);
      assert.equal(connection.flush(outOf('')), false);
      assert.equal(await readAll(peer, written + 1), written + 1);
      await heard.until(({ drained }) => drained === 1);
      assert.equal(connection.congested, false);
    });

    test('lends what never changes, in its place among what it borrows', async (t) => {
      await choose();
      const { connection, heard, peer } = await plainEnds(t);
      const lasting = Buffer.alloc(9_000_000, 'x');
      const passing = Buffer.from('first');
      connection.write(passing, 0, 5);
      assert.equal(connection.lend(lasting, 0, lasting.length), false);
      passing.fill('-');
      connection.write(Buffer.from('last'), 0, 4);
      let got = '';
      peer.setEncoding('latin1');
      peer.on('data', (part: string) => (got += part));
      while (got.length < lasting.length + 9) await once(peer, 'data');
      assert.ok(got.startsWith('firstx') && got.endsWith('xlast'));
      await heard.until(({ drained }) => drained > 0);
    });

    test('half-closes both ways and ends in good order', async (t) => {
      await choose();
      const { connection, heard, peer } = await plainEnds(t);
      connection.resume();
      peer.end('bye');
      await heard.until(({ halfClosed }) => halfClosed === 1);
      connection.write(Buffer.from('answer'), 0, 6);
      connection.end();
      peer.resume();
      await heard.until(({ closed }) => closed.length === 1);
      assert.deepEqual(heard.closed, ['eof']);
      assert.equal(heard.text, 'bye');
      assert.equal(connection.write(Buffer.from('x'), 0, 1), false);
      assert.equal(connection.flush(outOf('x')), false);
    });

    test('gives the first reason for its end, once', async (t) => {
      await choose();
      const { connection, heard } = await plainEnds(t);
      connection.destroy('idle');
      connection.destroy('error');
      connection.reset('timeout');
      connection.pause();
      connection.resume();
      assert.equal(connection.closed, true);
      await heard.until(({ closed }) => closed.length === 1);
      assert.deepEqual(heard.closed, ['idle']);
    });

    test('passes a reset on as a reset, and hears one as such', async (t) => {
      await choose();
      const one = await plainEnds(t);
      one.peer.resume();
      const refused = once(one.peer, 'error');
      one.connection.reset('timeout');
      assert.equal(((await refused) as [NodeJS.ErrnoException])[0].code, 'ECONNRESET');
      assert.deepEqual((await one.heard.until(({ closed }) => closed.length === 1), one.heard.closed), ['timeout']);
      const other = await plainEnds(t);
      other.connection.resume();
      other.peer.resetAndDestroy();
      await other.heard.until(({ closed }) => closed.length === 1);
      assert.deepEqual(other.heard.closed, ['reset']);
    });

    test('can be reset while its own end is on the way', async (t) => {
      await choose();
      const { connection, heard } = await plainEnds(t);
      connection.end();
      connection.reset('drain');
      await heard.until(({ closed }) => closed.length === 1);
      assert.deepEqual(heard.closed, ['drain']);
    });

    test('is destroyed where there is no reset: on a unix socket', { skip: WINDOWS }, async (t) => {
      await choose();
      const { connection, heard, peer } = await plainEnds(t, join(temporaryFolder(t), 'socket'));
      peer.resume();
      const ended = once(peer, 'end');
      connection.reset('timeout');
      await ended;
      await heard.until((all) => all.closed.length === 1);
      assert.deepEqual(heard.closed, ['timeout']);
    });

    test('hands its socket over and hears nothing of it any more', async (t) => {
      await choose();
      const { connection, heard, peer } = await plainEnds(t);
      const socket = connection.release();
      socket.destroy();
      peer.destroy();
      await once(socket, 'close');
      assert.deepEqual(heard.closed, []);
    });

    test('tells whoever has opened it of its end, once, whoever its handler is by then', async (t) => {
      await choose();
      const { connection, heard, peer } = await plainEnds(t);
      const ends: string[] = [];
      connection.onEnd = (reason) => ends.push(`${reason} ${heard.closed.length}`);
      connection.handler = { ...NOBODY, onClose: (reason) => heard.closed.push(reason) };
      connection.resume();
      peer.resetAndDestroy();
      while (heard.closed.length === 0) await new Promise(setImmediate);
      connection.destroy('done');
      assert.deepEqual([ends, heard.closed], [['reset 0'], ['reset']]);
    });

    test('tells of its end also when its socket has been handed over', async (t) => {
      await choose();
      const { connection, heard, peer } = await plainEnds(t);
      const ends: string[] = [];
      connection.onEnd = (reason) => ends.push(reason);
      const socket = connection.release();
      assert.deepEqual(ends, []);
      socket.destroy();
      peer.destroy();
      await once(socket, 'close');
      assert.deepEqual([ends, heard.closed], [['eof'], []]);
    });

    test('carries TLS the same way, and knows what was agreed on', async (t) => {
      await choose();
      const { connection, heard, peer } = await secureEnds(t);
      assert.deepEqual([connection.secure, connection.serverName, connection.alpn], [true, 'localhost', 'http/1.1']);
      connection.resume();
      peer.write('over TLS');
      await heard.until(({ text }) => text === 'over TLS');
      connection.write(Buffer.from('and back'), 0, 8);
      const [bytes] = (await once(peer, 'data')) as [Buffer];
      assert.equal(bytes.toString(), 'and back');
      connection.reset('done');
      await heard.until(({ closed }) => closed.length === 1);
      assert.deepEqual(heard.closed, ['done']);
    });

    test('ends when the TLS that carries it breaks', async (t) => {
      await choose();
      const { connection, heard, peer, carrier } = await secureEnds(t);
      connection.resume();
      peer.write('whole');
      await heard.until(({ text }) => text === 'whole');
      // A record that nobody has encrypted.
      carrier.write(Buffer.concat([Buffer.from('1703030020', 'hex'), Buffer.alloc(32)]));
      await heard.until(({ closed }) => closed.length > 0);
      assert.deepEqual([heard.closed, heard.halfClosed], [['error'], 0]);
    });
  });
}
