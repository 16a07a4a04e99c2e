// Routes that lead to more than one backend, asked over the network.
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { describe, test, type TestContext } from 'node:test';
import { STRATEGIES } from '../../src/config/schema/balancing.ts';
import { type Answered, ask } from '../support/ask.ts';
import { backendDesk } from '../support/backend-desk.ts';
import { balanced, bodies, counts, deserted, failedWith, named } from '../support/backends.ts';
import { startCaddy } from '../support/caddy.ts';
import { CertificateAuthority } from '../support/certificate-authority.ts';
import { until } from '../support/chain-rig.ts';
import { configOf, Gateway } from '../support/gateway.ts';
import { startNginx } from '../support/nginx.ts';
import { http1Origin, http2Origin } from '../support/origins.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

describe('several backends', () => {
  test('are asked in turn, nginx and Node alike', async (t) => {
    const [one, two] = [await startNginx(t, 'one'), await startNginx(t, 'two')];
    if (one === undefined || two === undefined) return;
    const gateway = await balanced(t, { backends: [one.url, two.url, await named(t, 'three')] });
    assert.deepEqual(counts(await bodies(gateway, 9)), { one: 3, two: 3, three: 3 });
  });

  test('may be Caddy, by HTTP/1.1 and HTTP/2, in the clear and by TLS with a certificate of its own authority', async (t) => {
    const authority = new CertificateAuthority(temporaryFolder(t));
    const [clear, secret] = [
      await startCaddy(t, 'caddy'),
      await startCaddy(t, 'caddy', authority.issue('caddy', 'DNS:localhost')),
    ];
    if (clear === undefined || secret === undefined) return;
    const tls = { ca: authority.certificate.certFile };
    const place = `https://localhost:${secret.port}`;
    for (const [to, protocol] of [
      [{ backends: [clear.url] }, 'HTTP/1.1'],
      [{ backends: [clear.url.replace('http:', 'h2c:')] }, 'HTTP/2.0'],
      [{ backends: [place], tls, host: 'backend' }, 'HTTP/1.1'],
      [{ backends: [place], tls, host: 'backend', http2: true }, 'HTTP/2.0'],
    ] as const) {
      const health = { interval: '100ms' };
      const gateway = await balanced(t, { ...to, health });
      assert.deepEqual(counts(await bodies(gateway, 3)), { [`caddy ${protocol}`]: 3 });
      const desk = backendDesk();
      t.after(() => desk.stop());
      desk.follow(configOf({ gateway: { routes: [{ to: { ...to, health } }] } }));
      await until(() => desk.members()[0]?.state.health === 'healthy');
    }
  });

  for (const strategy of STRATEGIES) {
    test(`can be chosen by ${strategy}, and one that is gone costs no request`, async (t) => {
      const backends = [await named(t, 'one'), await deserted(t), await named(t, 'two')];
      const gateway = await balanced(t, { backends, strategy });
      const paths = Array.from({ length: 12 }, (_, index) => `/${index}`);
      const answers = await Promise.all(paths.map((path) => ask(gateway.url + path, { method: 'POST', body: 'x' })));
      for (const { status, body } of answers) {
        assert.equal(status, 200, body);
        assert.match(body, /^(?:one|two)$/);
      }
    });
  }

  test('get their share by weight', async (t) => {
    const backends = [{ url: await named(t, 'heavy'), weight: 3 }, await named(t, 'light')];
    const gateway = await balanced(t, { backends, strategy: 'weighted' });
    assert.deepEqual(counts(await bodies(gateway, 8)), { heavy: 6, light: 2 });
  });

  test('by path: the same path leads to the same one, also after a reload and in another gateway', async (t) => {
    const backends = [await named(t, 'one'), await named(t, 'two'), await named(t, 'three')];
    const settings = { gateway: { routes: [{ to: { backends, strategy: 'consistent_hash' } }] } };
    const gateway = await Gateway.open(t, settings);
    const paths = Array.from({ length: 60 }, (_, index) => `/${index}?page`);
    const choice = async ({ url }: Gateway): Promise<string[]> => {
      return (await Promise.all(paths.map((path) => ask(url + path)))).map(({ body }) => body);
    };
    const first = await choice(gateway);
    assert.equal(new Set(first).size, 3);
    assert.deepEqual(await choice(gateway), first);
    await gateway.apply(settings);
    assert.deepEqual(await choice(gateway), first);
    assert.deepEqual(await choice(await Gateway.open(t, settings)), first);
  });

  test('by address: a client always gets to the same one', async (t) => {
    const backends = [await named(t, 'one'), await named(t, 'two'), await named(t, 'three')];
    const gateway = await balanced(t, { backends, strategy: 'sticky_hash' });
    assert.equal(new Set(await bodies(gateway, 6)).size, 1);
  });

  test('by connections: one that is busy gets nothing new', async (t) => {
    const held = Promise.withResolvers<() => void>();
    const busy = await http1Origin(t, (_request, response) => held.resolve(() => response.end('busy')));
    const gateway = await balanced(t, { backends: [busy, await named(t, 'free')], strategy: 'least_connections' });
    const first = ask(gateway.url);
    const letGo = await held.promise;
    assert.deepEqual(counts(await bodies(gateway, 5)), { free: 5 });
    letGo();
    assert.equal((await first).body, 'busy');
  });

  test('may speak HTTP/2, and one that resets its streams is replaced', async (t) => {
    const bad = await http2Origin(t, (stream) => stream.close(2));
    const good = await http2Origin(t, (stream) => {
      stream.respond({ ':status': 200 });
      stream.end('good');
    });
    const gateway = await balanced(t, { backends: [bad.url, good.url] });
    assert.deepEqual(counts(await bodies(gateway, 4)), { good: 4 });
  });

  test('are counted: uses, failures by cause, and going over to another one', async (t) => {
    const gone = await deserted(t);
    const gateway = await balanced(t, { backends: [await named(t, 'one'), gone] });
    await bodies(gateway, 2);
    const failures = { pool: 'gateway/app', upstream: gone, reason: 'upstream_unreachable' };
    assert.equal(gateway.metric('sluice_upstream_failures_total', failures), 1);
    assert.equal(gateway.metric('sluice_rotation_total', { pool: 'gateway/app' }), 2);
  });

  test('that are all gone are the error of the last one that was tried', async (t) => {
    const gateway = await balanced(t, { backends: [await deserted(t), await deserted(t), await deserted(t)] });
    assert.equal(failedWith(await ask(gateway.url), 502), 'upstream_unreachable');
    assert.equal(gateway.metric('sluice_upstream_failures_total'), 2);
  });
});

