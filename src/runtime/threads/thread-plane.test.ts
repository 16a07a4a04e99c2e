import assert from 'node:assert/strict';
import { once } from 'node:events';
import net from 'node:net';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, test, type TestContext } from 'node:test';
import tls from 'node:tls';
import { ask } from '../../../test/support/ask.ts';
import { CertificateAuthority } from '../../../test/support/certificate-authority.ts';
import { configOf, Gateway, type GatewaySettings } from '../../../test/support/gateway.ts';
import { http1Origin } from '../../../test/support/origins.ts';
import { RawClient } from '../../../test/support/raw-client.ts';
import { temporaryFolder } from '../../../test/support/temporary-folder.ts';
import { portKey } from './worker-messages.ts';

const PAGE = 'GET /page HTTP/1.1\r\nHost: a\r\n\r\n';

function answering(body: string, gateway: object = {}): GatewaySettings {
  return { gateway: { ...gateway, routes: [{ match: { path: '/page' }, to: { respond: { body } } }] } };
}

async function pageOf(address: string): Promise<string> {
  return (await ask(`${address}/page`)).body;
}

/** A backend whose only answer the test lets go. */
async function heldBackend(t: TestContext): Promise<{ url: string; asked: Promise<() => void> }> {
  const asked = Promise.withResolvers<() => void>();
  const url = await http1Origin(t, (_request, response) => asked.resolve(() => response.end('done')));
  return { url, asked: asked.promise };
}

/** Ports that were free a moment ago, as addresses. */
async function freeAddresses(count: number): Promise<string[]> {
  const servers = Array.from({ length: count }, () => net.createServer().listen(0, '127.0.0.1'));
  await Promise.all(servers.map((server) => once(server, 'listening')));
  const addresses = servers.map((server) => `127.0.0.1:${(server.address() as net.AddressInfo).port}`);
  await Promise.all(servers.map((server) => once(server.close(), 'close')));
  return addresses;
}

/** The name in the certificate that a door shows. */
async function certificateOf(t: TestContext, port: number): Promise<string> {
  const socket = tls.connect({ port, host: '127.0.0.1', rejectUnauthorized: false });
  t.after(() => socket.destroy());
  await once(socket, 'secureConnect');
  return String(socket.getPeerCertificate().subject.CN);
}

describe('the data path of a thread', () => {
  test('answers on every address of the configuration', async (t) => {
    const addresses = await freeAddresses(2);
    const gateway = await Gateway.open(t, answering('hello', { listen: addresses }));
    const doors = gateway.plane.doors();
    assert.deepEqual(
      doors.map(({ name, address, openConnections }) => [name, address, openConnections]),
      addresses.map((address) => ['gateway', `http://${address}`, 0]),
    );
    for (const { address } of doors) assert.equal(await pageOf(address), 'hello');
  });

  test('answers on a unix socket', { skip: process.platform === 'win32' && 'Windows has none' }, async (t) => {
    const socketPath = join(temporaryFolder(t), 'gateway.sock');
    const gateway = await Gateway.open(t, answering('hello', { listen: `unix:${socketPath}` }));
    assert.equal(gateway.plane.doors()[0]?.address, `unix:${socketPath}`);
    assert.equal((await ask('http://a/page', { socketPath })).body, 'hello');
  });

  test('says how many connections are open, and turns away what is too much', async (t) => {
    const gateway = await Gateway.open(t, { ...answering('hello'), limits: { connections: 1 } });
    const client = await RawClient.connect(t, gateway.port);
    client.send(PAGE);
    await client.untilText('hello');
    assert.equal(gateway.plane.doors()[0]?.openConnections, 1);
    const turnedAway = await RawClient.connect(t, gateway.port);
    await turnedAway.closed();
    assert.equal(turnedAway.text, '');
    assert.equal(gateway.metric('sluice_connections_refused_total'), 1);
    client.send(PAGE);
    await client.untilText(/hello[\s\S]*hello/);
  });

  test('joins another thread on the port that it has bound', async (t) => {
    const gateway = await Gateway.open(t, {});
    const [address] = await freeAddresses(1);
    const port = Number(address!.split(':')[1]);
    await gateway.plane.apply(configOf(answering('hello', { listen: '127.0.0.2:0' })), {
      [portKey('gateway.listen', '127.0.0.2:0')]: port,
    });
    assert.equal(gateway.url, `http://127.0.0.2:${port}`);
    assert.equal(await pageOf(gateway.url), 'hello');
  });
});

