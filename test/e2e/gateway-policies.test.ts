// The policies of the doors as a configuration describes them, met by clients over the network.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import http from 'node:http';
import { describe, test } from 'node:test';
import { promisify } from 'node:util';
import { type Answered, ask } from '../support/ask.ts';
import { Gateway, gatewayTo } from '../support/gateway.ts';
import { http1Origin, reflectingOrigin, type Seen, valuesOf } from '../support/origins.ts';
import { requirePeer } from '../support/peer.ts';
import { makeCertificate } from '../support/pki.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { WorkerStage } from '../support/worker-stage.ts';

/** The code of an error, after having checked its status. */
function failedWith({ status, body }: Answered, wanted: number): string {
  assert.equal(status, wanted, body);
  return (JSON.parse(body) as { error: { code: string } }).error.code;
}

const from = (address: string): { headers: Record<string, string> } => ({ headers: { 'x-forwarded-for': address } });

describe('access by address', () => {
  test('is decided by the nearest place, for routes, for the default backend and for what is nowhere', async (t) => {
    const backend = await reflectingOrigin(t);
    const routes = [
      { match: { path: '/open' }, to: backend, policies: { acl: false } },
      { match: { path: '/team' }, to: backend, policies: { acl: { allow: ['127.0.0.0/8', '::1'] } } },
      { match: { path: '/other' }, to: backend },
    ];
    const policies = { acl: { allow: ['10.0.0.0/8'] } };
    for (const settings of [{ gateway: { routes, policies } }, { policies, gateway: { routes } }]) {
      const gateway = await Gateway.open(t, settings);
      for (const path of ['/open', '/team']) assert.equal((await ask(gateway.url + path)).status, 200, path);
      for (const path of ['/other', '/nowhere']) {
        assert.equal(failedWith(await ask(gateway.url + path, { method: 'POST', body: 'x' }), 403), 'forbidden', path);
      }
      assert.equal((await ask(`${gateway.url}/health`)).status, 200);
    }
  });

  test('sees who is behind a proxy that is trusted', async (t) => {
    const policies = {
      acl: { allow: ['198.51.100.0/24', '2001:db8::/32'], trusted_proxies: ['127.0.0.1', '10.0.0.0/8'] },
    };
    const gateway = await Gateway.open(t, { gateway: { default_backend: await reflectingOrigin(t), policies } });
    for (const address of ['198.51.100.7', '6.6.6.6, 198.51.100.7, 10.0.0.9', '[2001:db8::7]:443']) {
      assert.equal((await ask(gateway.url, from(address))).status, 200, address);
    }
    for (const address of ['198.51.100.7, 6.6.6.6', 'unknown', '']) {
      assert.equal(failedWith(await ask(gateway.url, from(address)), 403), 'forbidden', address);
    }
  });

  test('holds at the forward proxy, also for tunnels', async (t) => {
    const policies = { acl: { deny: ['127.0.0.1'] } };
    const gateway = await Gateway.open(t, { egress: { policies } });
    const proxy = `http://127.0.0.1:${gateway.proxyPort}`;
    assert.equal(failedWith(await ask(proxy), 403), 'forbidden');
    const { statusCode } = await connect(gateway.proxyPort);
    assert.equal(statusCode, 403);
  });

  test('comes into force with a reload', async (t) => {
    const to = { default_backend: await reflectingOrigin(t) };
    const gateway = await Gateway.open(t, { gateway: to });
    assert.equal((await ask(gateway.url)).status, 200);
    await gateway.apply({ gateway: { ...to, policies: { acl: { deny: ['127.0.0.0/8'] } } } });
    assert.equal(failedWith(await ask(gateway.url), 403), 'forbidden');
  });
});

