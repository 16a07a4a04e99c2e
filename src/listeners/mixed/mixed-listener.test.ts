import assert from 'node:assert/strict';
import { once } from 'node:events';
import net from 'node:net';
import { join } from 'node:path';
import { describe, test, type TestContext } from 'node:test';
import tls from 'node:tls';
import { CertificateAuthority } from '../../../test/support/certificate-authority.ts';
import { RawClient } from '../../../test/support/raw-client.ts';
import { temporaryFolder } from '../../../test/support/temporary-folder.ts';
import type { Connection } from '../../transport/connection.ts';
import { wheel } from '../../transport/timers.ts';
import type { ServerTlsOptions } from '../../transport/tls-context.ts';
import { MixedListener, type MixedListenerOptions, type MixedSettings } from './mixed-listener.ts';

const A_TEST = `\x05\x01\x00\x03\x06a.test\x01\xbb`;
const PLAIN: MixedSettings = { tls: null, requiresLogin: false, timeoutMs: 60_000 };

/** A door, and a line for each thing that has happened at it. */
class Door {
  readonly listener: MixedListener;
  readonly events: string[] = [];
  private readonly served: Connection[] = [];
  private wake: () => void = () => {};

  private constructor(settings: Partial<MixedSettings>, options: Partial<MixedListenerOptions>) {
    const keep = (connection: Connection, event: string): void => {
      this.served.push(connection);
      this.add(`${connection.secure ? 'secure ' : ''}${event}`);
    };
    this.listener = new MixedListener({
      address: { host: '127.0.0.1', port: 0 },
      maxConnections: 100,
      reusePort: false,
      settings: { ...PLAIN, ...settings },
      serving: {
        serveHttp: (connection, bytes, from, to) => keep(connection, `http ${bytes.toString('latin1', from, to)}`),
        serveTunnel: (connection, { host, port }, first) =>
          keep(connection, `tunnel ${host}:${port} ${first.toString()}`.trimEnd()),
        refused: () => this.add('refused'),
        handshakeEnded: (failure) => this.add(failure === null ? 'handshake' : `handshake ${failure}`),
      },
      ...options,
    });
  }

  static async open(
    t: TestContext,
    settings: Partial<MixedSettings> = {},
    options: Partial<MixedListenerOptions> = {},
  ): Promise<Door> {
    const door = new Door(settings, options);
    await door.listener.start();
    t.after(() => door.close());
    return door;
  }

  /** Nothing is left of it when this resolves. */
  private async close(): Promise<void> {
    this.listener.stop();
    for (const connection of this.served) connection.destroy('done');
    while (this.listener.connections > 0 || wheel.held > 0) await new Promise(setImmediate);
  }

  get port(): number {
    return Number(new URL(this.listener.url).port);
  }

  /** The next things that happen. */
  async next(count: number): Promise<string[]> {
    while (this.events.length < count) await new Promise<void>((resolve) => (this.wake = resolve));
    return this.events.splice(0, count);
  }

  private add(event: string): void {
    this.events.push(event);
    this.wake();
  }
}

function certificates(t: TestContext): ServerTlsOptions {
  const { certFile, keyFile, cert, key } = new CertificateAuthority(temporaryFolder(t)).issue('door', 'IP:127.0.0.1');
  return {
    certificates: [{ cert: { name: certFile, pem: cert }, key: { name: keyFile, pem: key } }],
    minVersion: 'TLSv1.2',
    ticketKeys: Buffer.alloc(48, 7),
  };
}