describe('another configuration', () => {
  test('answers on connections that are open already', async (t) => {
    const gateway = await Gateway.open(t, answering('old'));
    const client = await RawClient.connect(t, gateway.port);
    client.send(PAGE);
    await client.untilText('old');
    await gateway.apply(answering('new'));
    client.send(PAGE);
    await client.untilText('new');
  });

  test('lets what runs end as it has begun', async (t) => {
    const { url: backend, asked } = await heldBackend(t);
    const gateway = await Gateway.open(t, { gateway: { default_backend: backend } });
    const answer = ask(gateway.url);
    const finish = await asked;
    await gateway.apply(answering('new'));
    assert.equal((await ask(gateway.url)).status, 404);
    finish();
    assert.equal((await answer).body, 'done');
  });

  test('opens doors that are new and closes those that are gone; who is connected there may stay', async (t) => {
    const [first, second] = await freeAddresses(2);
    const gateway = await Gateway.open(t, answering('old', { listen: first }));
    const client = await RawClient.connect(t, gateway.port);
    client.send(PAGE);
    await client.untilText('old');
    await gateway.apply(answering('new', { listen: second }));
    assert.equal(await pageOf(`http://${second}`), 'new');
    await assert.rejects(pageOf(`http://${first}`), { code: 'ECONNREFUSED' });
    client.send(PAGE);
    await client.untilText('new');
  });

  test('shows its certificate to those who come from now on, and none when it has none', async (t) => {
    const authority = new CertificateAuthority(temporaryFolder(t));
    const withCertificate = (name: string): GatewaySettings => {
      const { certFile: cert, keyFile: key } = authority.issue(name, 'IP:127.0.0.1');
      return answering(name, { tls: { cert, key } });
    };
    const gateway = await Gateway.open(t, withCertificate('first'));
    assert.match(gateway.url, /^https:/);
    const { port } = gateway;
    assert.equal(await certificateOf(t, port), 'first');
    await gateway.apply(withCertificate('second'));
    assert.equal(await certificateOf(t, port), 'second');
    await gateway.apply(answering('plain'));
    assert.equal(gateway.url, `http://127.0.0.1:${port}`);
    assert.equal(await pageOf(gateway.url), 'plain');
  });
});

describe('a configuration that cannot hold changes nothing', () => {
  /** Refused, while the one before goes on as ever. */
  async function refuses(t: TestContext, gateway: object, expected: object): Promise<void> {
    const before = await Gateway.open(t, answering('old'));
    const { url } = before;
    await assert.rejects(before.apply(answering('new', gateway)), expected);
    assert.deepEqual(
      before.plane.doors().map(({ address }) => address),
      [url],
    );
    assert.equal(await pageOf(url), 'old');
  }

  test('when a port is taken: other new doors are closed again', async (t) => {
    const taken = net.createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    t.after(() => taken.close());
    const { port } = taken.address() as net.AddressInfo;
    const [free] = await freeAddresses(1);
    await refuses(t, { listen: [free, `127.0.0.1:${port}`] }, { code: 'listen_failed', message: /^gateway\.listen: / });
    await assert.rejects(pageOf(`http://${free}`), { code: 'ECONNREFUSED' });
  });

  test('when a file is missing', async (t) => {
    const missing = join(temporaryFolder(t), 'missing.pem');
    await refuses(t, { tls: { cert: missing, key: missing } }, { code: 'config_invalid', message: /missing\.pem/ });
  });

  test('when a certificate does not fit its key', async (t) => {
    const authority = new CertificateAuthority(temporaryFolder(t));
    const [{ certFile: cert }, { keyFile: key }] = [authority.issue('one'), authority.issue('other')];
    await refuses(t, { tls: { cert, key } }, { code: 'config_invalid' });
  });
});

describe('a thread that drains', () => {
  test('takes nothing new, ends what is idle and lets what runs finish', async (t) => {
    const { url: backend, asked } = await heldBackend(t);
    const gateway = await Gateway.open(t, { gateway: { default_backend: backend } });
    const idle = await RawClient.connect(t, gateway.port);
    idle.send('GET /health HTTP/1.1\r\nHost: a\r\n\r\n');
    await idle.untilText('"ok"');
    const answer = ask(gateway.url);
    const finish = await asked;
    let isDrained = false;
    const drained = gateway.plane.drain().then(() => (isDrained = true));
    await idle.closed();
    await assert.rejects(ask(gateway.url), { code: 'ECONNREFUSED' });
    assert.equal(isDrained, false);
    finish();
    const { body, headers } = await answer;
    assert.deepEqual([body, headers.connection], ['done', 'close']);
    await drained;
  });

  test('goes on for as long as it is told, only not ready any more, unless it is closed', async (t) => {
    const gateway = await Gateway.open(t, {
      gateway: { routes: [{ match: { path: '/' }, to: { respond: { body: 'hi' } } }] },
    });
    const statusOf = async (path: string): Promise<number> => (await ask(gateway.url + path)).status;
    const drained = gateway.plane.drain({ delayMs: 2 ** 30 });
    assert.deepEqual([await statusOf('/'), await statusOf('/health/readiness')], [200, 503]);
    await gateway.plane.close();
    await drained;
  });

  test('cuts what runs when it is closed', async (t) => {
    const { url: backend, asked } = await heldBackend(t);
    const gateway = await Gateway.open(t, { gateway: { default_backend: backend } });
    const answer = assert.rejects(ask(gateway.url));
    await asked;
    const drained = gateway.plane.drain();
    await nextTurn();
    await gateway.plane.close();
    await answer;
    await drained;
  });
});
