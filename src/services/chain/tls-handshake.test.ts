import assert from 'node:assert/strict';
import { before, describe, test, type TestContext } from 'node:test';
import { connect, endpointAt, exchange, OK, proxyTls, until } from '../../../test/support/chain-rig.ts';
import { fakeProxy, type Script } from '../../../test/support/fake-proxy.ts';
import type { Connection } from '../../transport/connection.ts';
import { proveRawIo } from '../../transport/raw-io.ts';
import { TlsClient } from '../../transport/tls-client.ts';
import { secure } from './tls-handshake.ts';

before(() => proveRawIo());

const PEER = { host: '127.0.0.1', port: 443 };

/** A connection straight to a server that speaks TLS. */
async function connected(t: TestContext, script: Script): Promise<{ connection: Connection; client: TlsClient }> {
  const { certificate, client } = proxyTls(t);
  const server = await fakeProxy(t, script, certificate);
  const { connection } = await connect([], { host: '127.0.0.1', port: server.port });
  return { connection, client: client() };
}

function secured(connection: Connection, client: TlsClient): Promise<Connection> {
  return new Promise((resolve, reject) => {
    secure(connection, client, PEER, { onSecure: resolve, onFailed: (detail) => reject(new Error(detail)) });
  });
}

describe('TLS inside a connection', () => {
  test('gives another connection, which is secure and paused', async (t) => {
    const { connection, client } = await connected(t, () => ({ say: 'hello', next: 'echo' }));
    const inner = await secured(connection, client);
    assert.deepEqual([inner.secure, inner.isPaused, inner.alpn], [true, true, '']);
    assert.equal(await exchange({ connection: inner, leftover: Buffer.alloc(0) }, 'x', 5), 'hello');
  });

  test('fails with the reason when the certificate is not to be trusted', async (t) => {
    const { connection } = await connected(t, () => null);
    await assert.rejects(secured(connection, new TlsClient()), /self-signed|unable|certificate/);
  });

  test('fails when the other side speaks no TLS, or goes away', async (t) => {
    for (const reply of [{ say: OK }, { say: '', next: 'end' }, { say: '', next: 'reset' }] as const) {
      const server = await fakeProxy(t, () => reply);
      const { connection } = await connect([endpointAt(server.port)], null);
      await assert.rejects(secured(connection, new TlsClient()));
    }
  });

  test('can be given up, which ends the connection', async (t) => {
    const server = await fakeProxy(t, () => null);
    const { connection } = await connect([endpointAt(server.port)], null);
    const events = { onSecure: () => assert.fail(), onFailed: () => assert.fail() };
    const handshake = secure(connection, new TlsClient(), PEER, events);
    await until(() => (server.heard[0] ?? '') !== '');
    handshake.cancel();
    await until(() => server.sockets[0]?.destroyed === true);
  });
});
