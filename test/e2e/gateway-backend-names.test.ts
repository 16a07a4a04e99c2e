// Backends that are known by names, resolved by a DNS server of the test and asked over the network.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import http from 'node:http';
import https from 'node:https';
import type net from 'node:net';
import { describe, test, type TestContext } from 'node:test';
import { type Answered, ask } from '../support/ask.ts';
import { backendDesk } from '../support/backend-desk.ts';
import { bodies, counts, failedWith, named } from '../support/backends.ts';
import { CertificateAuthority } from '../support/certificate-authority.ts';
import { until } from '../support/chain-rig.ts';
import { DnsServer } from '../support/dns-server.ts';
import { configOf, Gateway, type GatewaySettings } from '../support/gateway.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const NAME = 'app.test';

/** Servers on one port of these addresses; each answers with its own. */
async function serversAt(t: TestContext, addresses: readonly string[], tls?: https.ServerOptions): Promise<number> {
  let port = 0;
  for (const address of addresses) {
    const answer: http.RequestListener = ({ headers }, response) => response.end(`${address} ${headers.host}`);
    const server = tls === undefined ? http.createServer(answer) : https.createServer(tls, answer);
    server.listen(port, address);
    await once(server, 'listening');
    ({ port } = server.address() as net.AddressInfo);
    t.after(() => server.close());
    t.after(() => server.closeAllConnections());
  }
  return port;
}

function settings(dns: DnsServer, to: object | string, more: object = {}): GatewaySettings {
  return { dns: { servers: [dns.address] }, gateway: { routes: [{ name: 'app', to, ...more }] } };
}

async function placesOf(gateway: Gateway, count: number): Promise<Record<string, number>> {
  return counts((await bodies(gateway, count)).map((body) => body.split(' ')[0] ?? ''));
}

/** Asks until this is what comes back. */
async function comesTo(gateway: Gateway, wanted: Record<string, number>): Promise<void> {
  const count = Object.values(wanted).reduce((sum, each) => sum + each, 0);
  for (;;) {
    const found = await placesOf(gateway, count);
    if (Object.keys(found).toSorted().join(' ') === Object.keys(wanted).toSorted().join(' ')) break;
  }
  assert.deepEqual(await placesOf(gateway, count), wanted);
}