describe('a backend on a unix socket', () => {
  async function onSocket(t: TestContext, name: string): Promise<string> {
    const path = join(temporaryFolder(t), 'app.sock');
    const server = createServer(({ url, headers }, response) => response.end(`${name} ${headers.host} ${url}`));
    server.listen(path);
    await new Promise((resolve) => server.once('listening', resolve));
    t.after(() => server.close());
    t.after(() => server.closeAllConnections());
    return `unix:${path}`;
  }

  test('may be the only one, or the default, or one of several', async (t) => {
    const [one, two] = [await onSocket(t, 'one'), await onSocket(t, 'two')];
    const host = { headers: { host: 'a.test' } };
    for (const gateway of [await balanced(t, one), await Gateway.open(t, { gateway: { default_backend: one } })]) {
      assert.equal((await ask(`${gateway.url}/x?y`, host)).body, 'one a.test /x?y');
    }
    const gateway = await balanced(t, { backends: [one, two, await deserted(t)] });
    const all = await bodies(gateway, 6, '/x');
    assert.deepEqual(Object.keys(counts(all.map((body) => body.slice(0, 3)))).toSorted(), ['one', 'two']);
  });

  test('that nobody listens on is out of reach', async (t) => {
    const gateway = await balanced(t, `unix:${join(temporaryFolder(t), 'none.sock')}`);
    assert.equal(failedWith(await ask(gateway.url), 502), 'upstream_unreachable');
  });

  test('is checked like any other', async (t) => {
    const desk = backendDesk();
    t.after(() => desk.stop());
    const backends = [await onSocket(t, 'one'), `unix:${join(temporaryFolder(t), 'none.sock')}`];
    const health = { interval: '100ms', unhealthy_after: 1 };
    desk.follow(configOf({ gateway: { routes: [{ to: { backends, health } }] } }));
    await until(() => desk.members().every(({ state }) => state.health !== 'unknown'));
    assert.deepEqual(
      desk.members().map(({ state }) => state.health),
      ['healthy', 'unhealthy'],
    );
  });
});

