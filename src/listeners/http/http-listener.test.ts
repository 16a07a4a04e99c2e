import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test, type TestContext } from 'node:test';
import tls from 'node:tls';
import { CertificateAuthority } from '../../../test/support/certificate-authority.ts';
import { parseIpRange } from '../../core/ip.ts';
import type { ListenAddress } from '../../transport/accept.ts';
import type { ServerTlsOptions } from '../../transport/tls-context.ts';
import { HttpListener, type HttpListenerOptions, type HttpSettings } from './http-listener.ts';

type Event = readonly [what: string, ...details: unknown[]];

/** What has happened at a door, one event after the other. */
class Events {
  private readonly seen: Event[] = [];
  private wake: (() => void) | null = null;

  add(...event: Event): void {
    this.seen.push(event);
    this.wake?.();
  }

  async next(): Promise<Event> {
    while (this.seen.length === 0) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.wake = resolve;
      await promise;
    }
    return this.seen.shift()!;
  }
}

const PLAIN: HttpSettings = { tls: null, http2: true, proxyPeers: [], proxyTimeoutMs: 1000 };

async function open(
  t: TestContext,
  settings: Partial<HttpSettings> = {},
  options: Partial<HttpListenerOptions> = {},
): Promise<{ listener: HttpListener; events: Events; port: number }> {
  const events = new Events();
  const keep =
    (what: string) =>
    (socket: net.Socket, first: Buffer | null = null) => {
      t.after(() => socket.destroy());
      socket.on('error', () => {});
      events.add(what, first === null ? '' : String(first));
    };
  const listener = new HttpListener({
    address: { host: '127.0.0.1', port: 0 },
    maxConnections: 100,
    reusePort: false,
    settings: { ...PLAIN, ...settings },
    serving: {
      serveHttp1: keep('http1'),
      serveHttp2: keep('http2'),
      refused: () => events.add('refused'),
      handshakeEnded: (failure) => events.add('handshake', failure),
    },
    ...options,
  });
  await listener.start();
  t.after(() => listener.stop());
  return { listener, events, port: listener.url.startsWith('unix:') ? 0 : Number(new URL(listener.url).port) };
}

async function connect(t: TestContext, where: { port: number; host: string } | { path: string }): Promise<net.Socket> {
  const socket = net.connect(where);
  t.after(() => socket.destroy());
  await once(socket, 'connect');
  return socket;
}

const local = (port: number): { port: number; host: string } => ({ port, host: '127.0.0.1' });

function folder(t: TestContext): string {
  const dir = mkdtempSync(join(tmpdir(), 'sluice-'));
  t.after(() => rmSync(dir, { recursive: true }));
  return dir;
}

describe('HttpListener in the clear', () => {
  test('says where it is, with the port that was bound', async (t) => {
    const { listener, port } = await open(t);
    assert.ok(port > 0);
    assert.equal(listener.url, `http://127.0.0.1:${port}`);
  });

  test('hands what it accepts to the one who serves HTTP/1.1', async (t) => {
    const { events, port, listener } = await open(t);
    await connect(t, local(port));
    assert.deepEqual(await events.next(), ['http1', '']);
    assert.equal(listener.connections, 1);
  });

  test('listens on a unix socket', async (t) => {
    const address: ListenAddress = { path: join(folder(t), 'door.sock') };
    const { listener, events } = await open(t, {}, { address });
    assert.equal(listener.url, `unix:${address.path}`);
    await connect(t, { path: address.path! });
    assert.deepEqual(await events.next(), ['http1', '']);
  });

  test('turns away what is too much', async (t) => {
    const { events, port } = await open(t, {}, { maxConnections: 1 });
    await connect(t, local(port));
    assert.deepEqual(await events.next(), ['http1', '']);
    const second = await connect(t, local(port));
    assert.deepEqual(await events.next(), ['refused']);
    second.on('error', () => {}).resume();
    await once(second, 'close');
  });

  test('accepts nothing once it has stopped, and leaves open what is', async (t) => {
    const { listener, events, port } = await open(t);
    const socket = await connect(t, local(port));
    assert.deepEqual(await events.next(), ['http1', '']);
    listener.stop();
    listener.stop();
    const late = net.connect(local(port));
    await assert.rejects(once(late, 'connect'), { code: 'ECONNREFUSED' });
    assert.equal(socket.destroyed, false);
  });

  test('rejects with the system’s own error when the address is taken', async (t) => {
    const { port } = await open(t);
    await assert.rejects(open(t, {}, { address: local(port) }), { code: 'EADDRINUSE' });
  });
});

