// Backends that are reached through hops, by real proxies, asked over the network.
import assert from 'node:assert/strict';
import { createServer } from 'node:http2';
import https from 'node:https';
import http2 from 'node:http2';
import type net from 'node:net';
import { once } from 'node:events';
import { describe, test, type TestContext } from 'node:test';
import { ask } from '../support/ask.ts';
import { backendDesk } from '../support/backend-desk.ts';
import { bodies, counts, deserted, failedWith, named } from '../support/backends.ts';
import { CertificateAuthority } from '../support/certificate-authority.ts';
import { until } from '../support/chain-rig.ts';
import { fakeProxy } from '../support/fake-proxy.ts';
import { configOf, Gateway, type GatewaySettings } from '../support/gateway.ts';
import { http2Origin } from '../support/origins.ts';
import { startMicrosocks, startTinyproxy } from '../support/proxies.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

function settings(hop: object, to: object): GatewaySettings {
  return { hops: { way: hop }, gateway: { routes: [{ name: 'app', to: { via: 'way', ...to } }] } };
}

interface Secure {
  readonly port: number;
  readonly ca: string;
}

/** A server with a certificate for `app.test`, or for this machine. */
async function secureServer(t: TestContext, kind: 'http1' | 'http2'): Promise<Secure> {
  const authority = new CertificateAuthority(temporaryFolder(t));
  const { cert, key } = authority.issue('app', 'DNS:localhost', 'IP:127.0.0.1');
  const options = { cert, key };
  const server =
    kind === 'http1'
      ? https.createServer(options, (_request, response) => response.end('secure'))
      : http2.createSecureServer(options, (_request, response) => response.end('secure'));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  return { port: (server.address() as net.AddressInfo).port, ca: authority.certificate.certFile };
}

