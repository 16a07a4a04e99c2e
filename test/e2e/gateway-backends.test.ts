// Routes that lead elsewhere, and to more than one backend, asked over the network.
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { describe, test, type TestContext } from 'node:test';
import { STRATEGIES } from '../../src/config/schema/balancing.ts';
import { type Answered, ask } from '../support/ask.ts';
import { backendDesk } from '../support/backend-desk.ts';
import { until } from '../support/chain-rig.ts';
import { configOf, Gateway } from '../support/gateway.ts';
import { startNginx } from '../support/nginx.ts';
import { http1Origin, http2Origin } from '../support/origins.ts';
import { startSluice, type SluiceProcess } from '../support/sluice-process.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

describe('a redirect', () => {
  async function redirecting(t: TestContext): Promise<Gateway> {
    return Gateway.open(t, {
      gateway: {
        routes: [
          { match: { path: ['/old/*', '/very/old/*'] }, to: { redirect: '/new/{rest}' } },
          { match: { path: '/moved' }, to: { redirect: 'https://b.test/', status: 301 } },
          { match: { path: '/form' }, to: { redirect: '/done', status: 303 } },
          { match: { host: 'all.test' }, to: { redirect: 'https://all.test/{rest}' } },
        ],
      },
    });
  }

  test('sends the client elsewhere, with the rest of the path and the query', async (t) => {
    const { url } = await redirecting(t);
    const cases = [
      ['/old/a/b?c=d', 308, '/new/a/b?c=d'],
      ['/very/old/a%20b', 308, '/new/a%20b'],
      ['/old//evil.test/', 308, '/new/evil.test/'],
      ['/moved?x', 301, 'https://b.test/?x'],
    ] as const;
    for (const [path, status, location] of cases) {
      const answer = await ask(`${url}${path}`);
      assert.deepEqual([answer.status, answer.headers.location, answer.body], [status, location, '']);
    }
  });

  test('takes a request with a body to its end', async (t) => {
    const { url } = await redirecting(t);
    const { status, headers } = await ask(`${url}/form`, { method: 'POST', body: 'x'.repeat(100_000) });
    assert.deepEqual([status, headers.location], [303, '/done']);
  });

  test('of a whole host never leads to another one', async (t) => {
    const { url } = await redirecting(t);
    const { headers } = await ask(`${url}//evil.test/..%5C`, { headers: { host: 'all.test' } });
    assert.equal(headers.location, 'https://all.test/evil.test/..%5C');
  });
});

/** Answers with its name. */
function named(t: TestContext, name: string): Promise<string> {
  return http1Origin(t, (request, response) => {
    request.resume().on('end', () => response.end(name));
  });
}

/** Where nobody listens any more. */
async function deserted(): Promise<string> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === 'object' && address !== null ? `http://127.0.0.1:${address.port}` : assert.fail();
}

function balanced(t: TestContext, to: object | string, policies: object = {}): Promise<Gateway> {
  return Gateway.open(t, { gateway: { routes: [{ name: 'app', to, policies }] } });
}

/** What comes back when it is asked so often, one after the other. */
async function bodies({ url }: Gateway, count: number, path = '/'): Promise<string[]> {
  const all: string[] = [];
  for (let turn = 0; turn < count; turn++) all.push((await ask(url + path)).body);
  return all;
}

function counts(all: readonly string[]): Record<string, number> {
  const sums: Record<string, number> = {};
  for (const each of all) sums[each] = (sums[each] ?? 0) + 1;
  return sums;
}

/** The code of an error, after having checked its status. */
function failedWith({ status, body }: Answered, wanted: number): string {
  assert.equal(status, wanted, body);
  return (JSON.parse(body) as { error: { code: string } }).error.code;
}