describe('HttpListener behind a proxy that says who its clients are', () => {
  const proxyPeers = [parseIpRange('127.0.0.0/8')!];

  test('hands on what followed the head', async (t) => {
    const { events, port } = await open(t, { proxyPeers });
    const socket = await connect(t, local(port));
    socket.write('PROXY TCP4 203.0.113.9 203.0.113.1 5000 80\r\nGET /');
    assert.deepEqual(await events.next(), ['http1', 'GET /']);
  });

  test('refuses a connection that does not begin with one', async (t) => {
    const { events, port } = await open(t, { proxyPeers });
    const socket = await connect(t, local(port));
    socket.on('error', () => {});
    socket.write('GET / HTTP/1.1\r\n\r\n');
    assert.deepEqual(await events.next(), ['refused']);
  });
});

describe('HttpListener with TLS', () => {
  interface Secured {
    readonly options: ServerTlsOptions;
    readonly ca: string;
  }

  function certificate(t: TestContext, name: string): Secured {
    const authority = new CertificateAuthority(folder(t));
    const { cert, key, certFile, keyFile } = authority.issue('server', `DNS:${name}`);
    const files = { cert: { name: certFile, pem: cert }, key: { name: keyFile, pem: key } };
    return { options: { certificates: [files], minVersion: 'TLSv1.2' }, ca: authority.certificate.cert };
  }

  async function shake(t: TestContext, port: number, options: tls.ConnectionOptions): Promise<tls.TLSSocket> {
    const socket = tls.connect({ ...local(port), servername: 'a.test', ...options });
    t.after(() => socket.destroy());
    await once(socket, 'secureConnect');
    return socket;
  }

  test('serves what the client speaks, by ALPN', async (t) => {
    const { options, ca } = certificate(t, 'a.test');
    const { listener, events, port } = await open(t, { tls: options });
    assert.equal(listener.url, `https://127.0.0.1:${port}`);
    await shake(t, port, { ca, ALPNProtocols: ['h2', 'http/1.1'] });
    assert.deepEqual(
      [await events.next(), await events.next()],
      [
        ['handshake', null],
        ['http2', ''],
      ],
    );
    await shake(t, port, { ca, ALPNProtocols: ['http/1.1'] });
    assert.deepEqual(
      [await events.next(), await events.next()],
      [
        ['handshake', null],
        ['http1', ''],
      ],
    );
    await shake(t, port, { ca });
    assert.deepEqual(
      [await events.next(), await events.next()],
      [
        ['handshake', null],
        ['http1', ''],
      ],
    );
  });

  test('does not offer HTTP/2 where it is off', async (t) => {
    const { options, ca } = certificate(t, 'a.test');
    const { events, port } = await open(t, { tls: options, http2: false });
    const socket = await shake(t, port, { ca, ALPNProtocols: ['h2', 'http/1.1'] });
    assert.equal(socket.alpnProtocol, 'http/1.1');
    assert.deepEqual(
      [await events.next(), await events.next()],
      [
        ['handshake', null],
        ['http1', ''],
      ],
    );
  });

  test('counts a handshake that fails, and goes on', async (t) => {
    const { options, ca } = certificate(t, 'a.test');
    const { events, port } = await open(t, { tls: options });
    const socket = await connect(t, local(port));
    socket.on('error', () => {});
    socket.write('GET / HTTP/1.1\r\n\r\n');
    assert.deepEqual(await events.next(), ['handshake', 'plain_http']);
    await shake(t, port, { ca });
    assert.deepEqual(await events.next(), ['handshake', null]);
  });

  test('presents a renewed certificate from the next handshake on', async (t) => {
    const [old, renewed] = [certificate(t, 'a.test'), certificate(t, 'a.test')];
    const { listener, port } = await open(t, { tls: old.options });
    const first = await shake(t, port, { ca: old.ca });
    listener.configure({ ...PLAIN, tls: renewed.options });
    await shake(t, port, { ca: renewed.ca });
    assert.equal(first.destroyed, false);
  });

  test('may be turned on and off for connections that come later', async (t) => {
    const { options, ca } = certificate(t, 'a.test');
    const { listener, events, port } = await open(t);
    listener.configure({ ...PLAIN, tls: options });
    assert.match(listener.url, /^https:/);
    await shake(t, port, { ca });
    assert.deepEqual(
      [await events.next(), await events.next()],
      [
        ['handshake', null],
        ['http1', ''],
      ],
    );
    listener.configure(PLAIN);
    await connect(t, local(port));
    assert.deepEqual(await events.next(), ['http1', '']);
  });
});
