// Cross-origin resource sharing as browsers and curl meet it.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { describe, test, type TestContext } from 'node:test';
import { promisify } from 'node:util';
import { ask } from '../support/ask.ts';
import { Gateway, gatewayTo } from '../support/gateway.ts';
import { http1Origin, reflectingOrigin } from '../support/origins.ts';
import { requirePeer } from '../support/peer.ts';
import { makeCertificate } from '../support/pki.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const APP = 'https://app.test';
const preflight = { origin: APP, 'access-control-request-method': 'PUT' };

describe('sharing with other origins', () => {
  const headers = { cors: { origins: [APP], methods: ['PUT'], credentials: true, headers: ['X-One'] } };
  const users = [{ name: 'alice', token: 'a-token', may: ['gateway'] }];

  test('is answered before anybody asks who it is, and never reaches the backend', async (t) => {
    let asked = 0;
    const backend = await http1Origin(t, (_request, response) => response.end(String(++asked)));
    const gateway = await gatewayTo(t, backend, { users, policies: { headers, auth: 'users' } });
    const answer = await ask(gateway.url, { method: 'OPTIONS', headers: preflight });
    assert.equal(answer.status, 204);
    assert.equal(answer.headers['access-control-allow-origin'], APP);
    assert.equal(answer.headers['access-control-allow-methods'], 'PUT');
    assert.equal(answer.headers['access-control-allow-headers'], 'X-One');
    assert.equal(answer.headers['access-control-allow-credentials'], 'true');
    assert.equal(asked, 0);
  });

  test('is said of errors too: of who may not enter, of who comes too often, and where no server answers', async (t) => {
    const backend = await reflectingOrigin(t);
    const gone = 'http://127.0.0.1:1';
    const login = { authorization: 'Bearer a-token' };
    const routes = [
      { match: { path: '/auth' }, to: backend, policies: { auth: 'users' } },
      { match: { path: '/limit' }, to: backend, policies: { rate_limit: { rate: '1/h', burst: 1 } } },
      { match: { path: '/acl' }, to: backend, policies: { acl: { deny: ['127.0.0.1'] } } },
      { match: { path: '/gone' }, to: gone },
    ];
    const gateway = await Gateway.open(t, { users, gateway: { routes, policies: { headers } } });
    for (const [path, status, more] of [
      ['/auth', 401, {}],
      ['/auth', 200, login],
      ['/limit', 200, {}],
      ['/limit', 429, {}],
      ['/acl', 403, {}],
      ['/gone', 502, {}],
      ['/nowhere', 404, {}],
    ] as const) {
      const answer = await ask(gateway.url + path, { headers: { origin: APP, ...more } });
      assert.equal(answer.status, status, path);
      assert.equal(answer.headers['access-control-allow-origin'], APP, path);
      assert.equal(answer.headers['vary'], 'Origin', path);
    }
  });

  test('is said by HTTP/2 as by HTTP/1.1', async (t) => {
    if (requirePeer(t, 'curl') === undefined) return;
    const { cert, key } = makeCertificate(temporaryFolder(t), 'localhost');
    const gateway = await gatewayTo(t, await reflectingOrigin(t), {
      gateway: { tls: { cert, key }, policies: { headers } },
    });
    for (const version of ['--http1.1', '--http2']) {
      const options = ['-s', '-k', '-D', '-', '-o', '/dev/null', '--max-time', '10', version, '-X', 'OPTIONS'];
      const fields = Object.entries(preflight).flatMap(([name, value]) => ['-H', `${name}: ${value}`]);
      const { stdout } = await promisify(execFile)('curl', [...options, ...fields, gateway.url]);
      assert.match(stdout, /^HTTP\/\S+ 204[^]*access-control-allow-origin: https:\/\/app\.test\r$/im, version);
    }
  });
});

/** A page that tries each of these and shows what became of it. */
function pageOf(base: string, tries: Readonly<Record<string, string>>): string {
  const lines = Object.entries(tries).map(
    ([name, init]) => `try { const r = await fetch('${base}/${name}', ${init});
      out.push('${name}=' + r.status + (r.headers.get('x-id') ?? '')); } catch { out.push('${name}=refused'); }`,
  );
  return `<p id="a">nothing</p><script type="module">const out = [];
    ${lines.join('\n')} document.getElementById('a').textContent = out.join(' ');</script>`;
}

async function shownBy(t: TestContext, chromium: string, url: string): Promise<string> {
  const profile = join(temporaryFolder(t), 'profile');
  const flags = ['headless', 'no-sandbox', 'disable-gpu', 'no-first-run', 'disable-dev-shm-usage'];
  const quiet = ['disable-background-networking', 'disable-component-update', 'disable-sync', 'no-proxy-server'];
  const all = [...flags, ...quiet, `user-data-dir=${profile}`, 'virtual-time-budget=20000', 'dump-dom'];
  const env = { ...process.env, HOME: profile };
  const { stdout } = await promisify(execFile)(chromium, [...all.map((flag) => `--${flag}`), url], {
    env,
    timeout: 60_000,
  });
  return /<p id="a">(.*?)<\/p>/.exec(stdout)?.[1] ?? stdout;
}

test('a browser lets a page of an allowed origin do what is allowed, and nothing else', async (t) => {
  const chromium = requirePeer(t, 'chromium');
  if (chromium === undefined) return;
  const api = await http1Origin(t, (_request, response) => {
    response.writeHead(200, { 'x-id': '7', 'access-control-allow-origin': 'https://elsewhere.test' }).end('x');
  });
  let page = '';
  const app = await http1Origin(t, (_request, response) => response.setHeader('Content-Type', 'text/html').end(page));
  const cors = { origins: [app], methods: ['PUT'], headers: ['X-One'], expose: ['X-Id'], credentials: true };
  const users = [{ name: 'alice', token: 'a-token', may: ['gateway'] }];
  const routes = [
    { match: { path: '/auth' }, to: api, policies: { auth: 'users' } },
    { match: { path: '/other' }, to: api, policies: { headers: { cors: { origins: ['https://other.test'] } } } },
    { match: { path: '/gone' }, to: 'http://127.0.0.1:1' },
  ];
  const policies = { headers: { cors } };
  const gateway = await gatewayTo(t, api, { users, gateway: { default_backend: api, policies, routes } });
  page = pageOf(gateway.url, {
    simple: '{}',
    put: `{ method: 'PUT', headers: { 'X-One': '1' }, credentials: 'include' }`,
    delete: `{ method: 'DELETE' }`,
    field: `{ headers: { 'X-Two': '1' } }`,
    auth: '{}',
    gone: '{}',
    other: '{}',
  });
  assert.equal(
    await shownBy(t, chromium, app),
    'simple=2007 put=2007 delete=refused field=refused auth=401 gone=502 other=refused',
  );
});
