import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test, type TestContext } from 'node:test';
import tls from 'node:tls';
import { CertificateAuthority } from '../../test/support/certificate-authority.ts';
import { origin } from '../../test/support/playbook.ts';
import type { Origin, OriginTls } from '../contract/target.ts';
import type { SluiceError } from '../core/errors.ts';
import type { Connection } from '../transport/connection.ts';
import { DnsCache } from '../transport/dns-cache.ts';
import { originDialler } from './origin-dialler.ts';

type Outcome = { readonly connection: Connection } | { readonly error: SluiceError };

const VERIFIED: OriginTls = { serverName: null, ca: null, certificate: null, verify: true };

function dial(to: Origin, proxyHeader: Buffer | null = null): Promise<Outcome> {
  return new Promise((resolve) => {
    const events = {
      connected: (connection: Connection) => resolve({ connection }),
      failed: (error: SluiceError) => resolve({ error }),
    };
    originDialler(5000, new DnsCache())(to, events, proxyHeader);
  });
}

function connectionOf(t: TestContext, outcome: Outcome): Connection {
  assert.ok('connection' in outcome, 'error' in outcome ? outcome.error.message : '');
  t.after(() => outcome.connection.destroy('done'));
  return outcome.connection;
}

async function listening(
  t: TestContext,
  server: net.Server,
  where: net.ListenOptions = { port: 0, host: '127.0.0.1' },
): Promise<number> {
  server.listen(where);
  await once(server, 'listening');
  t.after(() => server.close());
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

function at(port: number, changes: Partial<Origin> = {}): Origin {
  return origin({ name: 'the origin', host: '127.0.0.1', port, ...changes });
}

describe('originDialler', () => {
  test('connects to an address, and the connection waits to be read', async (t) => {
    const port = await listening(
      t,
      net.createServer((socket) => socket.on('error', () => {}).end('hello')),
    );
    const connection = connectionOf(t, await dial(at(port)));
    assert.deepEqual([connection.remotePort, connection.secure, connection.isPaused], [port, false, true]);
  });

  test('sends what it is given before anything else', async (t) => {
    const { promise, resolve } = Promise.withResolvers<string>();
    const port = await listening(
      t,
      net.createServer((socket) => socket.once('data', (bytes) => resolve(String(bytes)))),
    );
    connectionOf(t, await dial(at(port), Buffer.from('PROXY UNKNOWN\r\n')));
    assert.equal(await promise, 'PROXY UNKNOWN\r\n');
  });

  test('connects to a unix socket', async (t) => {
    const dir = mkdtempSync(join(tmpdir(), 'sluice-'));
    t.after(() => rmSync(dir, { recursive: true }));
    const path = join(dir, 'origin.sock');
    await listening(t, net.createServer(), { path });
    connectionOf(t, await dial(at(0, { path })));
  });

  test('says why it could not connect', async (t) => {
    const server = net.createServer();
    const port = await listening(t, server);
    server.close();
    await once(server, 'close');
    const outcome = await dial(at(port));
    assert.equal('error' in outcome && outcome.error.code, 'upstream_unreachable');
  });
});

describe('originDialler with TLS', () => {
  interface Secured {
    readonly port: number;
    readonly ca: { readonly name: string; readonly pem: string };
  }

  async function secured(t: TestContext): Promise<Secured> {
    const dir = mkdtempSync(join(tmpdir(), 'sluice-'));
    t.after(() => rmSync(dir, { recursive: true }));
    const authority = new CertificateAuthority(dir);
    const { cert, key } = authority.issue('server', 'DNS:inner.test', 'IP:127.0.0.1');
    const server = tls.createServer({ cert, key, ALPNProtocols: ['h2', 'http/1.1'] }, (socket) =>
      socket.on('error', () => {}),
    );
    server.on('tlsClientError', () => {});
    return { port: await listening(t, server), ca: { name: 'ca.pem', pem: authority.certificate.cert } };
  }

  test('verifies the server, and agrees on the protocol that the origin speaks', async (t) => {
    const { port, ca } = await secured(t);
    const one = connectionOf(t, await dial(at(port, { tls: { ...VERIFIED, ca, serverName: 'inner.test' } })));
    assert.deepEqual([one.secure, one.alpn], [true, 'http/1.1']);
    const two = connectionOf(t, await dial(at(port, { tls: { ...VERIFIED, ca }, protocol: 'http2' })));
    assert.equal(two.alpn, 'h2');
  });

  test('refuses a server that nobody vouches for, or that has another name', async (t) => {
    const { port, ca } = await secured(t);
    for (const settings of [VERIFIED, { ...VERIFIED, ca, serverName: 'other.test' }]) {
      const outcome = await dial(at(port, { tls: settings }));
      assert.equal('error' in outcome && outcome.error.code, 'upstream_tls_failed');
    }
  });

  test('takes any server when it is told not to look', async (t) => {
    const { port } = await secured(t);
    connectionOf(t, await dial(at(port, { tls: { ...VERIFIED, verify: false } })));
  });
});