describe('users only', () => {
  const users = [
    { name: 'alice', token: 'a-token', may: ['gateway', 'egress'] },
    { name: 'bob', token_sha256: createHash('sha256').update('b-token').digest('hex'), may: ['egress'] },
  ];
  const as = (value: string): { headers: Record<string, string> } => ({ headers: { authorization: value } });
  const basic = (login: string): string => `Basic ${Buffer.from(login).toString('base64')}`;

  test('are let in by token, and their token stays here', async (t) => {
    const backend = await reflectingOrigin(t);
    const routes = [{ match: { path: '/open' }, to: backend, policies: { auth: 'none' } }];
    const policies = { auth: 'users' };
    const gateway = await Gateway.open(t, { users, gateway: { routes, default_backend: backend, policies } });
    for (const value of ['Bearer a-token', basic('alice:a-token')]) {
      const { status, body } = await ask(gateway.url, as(value));
      assert.equal(status, 200);
      assert.deepEqual(valuesOf(JSON.parse(body) as Seen, 'authorization'), []);
    }
    const asked = await ask(gateway.url);
    assert.equal(failedWith(asked, 401), 'unauthorized');
    assert.equal(asked.headers['www-authenticate'], 'Bearer realm="Sluice", Basic realm="Sluice", charset="UTF-8"');
    assert.equal(failedWith(await ask(gateway.url, as('Bearer b-token')), 403), 'forbidden');
    const lines = await gateway.accessLines(4);
    assert.deepEqual(
      lines.map((line) => line['user.name'] ?? ''),
      ['alice', 'alice', '', ''],
    );
    const open = await ask(`${gateway.url}/open`, as('Bearer theirs'));
    assert.deepEqual(valuesOf(JSON.parse(open.body) as Seen, 'authorization'), ['Bearer theirs']);
  });

  test('are asked for by curl as by any other client', async (t) => {
    const policies = { auth: 'users' };
    const gateway = await Gateway.open(t, { users, gateway: { default_backend: await reflectingOrigin(t), policies } });
    if (requirePeer(t, 'curl') === undefined) return;
    const curl = promisify(execFile);
    const write = ['-s', '-o', '/dev/null', '-w', '%{http_code}', '--max-time', '10'];
    for (const [login, status] of [
      [['-u', 'alice:a-token'], '200'],
      [['--oauth2-bearer', 'a-token'], '200'],
      [['--anyauth', '-u', 'alice:a-token'], '200'],
      [['-u', 'alice:b-token'], '401'],
    ] as const) {
      assert.equal((await curl('curl', [...write, ...login, gateway.url])).stdout, status, login.join(' '));
    }
  });

  test('is what the top says for the forward proxy too', async (t) => {
    const gateway = await Gateway.open(t, { users, policies: { auth: 'users' }, egress: { allow_private: true } });
    assert.equal((await connect(gateway.proxyPort)).statusCode, 407);
  });
});

describe('header fields', () => {
  const security = { 'x-content-type-options': 'nosniff', 'x-frame-options': 'DENY' };
  const headers = {
    security: true,
    csp: "default-src 'self'",
    request: { set: { 'X-Team': 'a' }, add: { 'X-Seen': 'b' }, remove: ['Cookie'] },
    response: { set: { Server: 'us' }, remove: ['X-Powered-By'] },
  };

  test('are changed both ways, and every answer protects', async (t) => {
    const backend = await http1Origin(t, (request, response) => {
      const { 'x-team': team, 'x-seen': seen, cookie } = request.headers;
      response.writeHead(200, { server: 'them', 'x-powered-by': 'x', 'x-frame-options': 'SAMEORIGIN' });
      response.end(JSON.stringify([team, seen, cookie ?? null]));
    });
    const gateway = await gatewayTo(t, backend, { gateway: { policies: { headers } } });
    const { headers: got, body } = await ask(gateway.url, { headers: { cookie: 'a=b', 'x-team': 'z', 'x-seen': 'a' } });
    assert.equal(body, '["a","a, b",null]');
    assert.deepEqual([got['server'], got['x-powered-by'], got['x-frame-options']], ['us', undefined, 'SAMEORIGIN']);
    assert.equal(got['content-security-policy'], headers.csp);
    assert.equal(got['strict-transport-security'], undefined);
    const refused = await Gateway.open(t, { policies: { headers, acl: { deny: ['127.0.0.1'] } } });
    const { status, headers: guarded } = await ask(refused.url);
    assert.deepEqual([status, guarded['server']], [403, 'us']);
    for (const [name, value] of Object.entries(security)) assert.equal(guarded[name], value, name);
  });

  test('say over TLS that it is to be used, by HTTP/2 and by HTTP/1.1', async (t) => {
    if (requirePeer(t, 'curl') === undefined) return;
    const { cert, key } = makeCertificate(temporaryFolder(t), 'localhost');
    const backend = await reflectingOrigin(t);
    const gateway = await gatewayTo(t, backend, { gateway: { tls: { cert, key }, policies: { headers } } });
    for (const [version, first] of [
      ['--http1.1', 'HTTP/1.1 200 OK'],
      ['--http2', 'HTTP/2 200 '],
    ] as const) {
      const options = ['-s', '-k', '-D', '-', '-o', '/dev/null', '--max-time', '10', version];
      const { stdout } = await promisify(execFile)('curl', [...options, gateway.url]);
      const lines = stdout.split('\r\n').map((line, index) => (index === 0 ? line : line.toLowerCase()));
      assert.equal(lines[0], first);
      assert.ok(lines.includes('strict-transport-security: max-age=31536000'), stdout);
      assert.ok(lines.includes('referrer-policy: strict-origin-when-cross-origin'), stdout);
    }
  });

  test('of what servers elsewhere answer are theirs at the forward proxy, unless they are named', async (t) => {
    const origin = await reflectingOrigin(t);
    const settings = { policies: { headers }, egress: { allow_private: true } };
    const gateway = await Gateway.open(t, settings);
    const { headers: got } = await ask(`http://127.0.0.1:${gateway.proxyPort}`, { target: `${origin}/x` });
    assert.deepEqual([got['server'], got['x-content-type-options']], ['us', undefined]);
  });
});