describe('several backends', () => {
  test('are asked in turn, nginx and Node alike', async (t) => {
    const [one, two] = [await startNginx(t, 'one'), await startNginx(t, 'two')];
    if (one === undefined || two === undefined) return;
    const gateway = await balanced(t, { backends: [one.url, two.url, await named(t, 'three')] });
    assert.deepEqual(counts(await bodies(gateway, 9)), { one: 3, two: 3, three: 3 });
  });

  for (const strategy of STRATEGIES) {
    test(`can be chosen by ${strategy}, and one that is gone costs no request`, async (t) => {
      const backends = [await named(t, 'one'), await deserted(), await named(t, 'two')];
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
    const paths = Array.from({ length: 20 }, (_, index) => `/${index}?page`);
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
    const gone = await deserted();
    const gateway = await balanced(t, { backends: [await named(t, 'one'), gone] });
    await bodies(gateway, 2);
    const failures = { pool: 'gateway/app', upstream: gone, reason: 'upstream_unreachable' };
    assert.equal(gateway.metric('sluice_upstream_failures_total', failures), 1);
    assert.equal(gateway.metric('sluice_rotation_total', { pool: 'gateway/app' }), 2);
  });

  test('that are all gone are the error of the last one that was tried', async (t) => {
    const gateway = await balanced(t, { backends: [await deserted(), await deserted(), await deserted()] });
    assert.equal(failedWith(await ask(gateway.url), 502), 'upstream_unreachable');
    assert.equal(gateway.metric('sluice_upstream_failures_total'), 2);
  });
});

/** Does what it is told to, and counts how often it is asked. */
class Moody {
  asked = 0;
  status = 200;
  url = '';

  static async open(t: TestContext, status = 200): Promise<Moody> {
    const moody = new Moody();
    moody.status = status;
    moody.url = await http1Origin(t, (_request, response) => {
      moody.asked++;
      response.writeHead(moody.status).end(String(moody.status));
    });
    return moody;
  }
}

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
    const gateway = await balanced(t, { backends: [one, two, await deserted()] });
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

describe('a backend that fails again and again', () => {
  const breaker = { failures: 2, successes: 1, failure_rate: null };

  test('is left alone, and tried again when its time has come', async (t) => {
    const [bad, good] = [await Moody.open(t, 503), await Moody.open(t)];
    const gateway = await balanced(t, { backends: [bad.url, good.url], breaker: { ...breaker, open_for: '1h' } });
    await bodies(gateway, 10);
    assert.equal(bad.asked, 2);
    const [other, fine] = [await Moody.open(t, 503), await Moody.open(t)];
    const soon = await balanced(t, { backends: [other.url, fine.url], breaker: { ...breaker, open_for: '10ms' } });
    const opened = (): number => soon.metric('sluice_upstream_ejections_total', { reason: 'opened' });
    while (opened() === 0) await ask(soon.url);
    other.status = 200;
    const before = other.asked;
    while (other.asked < before + 3) await ask(soon.url);
    assert.deepEqual(counts(await bodies(soon, 4)), { 200: 4 });
  });

  test('is left alone after a reload, too', async (t) => {
    const [bad, good] = [await Moody.open(t, 503), await Moody.open(t)];
    const to = { backends: [bad.url, good.url], breaker: { ...breaker, open_for: '1h' } };
    const settings = { gateway: { routes: [{ name: 'app', to }] } };
    const gateway = await Gateway.open(t, settings);
    await bodies(gateway, 10);
    await gateway.apply(settings);
    await bodies(gateway, 10);
    assert.equal(bad.asked, 2);
    await gateway.apply({ gateway: { routes: [{ name: 'other', to }] } });
    await bodies(gateway, 2);
    assert.equal(bad.asked, 3);
  });

  test('and is the only one leaves an error that says when to come again', async (t) => {
    const bad = await Moody.open(t, 503);
    const gateway = await balanced(t, { backends: [bad.url], breaker: { ...breaker, open_for: '1h' } });
    assert.deepEqual(counts(await bodies(gateway, 2)), { 503: 2 });
    const answer = await ask(gateway.url);
    assert.equal(failedWith(answer, 503), 'backends_exhausted');
    const seconds = Number(answer.headers['retry-after']);
    assert.ok(seconds > 3000 && seconds <= 3600, String(seconds));
    assert.equal(bad.asked, 2);
  });

  test('is tried all the same where that is wanted', async (t) => {
    const bad = await Moody.open(t, 503);
    const to = { backends: [bad.url], breaker: { ...breaker, open_for: '1h' }, when_all_out: 'least_bad' };
    await bodies(await balanced(t, to), 5);
    assert.equal(bad.asked, 5);
  });

  test('stays in use beyond the share that may be left alone', async (t) => {
    const [one, two] = [await Moody.open(t, 503), await Moody.open(t, 503)];
    const to = { backends: [one.url, two.url], breaker: { ...breaker, open_for: '1h' }, max_ejected: '50%' };
    const gateway = await balanced(t, to);
    assert.deepEqual(counts(await bodies(gateway, 10)), { 503: 10 });
    assert.equal(Math.min(one.asked, two.asked), 2);
  });
});

test('a backend that does much worse than the others is left alone', async (t) => {
  const all = [await Moody.open(t, 503), await Moody.open(t), await Moody.open(t)];
  const [bad] = all;
  const to = { backends: all.map(({ url }) => url), outliers: { above_others: '50%', min_requests: 3 } };
  await bodies(await balanced(t, to), 60);
  assert.ok(bad !== undefined && bad.asked >= 3 && bad.asked <= 4, `asked ${bad?.asked}`);
});

describe('backends that are checked', () => {
  const sluiceWith = (t: TestContext, to: object): Promise<SluiceProcess> => {
    const gateway = { listen: '127.0.0.1:0', routes: [{ name: 'app', to }] };
    const config = { process: { workers: 2 }, log: { format: 'json' }, gateway, metrics: { listen: '127.0.0.1:0' } };
    return startSluice(t, { files: { 'sluice.yaml': JSON.stringify(config) } });
  };
  const health = { path: '/healthz', interval: '100ms', unhealthy_after: 2, healthy_after: 1 };

  test('are left alone by every worker while their checks fail, and back as soon as they pass', async (t) => {
    const [sick, well] = [await Moody.open(t), await Moody.open(t, 204)];
    const nginx = await startNginx(t, 'nginx');
    if (nginx === undefined) return;
    const sluice = await sluiceWith(t, { backends: [sick.url, well.url, nginx.url], health });
    const gateway = sluice.address('gateway');
    const answers = async (): Promise<Record<string, number>> => {
      const all = await Promise.all(Array.from({ length: 30 }, () => ask(gateway)));
      return counts(all.map(({ status, body }) => `${status} ${body}`));
    };
    assert.deepEqual(Object.keys(await answers()).toSorted(), ['200 200', '200 nginx', '204 ']);
    sick.status = 500;
    await sluice.says(/the checks of a backend fail, it is left alone/);
    assert.deepEqual(Object.keys(await answers()).toSorted(), ['200 nginx', '204 ']);
    const metrics = await (await fetch(`${sluice.address('metrics')}/metrics`)).text();
    for (const [url, isUp] of [
      [sick.url, 0],
      [well.url, 1],
      [nginx.url, 1],
    ] as const) {
      assert.ok(metrics.includes(`\nsluice_upstream_up{pool="gateway/app",upstream="${url}"} ${isUp}\n`), metrics);
    }
    assert.match(metrics, /^sluice_pool_members\{pool="gateway\/app",state="unhealthy"\} 1$/m);
    assert.doesNotMatch(metrics, /_bytes_total\{pool="gateway/);
    sick.status = 200;
    await sluice.says(/the checks of a backend pass again/);
    assert.deepEqual(Object.keys(await answers()).toSorted(), ['200 200', '200 nginx', '204 ']);
  });

  test('and all fail leave an error', async (t) => {
    const sick = await Moody.open(t, 500);
    const sluice = await sluiceWith(t, { backends: [sick.url], health });
    await sluice.says(/the checks of a backend fail, it is left alone/);
    const answer = await ask(sluice.address('gateway'));
    assert.equal(failedWith(answer, 503), 'backends_exhausted');
    assert.equal(answer.headers['retry-after'], undefined);
  });

  test('share what traffic has shown: a breaker that one worker opens is open for all', async (t) => {
    const [bad, good] = [await Moody.open(t, 503), await Moody.open(t)];
    const breaker = { failures: 3, open_for: '1h', failure_rate: null };
    const sluice = await sluiceWith(t, { backends: [bad.url, good.url], breaker });
    for (let turn = 0; turn < 40; turn++) await ask(sluice.address('gateway'));
    assert.equal(bad.asked, 3);
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
    const gone = [await deserted(), to.backends[1] ?? ''];
    await gateway.apply({ gateway: settings(gone) });
    const moved = await ask(gateway.url, { headers: { cookie: cookieOf(first) } });
    assert.equal(moved.body, 'two');
    for (let turn = 0; turn < 3; turn++) {
      assert.equal((await ask(gateway.url, { headers: { cookie: cookieOf(moved) } })).body, 'two');
    }
  });

  test('is given none with an error of ours', async (t) => {
    const gateway = await balanced(t, { backends: [await deserted(), await deserted()], sticky: {} });
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
    const gateway = await balanced(t, { backends: [await deserted(), await named(t, 'one')] }, { retry: false });
    assert.equal(failedWith(await ask(gateway.url), 502), 'upstream_unreachable');
  });
});