describe('a backend with a name', () => {
  test('is all of its addresses, IPv4 and IPv6, and the client names whom it asks', async (t) => {
    const port = await serversAt(t, ['127.0.0.2', '127.0.0.3', '::1']);
    const dns = await DnsServer.open(t, { [NAME]: ['127.0.0.2', '127.0.0.3', '::1'] });
    const gateway = await Gateway.open(t, settings(dns, { backends: [`http://${NAME}:${port}`] }));
    const all = await bodies(gateway, 6);
    assert.deepEqual(counts(all.map((body) => body.split(' ')[0] ?? '')), { '127.0.0.2': 2, '127.0.0.3': 2, '::1': 2 });
    const { body } = await ask(gateway.url, { headers: { host: 'shop.example' } });
    assert.match(body, / shop\.example$/);
  });

  test('follows what DNS says, and a request under way on an address that goes ends well', async (t) => {
    const held = Promise.withResolvers<() => void>();
    const server = http.createServer((_request, response) => held.resolve(() => response.end('old')));
    server.listen(0, '127.0.0.2');
    await once(server, 'listening');
    t.after(() => server.close());
    t.after(() => server.closeAllConnections());
    const { port } = server.address() as net.AddressInfo;
    const next = http.createServer((_request, response) => response.end('new'));
    next.listen(port, '127.0.0.3');
    await once(next, 'listening');
    t.after(() => next.close());
    t.after(() => next.closeAllConnections());
    const dns = await DnsServer.open(t, { [NAME]: ['127.0.0.2'] });
    const gateway = await Gateway.open(t, settings(dns, { backends: [`http://${NAME}:${port}`] }));
    const running = ask(gateway.url);
    const letGo = await held.promise;
    const asked = dns.asked.length;
    dns.records.set(NAME, ['127.0.0.3']);
    await until(() => dns.asked.length >= asked + 4);
    assert.deepEqual(counts(await bodies(gateway, 3)), { new: 3 });
    letGo();
    assert.equal((await running).body, 'old');
  });

  test('keeps the addresses that were known last while DNS fails, and while the name is gone', async (t) => {
    const port = await serversAt(t, ['127.0.0.2']);
    const dns = await DnsServer.open(t, { [NAME]: ['127.0.0.2'] });
    const gateway = await Gateway.open(t, settings(dns, { backends: [`http://${NAME}:${port}`], resolve: '1s' }));
    assert.deepEqual(await placesOf(gateway, 1), { '127.0.0.2': 1 });
    for (const breakIt of [() => (dns.isBroken = true), () => dns.records.delete(NAME)]) {
      breakIt();
      const asked = dns.asked.length;
      await until(() => dns.asked.length >= asked + 4);
      assert.deepEqual(await placesOf(gateway, 2), { '127.0.0.2': 2 });
      dns.isBroken = false;
    }
  });

  test('that does not exist is a 502 that says so, and is found as soon as it does', async (t) => {
    const port = await serversAt(t, ['127.0.0.2']);
    const dns = await DnsServer.open(t);
    const gateway = await Gateway.open(t, settings(dns, { backends: [`http://${NAME}:${port}`] }));
    const answer = await ask(gateway.url);
    assert.equal(failedWith(answer, 502), 'upstream_dns_failed');
    assert.match(answer.body, /app\.test could not be resolved: there is no such name/);
    dns.records.set(NAME, ['127.0.0.2']);
    let last: Answered = answer;
    while (last.status !== 200) last = await ask(gateway.url);
    assert.match(last.body, /^127\.0\.0\.2/);
  });

  test('is one among others, who serve while it is not known', async (t) => {
    const dns = await DnsServer.open(t);
    const other = await named(t, 'other');
    const gateway = await Gateway.open(t, settings(dns, { backends: ['http://nobody.test', other] }));
    assert.deepEqual(counts(await bodies(gateway, 3)), { other: 3 });
  });

  test('is asked for by that name in TLS, whatever its address', async (t) => {
    const authority = new CertificateAuthority(temporaryFolder(t));
    const { cert, key } = authority.issue('app', `DNS:${NAME}`);
    const ca = authority.certificate.certFile;
    const port = await serversAt(t, ['127.0.0.2', '127.0.0.3'], { cert, key });
    const dns = await DnsServer.open(t, { [NAME]: ['127.0.0.2', '127.0.0.3'] });
    const to = { backends: [`https://${NAME}:${port}`], tls: { ca } };
    const gateway = await Gateway.open(t, settings(dns, to));
    assert.deepEqual(await placesOf(gateway, 4), { '127.0.0.2': 2, '127.0.0.3': 2 });
  });

  test('is left alone at one address and used at the others', async (t) => {
    const port = await serversAt(t, ['127.0.0.2']);
    const dns = await DnsServer.open(t, { [NAME]: ['127.0.0.2', '127.0.0.4'] });
    const to = { backends: [`http://${NAME}:${port}`], breaker: { failures: 1, open_for: '1h' } };
    const gateway = await Gateway.open(t, settings(dns, to));
    assert.deepEqual(await placesOf(gateway, 6), { '127.0.0.2': 6 });
    assert.equal(
      gateway.metric('sluice_upstream_failures_total', { upstream: `http://${NAME}:${port} (127.0.0.4)` }),
      1,
    );
  });

  test('keeps a client with a cookie at one address', async (t) => {
    const port = await serversAt(t, ['127.0.0.2', '127.0.0.3']);
    const dns = await DnsServer.open(t, { [NAME]: ['127.0.0.2', '127.0.0.3'] });
    const gateway = await Gateway.open(t, settings(dns, { backends: [`http://${NAME}:${port}`], sticky: {} }));
    const first = await ask(gateway.url);
    const cookie = (first.headers['set-cookie']?.[0] ?? '').split(';')[0] ?? '';
    for (let turn = 0; turn < 4; turn++) {
      assert.equal((await ask(gateway.url, { headers: { cookie } })).body, first.body);
    }
  });

  test('is checked at each address, and shown with them', async (t) => {
    const port = await serversAt(t, ['127.0.0.2']);
    const dns = await DnsServer.open(t, { [NAME]: ['127.0.0.2', '127.0.0.4'] });
    const log: string[] = [];
    const desk = backendDesk({ log: (message) => log.push(message) });
    t.after(() => desk.stop());
    const to = { backends: [`http://${NAME}:${port}`], health: { interval: '100ms', unhealthy_after: 1 } };
    desk.follow(configOf(settings(dns, to)));
    const shown = (): string[] => desk.members().map(({ name, state }) => `${name} ${state.health}`);
    const wanted = ['127.0.0.2) healthy', '127.0.0.4) unhealthy'].map((end) => `http://${NAME}:${port} (${end}`);
    await until(() => shown().join() === wanted.join());
    dns.records.set(NAME, ['127.0.0.2']);
    await until(() => shown().join() === wanted[0]);
    assert.equal(log.filter((message) => message === 'names of backends lead elsewhere').length, 2);
    desk.follow(configOf(settings(dns, { backends: ['http://nobody.test'] })));
    await until(() => log.includes('a backend cannot be found by its name'));
  });

  test('as the only thing that is said of a route follows its name too, with one connection at a time', async (t) => {
    const port = await serversAt(t, ['127.0.0.2', '127.0.0.3']);
    const dns = await DnsServer.open(t, { [NAME]: ['127.0.0.2'] });
    const gateway = await Gateway.open(t, settings(dns, `http://${NAME}:${port}`));
    assert.deepEqual(await placesOf(gateway, 3), { '127.0.0.2': 3 });
    dns.records.set(NAME, ['127.0.0.3']);
    await comesTo(gateway, { '127.0.0.3': 2 });
  });

  test('of this machine is one backend, on whichever of its addresses it listens', async (t) => {
    const port = await serversAt(t, ['127.0.0.1']);
    const dns = await DnsServer.open(t);
    const gateway = await Gateway.open(t, settings(dns, { backends: [`http://localhost:${port}`] }));
    assert.deepEqual(await placesOf(gateway, 3), { '127.0.0.1': 3 });
    assert.deepEqual(dns.asked, []);
  });

  test('is asked for no more once its route is gone', async (t) => {
    const port = await serversAt(t, ['127.0.0.2']);
    const dns = await DnsServer.open(t, { [NAME]: ['127.0.0.2'], 'other.test': ['127.0.0.2'] });
    const gateway = await Gateway.open(t, settings(dns, { backends: [`http://${NAME}:${port}`] }));
    assert.equal((await ask(gateway.url)).status, 200);
    await gateway.apply(settings(dns, { backends: [`http://other.test:${port}`] }));
    const asked = dns.asked.length;
    await until(() => dns.asked.length >= asked + 4);
    assert.ok(!dns.asked.slice(asked).includes(NAME), dns.asked.join(' '));
  });
});

test('a time or a server that is none is refused', () => {
  const backends = [`http://${NAME}`];
  for (const [given, message] of [
    [{ gateway: { routes: [{ to: { backends, resolve: '10ms' } }] } }, /at least 1s/],
    [{ gateway: { routes: [{ to: { backends, resolve: true } }] } }, /30s, or false/],
    [{ dns: { servers: ['dns.example'] } }, /IP address of a DNS server/],
    [{ dns: { servers: ['10.0.0.2:0'] } }, /IP address of a DNS server/],
  ] as const) {
    assert.throws(() => configOf(given), message);
  }
});
