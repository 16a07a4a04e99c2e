// TLS that goes through as it is: to other servers and to tunnels, by the name that the client asks for, beside TLS that the gateway ends.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import net, { type AddressInfo } from 'node:net';
import tls from 'node:tls';
import { describe, test, type TestContext } from 'node:test';
import { parseProxyHeader } from '../../src/codec/proxy-protocol/proxy-header.ts';
import { ask } from '../support/ask.ts';
import { Exposed, wish } from '../support/exposed.ts';
import type { Gateway } from '../support/gateway.ts';
import { makeCertificate } from '../support/pki.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { TunnelClient } from '../support/tunnel-client.ts';
import { doorOf, SERVER, serve, TOKEN } from '../support/tunnel-visits.ts';

interface Origin {
  readonly port: number;
  readonly ca: Buffer;
}

/** Ends TLS itself and says what it was asked for. */
async function origin(t: TestContext): Promise<Origin> {
  const files = makeCertificate(temporaryFolder(t));
  const [cert, key] = [readFileSync(files.cert), readFileSync(files.key)];
  const server = tls.createServer({ cert, key }, (socket) => {
    socket.on('error', () => {});
    socket.on('data', (bytes: Buffer) => socket.end(`${String(socket.servername)} says ${bytes.toString()}`));
  });
  t.after(() => server.close());
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return { port: (server.address() as AddressInfo).port, ca: cert };
}

/** What the server behind has answered; null: the connection was cut. */
async function talk(port: number, servername: string, words = 'hello'): Promise<string | null> {
  const socket = tls.connect({ port, host: '127.0.0.1', servername, rejectUnauthorized: false });
  let heard = '';
  let failed = false;
  socket.on('data', (bytes: Buffer) => (heard += bytes.toString()));
  socket.on('error', () => (failed = true));
  socket.on('secureConnect', () => socket.write(words));
  await new Promise((resolve) => socket.once('close', resolve));
  return failed ? null : heard;
}

function gatewayWith(t: TestContext, passthrough: readonly object[], more: object = {}): Promise<Gateway> {
  const own = makeCertificate(temporaryFolder(t));
  const routes = [{ to: { respond: { status: 200, body: 'of the gateway' } } }];
  const listen = [{ address: '127.0.0.1:0', tls: own }];
  const server = { ...SERVER, tls_domain: 'tls.test' };
  return serve(t, { tunnels: { server }, gateway: { listen, routes, passthrough, ...more } });
}

const portOf = (gateway: Gateway): number => Number(new URL(gateway.url).port);

describe('TLS for a name that is passed through', () => {
  test('is ended by the server behind, and all other names by the gateway', async (t) => {
    const { port } = await origin(t);
    const gateway = await gatewayWith(t, [{ host: ['db.test', '*.below.test'], to: `127.0.0.1:${port}` }]);
    assert.equal(await talk(portOf(gateway), 'db.test'), 'db.test says hello');
    assert.equal(
      await talk(portOf(gateway), 'x.below.test', 'x'.repeat(5_000)),
      `x.below.test says ${'x'.repeat(5_000)}`,
    );
    const request = 'GET / HTTP/1.1\r\nHost: other.test\r\nConnection: close\r\n\r\n';
    assert.match((await talk(portOf(gateway), 'other.test', request)) ?? '', /of the gateway$/);
    assert.equal(gateway.metric('sluice_passthrough_connections_total', { result: 'passed' }), 2);
  });

  test('works on an address without a certificate, too, beside requests in the clear', async (t) => {
    const { port } = await origin(t);
    const gateway = await gatewayWith(t, [{ host: 'db.test', to: `127.0.0.1:${port}` }], { listen: '127.0.0.1:0' });
    assert.equal(await talk(portOf(gateway), 'db.test'), 'db.test says hello');
    assert.equal((await ask(`${gateway.url}/`)).body, 'of the gateway');
    assert.equal(await talk(portOf(gateway), 'unknown.test'), null);
  });

  test('is cut where the visitor may not come, or nobody listens', async (t) => {
    const gateway = await gatewayWith(t, [
      { host: 'closed.test', to: '127.0.0.1:1' },
      { host: 'private.test', to: '127.0.0.1:1', allow: '192.0.2.0/24' },
    ]);
    assert.equal(await talk(portOf(gateway), 'closed.test'), null);
    assert.equal(await talk(portOf(gateway), 'private.test'), null);
    for (const result of ['unreachable', 'not_allowed'])
      assert.equal(gateway.metric('sluice_passthrough_connections_total', { result }), 1, result);
  });

  test('begins with who the visitor is, where the server behind wants to know', async (t) => {
    const seen = Promise.withResolvers<Buffer>();
    const behind = net.createServer((socket) => {
      socket.on('error', () => {});
      socket.once('data', (bytes: Buffer) => {
        seen.resolve(bytes);
        socket.destroy();
      });
    });
    await once(behind.listen(0, '127.0.0.1'), 'listening');
    t.after(() => behind.close());
    const to = `127.0.0.1:${(behind.address() as AddressInfo).port}`;
    const gateway = await gatewayWith(t, [{ host: 'db.test', to, proxy_protocol: 'v2' }]);
    void talk(portOf(gateway), 'db.test');
    const head = parseProxyHeader(await seen.promise);
    assert.ok(head !== undefined && 'ends' in head);
    assert.deepEqual([head.ends?.sourceAddress, head.ends?.destinationPort], ['127.0.0.1', portOf(gateway)]);
  });
});