describe('a door for all kinds of proxy clients', () => {
  test('tells HTTP and both versions of SOCKS by their first byte, and loses none', async (t) => {
    const door = await Door.open(t);
    for (const [sent, event] of [
      ['CONNECT a.test:443 HTTP/1.1\r\n', 'http CONNECT a.test:443 HTTP/1.1\r\n'],
      ['G', 'http G'],
      [`\x05\x01\x00${A_TEST}early`, 'tunnel a.test:443 early'],
      ['\x04\x01\x01\xbb\x0a\x00\x00\x01jo\x00', 'tunnel 10.0.0.1:443'],
    ] as const) {
      (await RawClient.connect(t, door.port)).send(sent);
      assert.deepEqual(await door.next(1), [event]);
    }
  });

  test('goes on with SOCKS over as many portions as it takes', async (t) => {
    const door = await Door.open(t);
    const client = await RawClient.connect(t, door.port);
    client.send('\x05\x01\x00');
    await client.untilText('\x05\x00');
    client.send(A_TEST.slice(0, 7));
    client.send(A_TEST.slice(7));
    assert.deepEqual(await door.next(1), ['tunnel a.test:443']);
  });

  test('serves the same inside TLS, and clients without TLS all the same', async (t) => {
    const door = await Door.open(t, { tls: certificates(t) });
    for (const [sent, event] of [
      ['GET http://a.test/ HTTP/1.1\r\n', 'http GET http://a.test/ HTTP/1.1\r\n'],
      [`\x05\x01\x00${A_TEST}`, 'tunnel a.test:443'],
    ] as const) {
      (await RawClient.connectTls(t, door.port)).send(sent);
      assert.deepEqual(await door.next(2), ['handshake', `secure ${event}`]);
      (await RawClient.connect(t, door.port)).send(sent);
      assert.deepEqual(await door.next(1), [event]);
    }
  });

  test('does not take TLS inside of TLS for a second handshake', async (t) => {
    const door = await Door.open(t, { tls: certificates(t) });
    (await RawClient.connectTls(t, door.port)).send('\x16\x03\x01');
    assert.deepEqual(await door.next(2), ['handshake', 'secure http \x16\x03\x01']);
  });

  test('counts handshakes that fail, and keeps nothing of them', async (t) => {
    const door = await Door.open(t, { tls: certificates(t) });
    const client = await RawClient.ask(t, door.port, '\x16\x03\x01\x00\x05hello');
    assert.equal(client.ending, 'end');
    assert.match((await door.next(1)).join(), /^handshake (?:not_tls|other)$/);
  });

  test('without a certificate leaves TLS to whoever reads HTTP, who will say what is wrong', async (t) => {
    const door = await Door.open(t);
    (await RawClient.connect(t, door.port)).send('\x16\x03\x01');
    assert.deepEqual(await door.next(1), ['http \x16\x03\x01']);
  });

  test('turns away whoever is one too many', async (t) => {
    const door = await Door.open(t, {}, { maxConnections: 1 });
    await RawClient.connect(t, door.port);
    await (await RawClient.connect(t, door.port)).closed();
    assert.deepEqual(await door.next(1), ['refused']);
  });

  test('may be a unix socket', { skip: process.platform === 'win32' && 'Windows has none' }, async (t) => {
    const path = join(temporaryFolder(t), 'proxy.sock');
    const door = await Door.open(t, {}, { address: { path } });
    assert.equal(door.listener.url, `unix:${path}`);
    const client = net.connect(path);
    t.after(() => client.destroy());
    client.write('GET ');
    assert.deepEqual(await door.next(1), ['http GET ']);
  });
});

describe('a client of a mixed door that says nothing', () => {
  test('is let go after a while, as is one that stops in its handshake', async (t) => {
    const door = await Door.open(t, { timeoutMs: 50 });
    const clients = await Promise.all([RawClient.connect(t, door.port), RawClient.connect(t, door.port)]);
    clients[1].send('\x05');
    await Promise.all(clients.map((client) => client.closed()));
    assert.deepEqual(door.events, []);
  });

  test('may end again', async (t) => {
    const door = await Door.open(t);
    const client = await RawClient.connect(t, door.port);
    client.socket.end();
    await client.closed();
    assert.deepEqual(door.events, []);
  });

  test('is let go a moment after the door closes, also in its handshake; whoever is served stays', async (t) => {
    const door = await Door.open(t);
    const [served, silent, undecided] = await Promise.all(
      Array.from({ length: 3 }, () => RawClient.connect(t, door.port)),
    );
    served?.send('GET ');
    undecided?.send('\x05\x01\x00');
    await undecided?.untilText('\x05\x00');
    await door.next(1);
    door.listener.stop();
    await silent?.closed();
    await undecided?.closed();
    assert.equal(served?.ending, 'open');
  });
});

describe('a mixed door that is configured anew', () => {
  test('asks for a login from then on', async (t) => {
    const door = await Door.open(t);
    door.listener.configure({ ...PLAIN, requiresLogin: true });
    const client = await RawClient.connect(t, door.port);
    client.send('\x05\x01\x00');
    await client.untilText('\x05\xff');
  });

  test('speaks TLS from then on, with the certificate that it has then, and no longer when it has none', async (t) => {
    const door = await Door.open(t);
    const settings = { ...PLAIN, tls: certificates(t) };
    door.listener.configure(settings);
    (await RawClient.connectTls(t, door.port)).send('GET ');
    assert.deepEqual(await door.next(2), ['handshake', 'secure http GET ']);
    const other = certificates(t);
    door.listener.configure({ ...settings, tls: other });
    const client = tls.connect({ port: door.port, host: '127.0.0.1', rejectUnauthorized: false });
    t.after(() => client.destroy());
    await once(client, 'secureConnect');
    assert.equal(client.getPeerX509Certificate()?.toString().trim(), other.certificates[0]?.cert.pem.trim());
    assert.deepEqual(await door.next(1), ['handshake']);
    client.destroy();
    door.listener.configure(PLAIN);
    (await RawClient.connect(t, door.port)).send('\x16');
    assert.deepEqual(await door.next(1), ['http \x16']);
  });

  test('gives those who came before the TLS that they came for', async (t) => {
    const door = await Door.open(t, { tls: certificates(t) });
    const carrier = net.connect({ port: door.port, host: '127.0.0.1' });
    t.after(() => carrier.destroy());
    await once(carrier, 'connect');
    while (door.listener.connections === 0) await new Promise(setImmediate);
    door.listener.configure(PLAIN);
    const client = tls.connect({ socket: carrier, rejectUnauthorized: false });
    await once(client, 'secureConnect');
    client.write('GET ');
    assert.deepEqual(await door.next(2), ['handshake', 'secure http GET ']);
  });
});