describe('a rate limit', () => {
  const limited = (settings: object): object => ({ policies: { rate_limit: { rate: '1/h', burst: 2, ...settings } } });
  const to = { respond: { status: 204 } };

  async function statuses(urls: readonly string[], headers: Record<string, string> = {}): Promise<number[]> {
    const all: number[] = [];
    for (const url of urls) all.push((await ask(url, { headers })).status);
    return all;
  }

  test('is one for all routes of its place, and says when to come again', async (t) => {
    const routes = [
      { match: { path: '/a' }, to },
      { match: { path: '/b' }, to },
      { match: { path: '/own' }, to, ...limited({ burst: 1 }) },
      { match: { path: '/free' }, to, policies: { rate_limit: false } },
    ];
    const gateway = await Gateway.open(t, { gateway: { routes, ...limited({}) } });
    const urls = (...paths: string[]): string[] => paths.map((path) => gateway.url + path);
    assert.deepEqual(await statuses(urls('/a', '/b', '/a', '/nowhere')), [204, 204, 429, 429]);
    assert.deepEqual(await statuses(urls('/own', '/own', '/free', '/free', '/free')), [204, 429, 204, 204, 204]);
    const answer = await ask(`${gateway.url}/b`);
    assert.equal(failedWith(answer, 429), 'too_many_requests');
    assert.deepEqual([answer.headers['ratelimit-limit'], answer.headers['ratelimit-remaining']], ['2', '0']);
    const seconds = Number(answer.headers['retry-after']);
    assert.ok(seconds > 3000 && seconds <= 3600, String(seconds));
    assert.equal(gateway.metric('sluice_http_request_errors_total', { reason: 'too_many_requests' }), 4);
  });

  test('outlives a reload', async (t) => {
    const settings = { gateway: { routes: [{ to }], ...limited({}) } };
    const gateway = await Gateway.open(t, settings);
    assert.deepEqual(await statuses([gateway.url]), [204]);
    await gateway.apply(settings);
    assert.deepEqual(await statuses([gateway.url, gateway.url]), [204, 429]);
  });

  test('knows the clients of a trusted proxy apart, and users', async (t) => {
    const users = [
      { name: 'alice', token: 'a-token', may: ['gateway'] },
      { name: 'bob', token: 'b-token', may: ['gateway'] },
    ];
    const acl = { trusted_proxies: ['127.0.0.1'] };
    const rate = { rate: '1/h', burst: 1 };
    const routes = [
      { match: { path: '/ip' }, to, policies: { acl, rate_limit: rate } },
      { match: { path: '/user' }, to, policies: { auth: 'users', rate_limit: { ...rate, per: 'user' } } },
    ];
    const gateway = await Gateway.open(t, { users, gateway: { routes } });
    for (const [path, headers, expected] of [
      ['/ip', { 'x-forwarded-for': '198.51.100.1' }, [204, 429]],
      ['/ip', { 'x-forwarded-for': '198.51.100.2' }, [204, 429]],
      ['/user', { authorization: 'Bearer a-token' }, [204, 429]],
      ['/user', { authorization: 'Bearer b-token' }, [204, 429]],
    ] as const) {
      const url = gateway.url + path;
      assert.deepEqual(await statuses([url, url], headers), expected, JSON.stringify(headers));
    }
  });

  test('holds at the forward proxy for tunnels too', async (t) => {
    const gateway = await Gateway.open(t, { egress: { allow_private: false, ...limited({ burst: 1 }) } });
    const codes = [await connect(gateway.proxyPort, '127.0.0.1:9'), await connect(gateway.proxyPort, '127.0.0.1:9')];
    assert.deepEqual(
      codes.map(({ statusCode }) => statusCode),
      [403, 429],
    );
  });

  test('is one across all threads', async (t) => {
    const stage = await WorkerStage.open(t, 2, { gateway: { routes: [{ to }], ...limited({ burst: 10 }) } });
    const answers = await Promise.all(Array.from({ length: 40 }, () => ask(stage.url)));
    assert.equal(answers.filter(({ status }) => status === 204).length, 10);
    assert.equal(answers.filter(({ status }) => status === 429).length, 30);
  });
});

function connect(port: number, authority = 'a.test:443'): Promise<{ statusCode: number | undefined }> {
  return new Promise((resolve, reject) => {
    const request = http.request({ host: '127.0.0.1', port, method: 'CONNECT', path: authority, agent: false });
    request.on('connect', ({ statusCode }, socket) => {
      socket.destroy();
      resolve({ statusCode });
    });
    request.on('error', reject);
    request.end();
  });
}