describe('a tunnel of TLS', () => {
  async function open(t: TestContext, gateway: Gateway, fields: object = {}): Promise<TunnelClient> {
    const client = await TunnelClient.open(t, doorOf(gateway), { token: TOKEN, names: [] });
    client.say('TunnelCreate', { protocol: 'tls', subdomain: 'app', ...fields });
    return client;
  }

  test('leads to a local server that ends TLS itself, and is none for requests', async (t) => {
    const { port } = await origin(t);
    const gateway = await gatewayWith(t, [{ host: 'own.test', to: { tunnel: 'app' } }]);
    const client = await open(t, gateway, { proxy_protocol: 'v1' });
    assert.equal((await client.next())['url'], 'tls://app.tls.test:443');
    for (const name of ['app.tls.test', 'own.test']) {
      const answer = talk(portOf(gateway), name);
      const { stream_id: id, mode } = await client.nextOf('StreamOpen');
      assert.equal(mode, 'tcp');
      const first = (await client.next())['data'] as Buffer;
      const line = first.indexOf('\n') + 1;
      assert.match(first.toString('latin1', 0, line), /^PROXY TCP4 127\.0\.0\.1 127\.0\.0\.1 \d+ \d+\r\n$/);
      await carry(t, client, { id: id as number, port, first: first.subarray(line) });
      assert.equal(await answer, `${name} says hello`);
    }
    const request = 'GET / HTTP/1.1\r\nHost: app.example.test\r\nConnection: close\r\n\r\n';
    assert.match((await talk(portOf(gateway), 'app.example.test', request)) ?? '', /"code":"tunnel_failed"/);
  });

  test('is opened by our client, which passes on what it cannot read', async (t) => {
    const { port } = await origin(t);
    const gateway = await gatewayWith(t, []);
    const tunnels = [wish(port, { protocol: 'tls' })];
    const exposed = new Exposed(t, { server: doorOf(gateway), token: TOKEN, tunnels });
    await exposed.until(() => exposed.opened !== null);
    assert.equal(exposed.opened?.[0]?.url, 'tls://app.tls.test:443');
    const long = 'x'.repeat(5_000);
    assert.equal(await talk(portOf(gateway), 'app.tls.test', long), `app.tls.test says ${long}`);
    exposed.client.close();
  });

  test('is cut where there is none of that name, and refused where the server has none', async (t) => {
    const gateway = await gatewayWith(t, []);
    assert.equal(await talk(portOf(gateway), 'nobody.tls.test'), null);
    const plain = await serve(t);
    assert.equal((await (await open(t, plain)).next())['code'], 'UNSUPPORTED_PROTOCOL');
  });
});

interface Carried {
  readonly id: number;
  readonly port: number;
  readonly first: Buffer;
}

/** As the client of a tunnel does it, until the local server has said its last. */
async function carry(t: TestContext, client: TunnelClient, { id, port, first }: Carried): Promise<void> {
  const local = net.connect(port, '127.0.0.1');
  t.after(() => local.destroy());
  local.write(first);
  const pass = (): void => {
    for (const heard of client.heard.splice(0))
      if (heard['Type'] === 'StreamData') local.write(heard['data'] as Buffer);
  };
  client.socket.on('message', pass);
  local.on('data', (data: Buffer) => client.say('StreamData', { stream_id: id, data }));
  await once(local, 'end');
  client.socket.off('message', pass);
  client.say('StreamClose', { stream_id: id });
}