describe('a client with a cookie', () => {
  /** What it sends back of what it was given. */
  const cookieOf = ({ headers }: Answered): string => (headers['set-cookie']?.[0] ?? assert.fail()).split(';')[0] ?? '';

  test('gets to the same backend again, also after a reload and by HTTP/2 backends', async (t) => {
    const third = await http2Origin(t, (stream) => {
      stream.respond({ ':status': 200 });
      stream.end('three');
    });
    const to = { backends: [await named(t, 'one'), await named(t, 'two'), third.url], sticky: { cookie: 'at' } };
    const settings = { gateway: { routes: [{ name: 'app', to }] } };
    const gateway = await Gateway.open(t, settings);
    const clients = [await ask(gateway.url), await ask(gateway.url), await ask(gateway.url)];
    assert.deepEqual(clients.map(({ body }) => body).toSorted(), ['one', 'three', 'two']);
    await gateway.apply(settings);
    for (const first of clients) {
      assert.match(cookieOf(first), /^at=/);
      for (let turn = 0; turn < 3; turn++) {
        const { body, headers } = await ask(gateway.url, { headers: { cookie: `a=b; ${cookieOf(first)}` } });
        assert.equal(body, first.body);
        assert.equal(headers['set-cookie'], undefined);
      }
    }
  });

  test('is sent elsewhere when its backend is gone, and stays there', async (t) => {
    const to = { backends: [await named(t, 'one'), await named(t, 'two')], sticky: {} };
    const settings = (backends: readonly string[]): object => ({
      routes: [{ name: 'app', to: { ...to, backends } }],
    });
    const gateway = await Gateway.open(t, { gateway: settings(to.backends) });
    const first = await ask(gateway.url);
    assert.equal(first.body, 'one');
    const gone = [await deserted(t), to.backends[1] ?? ''];
    await gateway.apply({ gateway: settings(gone) });
    const moved = await ask(gateway.url, { headers: { cookie: cookieOf(first) } });
    assert.equal(moved.body, 'two');
    for (let turn = 0; turn < 3; turn++) {
      assert.equal((await ask(gateway.url, { headers: { cookie: cookieOf(moved) } })).body, 'two');
    }
  });

  test('is given none with an error of ours', async (t) => {
    const gateway = await balanced(t, { backends: [await deserted(t), await deserted(t)], sticky: {} });
    const answer = await ask(gateway.url);
    assert.equal(failedWith(answer, 502), 'upstream_unreachable');
    assert.equal(answer.headers['set-cookie'], undefined);
  });
});

describe('the policy of retries', () => {
  const failing = (t: TestContext, status: number): Promise<string> => {
    return http1Origin(t, (_request, response) => response.writeHead(status).end('failing'));
  };

  test('says which answers are tried elsewhere', async (t) => {
    const backends = [await failing(t, 503), await named(t, 'good')];
    const gateway = await balanced(t, { backends }, { retry: {} });
    assert.deepEqual(counts(await bodies(gateway, 4)), { good: 4 });
    const post = await Promise.all([1, 2].map(() => ask(gateway.url, { method: 'POST', body: 'x' })));
    assert.deepEqual(counts(post.map(({ body }) => body)), { good: 1, failing: 1 });
  });

  test('counts for backends of HTTP/2 too', async (t) => {
    const { url } = await http2Origin(t, (stream) => {
      stream.respond({ ':status': 502 });
      stream.end('failing');
    });
    const gateway = await balanced(t, { backends: [url, await named(t, 'good')] }, { retry: {} });
    assert.deepEqual(counts(await bodies(gateway, 4)), { good: 4 });
  });

  test('has a backend asked again that is the only one', async (t) => {
    let asked = 0;
    const origin = await http1Origin(t, (_request, response) => {
      asked++;
      response.writeHead(asked < 3 ? 502 : 200).end();
    });
    for (const gateway of [
      await balanced(t, origin, { retry: { attempts: 3 } }),
      await Gateway.open(t, { gateway: { default_backend: origin, policies: { retry: { attempts: 3 } } } }),
      await Gateway.open(t, { gateway: { default_backend: origin }, policies: { retry: { attempts: 3 } } }),
    ]) {
      asked = 0;
      assert.equal((await ask(gateway.url)).status, 200);
      assert.equal(asked, 3);
    }
  });

  test('switches tries elsewhere off', async (t) => {
    const gateway = await balanced(t, { backends: [await deserted(t), await named(t, 'one')] }, { retry: false });
    assert.equal(failedWith(await ask(gateway.url), 502), 'upstream_unreachable');
  });
});