describe('backends behind a hop', () => {
  for (const [kind, start] of [
    ['an HTTP proxy', startTinyproxy],
    ['a SOCKS proxy', startMicrosocks],
  ] as const) {
    test(`are reached through ${kind}: in the clear, by TLS, and in both by HTTP/2`, async (t) => {
      const proxy = await start(t);
      if (proxy === undefined) return;
      const h2c = await http2Origin(t, (stream) => {
        stream.respond({ ':status': 200 });
        stream.end('two');
      });
      const [one, two] = [await secureServer(t, 'http1'), await secureServer(t, 'http2')];
      for (const [to, wanted] of [
        [{ backends: [await named(t, 'one')] }, 'one'],
        [{ backends: [h2c.url] }, 'two'],
        [{ backends: [`https://localhost:${one.port}`], tls: { ca: one.ca } }, 'secure'],
        [{ backends: [`https://localhost:${two.port}`], tls: { ca: two.ca }, http2: true }, 'secure'],
      ] as const) {
        const gateway = await Gateway.open(t, settings({ proxy: proxy.url }, to));
        assert.deepEqual(counts(await bodies(gateway, 3)), { [wanted]: 3 });
      }
    });
  }

  test('are named to the last hop, which resolves their names, and told who the client is', async (t) => {
    const proxy = await fakeProxy(t, (heard) => {
      if (heard.startsWith('CONNECT') && heard.endsWith('\r\n\r\n')) return { say: 'HTTP/1.1 200 OK\r\n\r\n' };
      if (heard.startsWith('PROXY') && heard.includes('GET')) {
        return { say: 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi', next: 'end' };
      }
      return null;
    });
    const to = { backends: ['http://app.test:8000'], proxy_protocol: 'v1' };
    const gateway = await Gateway.open(t, settings({ proxy: `http://127.0.0.1:${proxy.port}` }, to));
    assert.equal((await ask(gateway.url)).body, 'hi');
    assert.match(proxy.heard.join(''), /^CONNECT app\.test:8000 HTTP\/1\.1\r\n[^]*\r\n\r\nPROXY TCP4 127\.0\.0\.1 /);
  });

  test('are never reached another way when the hop is gone, and not blamed for it', async (t) => {
    const to = { backends: [await named(t, 'one'), await named(t, 'two')], breaker: { failures: 1 } };
    const gateway = await Gateway.open(t, settings({ proxy: await deserted(t) }, to));
    for (let turn = 0; turn < 3; turn++) assert.equal(failedWith(await ask(gateway.url), 502), 'hop_unreachable');
    assert.equal(gateway.metric('sluice_upstream_failures_total', { pool: 'gateway/app' }), 0);
  });

  test('are blamed for what they do themselves, and the hop is not', async (t) => {
    const proxy = await startMicrosocks(t);
    if (proxy === undefined) return;
    const gone = await deserted(t);
    const to = { backends: [gone, await named(t, 'one')], breaker: { failures: 1, open_for: '1h' } };
    const all = settings({ proxy: proxy.url, breaker: { failures: 1 } }, to);
    const gateway = await Gateway.open(t, all);
    assert.deepEqual(counts(await bodies(gateway, 4)), { one: 4 });
    assert.equal(gateway.metric('sluice_upstream_failures_total', { pool: 'gateway/app', upstream: gone }), 1);
    assert.equal(gateway.proxiesOf('way', all)[0]?.failures, 0);
  });

  test('by TLS are verified, whatever is on the way', async (t) => {
    const proxy = await startTinyproxy(t);
    if (proxy === undefined) return;
    const { port } = await secureServer(t, 'http1');
    const gateway = await Gateway.open(t, settings({ proxy: proxy.url }, { backends: [`https://localhost:${port}`] }));
    assert.equal(failedWith(await ask(gateway.url), 502), 'upstream_tls_failed');
  });

  test('keep connections through the hop for the next requests, and the hop is told when they end', async (t) => {
    const proxy = await startMicrosocks(t);
    if (proxy === undefined) return;
    const all = settings({ proxy: proxy.url }, { backends: [await named(t, 'one')] });
    const gateway = await Gateway.open(t, all);
    await bodies(gateway, 3);
    const [state] = gateway.proxiesOf('way', all);
    assert.deepEqual([state?.uses, state?.active], [1, 1]);
    await gateway.apply({ gateway: { routes: [{ name: 'app', to: 'http://127.0.0.1:1' }] } });
    await until(() => gateway.proxiesOf('way', all)[0]?.active === 0);
    assert.ok((gateway.proxiesOf('way', all)[0]?.bytesReceived ?? 0) > 0);
  });

  test('are checked through it, and nothing is said of them while it is gone', async (t) => {
    const proxy = await startTinyproxy(t);
    if (proxy === undefined) return;
    const backends = [await named(t, 'one'), await deserted(t)];
    const to = { backends, health: { interval: '100ms', unhealthy_after: 1 } };
    const desk = backendDesk();
    t.after(() => desk.stop());
    const healths = (): string =>
      desk
        .members()
        .map(({ state }) => state.health)
        .join();
    desk.follow(configOf(settings({ proxy: proxy.url }, to)));
    await until(() => healths() === 'healthy,unhealthy');
    const dead = await fakeProxy(t, () => ({ say: '', next: 'reset' }));
    const other = backendDesk();
    t.after(() => other.stop());
    other.follow(configOf(settings({ proxy: `http://127.0.0.1:${dead.port}` }, to)));
    await until(() => dead.sockets.length >= 6);
    assert.deepEqual(
      other.members().map(({ state }) => state.health),
      ['unknown', 'unknown'],
    );
  });

  test('that speak HTTP/2 first are heard, however soon', async (t) => {
    const server = createServer((_request, response) => response.end('first'));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    t.after(() => server.close());
    const { port } = server.address() as net.AddressInfo;
    const proxy = await startMicrosocks(t);
    if (proxy === undefined) return;
    const gateway = await Gateway.open(t, settings({ proxy: proxy.url }, { backends: [`h2c://127.0.0.1:${port}`] }));
    for (let turn = 0; turn < 3; turn++) assert.equal((await ask(gateway.url)).body, 'first');
  });
});
