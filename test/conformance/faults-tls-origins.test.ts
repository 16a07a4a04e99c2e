// Origins that are reached through TLS and misbehave below it. Rule: a connection whose TLS breaks is an end like any other: the
// client gets an error or an answer that is visibly cut, and nothing is left of the connection.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import net from 'node:net';
import { describe, test, type TestContext } from 'node:test';
import tls from 'node:tls';
import { outcomes } from '../support/engine-rig.ts';
import { Gateway } from '../support/gateway.ts';
import { requirePeer } from '../support/peer.ts';
import { makeCertificate } from '../support/pki.ts';
import { RawClient } from '../support/raw-client.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const HALF = 'HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf';

interface TlsOrigin {
  readonly gateway: Gateway;
  readonly carriers: readonly net.Socket[];
}

/** Says something when it is asked, and then does something to the socket below. */
async function gatewayToTls(
  t: TestContext,
  says: string,
  then: (carrier: net.Socket) => void,
): Promise<TlsOrigin | undefined> {
  if (requirePeer(t, 'openssl') === undefined) return undefined;
  const files = makeCertificate(temporaryFolder(t));
  const context = tls.createSecureContext({ cert: readFileSync(files.cert), key: readFileSync(files.key) });
  const carriers: net.Socket[] = [];
  const server = net.createServer((carrier) => {
    carriers.push(carrier);
    carrier.on('error', () => {});
    const socket = new tls.TLSSocket(carrier, { isServer: true, secureContext: context });
    socket.on('error', () => {});
    socket.once('data', () => {
      if (says === '') then(carrier);
      else socket.write(says, () => then(carrier));
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    for (const carrier of carriers) carrier.destroy();
    server.close();
  });
  const backend = `https://localhost:${(server.address() as net.AddressInfo).port}`;
  const routes = [{ match: {}, to: { backends: [backend], tls: { ca: files.cert } } }];
  const gateway = await Gateway.open(t, { gateway: { routes }, timeouts: { read: '2s' } });
  return { gateway, carriers };
}

const breaking = (carrier: net.Socket): void => {
  carrier.write(Buffer.concat([Buffer.from('1703030020', 'hex'), Buffer.alloc(32)]));
};
const resetting = (carrier: net.Socket): void => void carrier.resetAndDestroy();
const closing = (carrier: net.Socket): void => void carrier.destroy();

type Fault = readonly [what: string, says: string, then: (carrier: net.Socket) => void, outcome: RegExp];

const FAULTS: readonly Fault[] = [
  ['breaks its TLS before it answers', '', breaking, /^502 upstream_(?:reset|incomplete)$/],
  ['breaks its TLS in the middle of its answer', HALF, breaking, /^200 upstream_incomplete$/],
  ['resets before it answers', '', resetting, /^502 upstream_reset$/],
  ['closes before it answers', '', closing, /^502 upstream_reset$/],
  ['closes in the middle of its answer', HALF, closing, /^200 upstream_incomplete$/],
];

describe('an origin behind TLS', () => {
  for (const [what, says, then, outcome] of FAULTS) {
    test(`that ${what} is known to have done so`, async (t) => {
      const rig = await gatewayToTls(t, says, then);
      if (rig === undefined) return;
      const { gateway, carriers } = rig;
      const client = await RawClient.ask(t, gateway.port, 'GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');
      assert.match((await outcomes(gateway, 1))[0] ?? '', outcome);
      assert.equal(client.answers()[0]?.isWhole === true, !outcome.source.includes('200'));
      assert.equal(carriers.length, 1);
      await gateway.until(
        () => gateway.metric('sluice_upstream_connections_open') === 0,
        'that the connection of the origin is let go',
      );
    });
  }

  test('that breaks its TLS while it is idle is not asked on that connection again', async (t) => {
    const rig = await gatewayToTls(t, 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok', () => {});
    if (rig === undefined) return;
    const { gateway, carriers } = rig;
    const client = await RawClient.connect(t, gateway.port);
    client.send('GET /one HTTP/1.1\r\nHost: a\r\n\r\n');
    await client.untilText('ok');
    breaking(carriers[0]!);
    await gateway.until(
      () => gateway.metric('sluice_upstream_connections_open') === 0,
      'that the connection of the origin is let go',
    );
    client.send('GET /two HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');
    await client.closed();
    assert.deepEqual(await outcomes(gateway, 2), ['200', '200']);
    assert.equal(carriers.length, 2);
  });
});
