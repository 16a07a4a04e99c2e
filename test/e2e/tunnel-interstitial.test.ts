// The page before the first visit of a browser to a tunnel, as visitors meet it: a real browser sees it once, programs never.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { test, type TestContext } from 'node:test';
import { promisify } from 'node:util';
import { WebSocket, WebSocketServer } from 'ws';
import { ask, type Answered } from '../support/ask.ts';
import { Page } from '../support/browser.ts';
import { Exposed, localServer, serveTunnels, TUNNEL_SERVER, wish } from '../support/exposed.ts';
import type { Gateway, GatewaySettings } from '../support/gateway.ts';
import { configOf } from '../support/gateway.ts';
import { TunnelClient } from '../support/tunnel-client.ts';
import { WorkerStage } from '../support/worker-stage.ts';
import { requirePeer } from '../support/peer.ts';
import { runSluice } from '../support/sluice-process.ts';

const HOST = 'app.example.test';
const USER_AGENT =
  'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36';
const ACCEPT = 'text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8';
/** As chromium sends them where it is told to go to an address: in the clear, and over TLS. */
const PLAIN = { 'User-Agent': USER_AGENT, Accept: ACCEPT, 'Upgrade-Insecure-Requests': '1' };
const SECURE = {
  ...PLAIN,
  'Sec-Fetch-Site': 'none',
  'Sec-Fetch-Mode': 'navigate',
  'Sec-Fetch-User': '?1',
  'Sec-Fetch-Dest': 'document',
};
/** Of a `fetch` within a page. */
const FETCH = { 'User-Agent': USER_AGENT, Accept: '*/*', 'Sec-Fetch-Mode': 'cors', 'Sec-Fetch-Dest': 'empty' };

interface Stage {
  readonly gateway: Gateway;
  /** What the app has been asked, with those fields that are between the browser and the gateway. */
  readonly asked: string[];
}

function withPage(interstitial: true | object, domain = 'example.test'): GatewaySettings {
  // Those of the test belong to a user of the configuration.
  const page = interstitial === true ? { users: true } : { users: true, ...interstitial };
  return { tunnels: { server: { ...TUNNEL_SERVER.tunnels.server, domain, interstitial: page } } };
}

async function staged(t: TestContext, settings: GatewaySettings): Promise<Stage> {
  const asked: string[] = [];
  const local = await localServer(t, ({ method, url, headers }, response) => {
    const { cookie = '-', 'sluice-skip-interstitial': skip = '-' } = headers;
    if (url !== '/favicon.ico') asked.push(`${method} ${url} ${cookie} ${String(skip)}`);
    response.setHeader('Content-Type', 'text/html');
    response.setHeader('Cache-Control', 'max-age=60');
    response.end('<!doctype html><link rel="icon" href="data:,"><p>the app</p>');
  });
  const sockets = new WebSocketServer({ server: local });
  sockets.on('connection', (socket) => socket.on('message', () => socket.close(4000)));
  const gateway = await serveTunnels(t, settings);
  await Exposed.open(t, gateway, wish(local.port));
  return { gateway, asked };
}

function visit(gateway: Gateway, path: string, headers: Record<string, string>, method = 'GET'): Promise<Answered> {
  return ask(`${gateway.url}${path}`, { method, headers: { Host: HOST, ...headers } });
}

const isPage = ({ headers }: Answered): boolean => headers['sluice-interstitial'] === '1';

// To names below `localhost` browsers say what they are about as they do over TLS.
for (const domain of ['example.test', 'localhost']) {
  test(`a real browser sees it once below ${domain}, and comes to where it wanted to go`, async (t) => {
    const chromium = requirePeer(t, 'chromium');
    if (chromium === undefined) return;
    const { gateway, asked } = await staged(t, withPage(true, domain));
    const host = `app.${domain}`;
    const page = await Page.open(t, chromium, [host]);
    const origin = `http://${host}:${new URL(gateway.url).port}`;
    await page.goTo(`${origin}/deep//er?a=1&b=%22`);
    await page.shows(`You are about to visit ${host}`);
    assert.deepEqual(asked, []);
    await page.value(`document.querySelector('button').click()`);
    await page.shows('the app');
    assert.equal(await page.value('location.href'), `${origin}/deep//er?a=1&b=%22`);
    assert.match(
      String(await page.value(`fetch('/api', { credentials: 'omit' }).then((got) => got.text())`)),
      /the app/,
    );
    await page.goTo(`${origin}/second`);
    await page.shows('the app');
    assert.equal(await page.value('document.cookie'), '');
    assert.deepEqual(asked, ['GET /deep//er?a=1&b=%22 - -', 'GET /api - -', 'GET /second - -']);
  });
}

test('navigations get it in the clear and over TLS; nothing else does, and the app learns nothing of it', async (t) => {
  const { gateway, asked } = await staged(t, withPage(true));
  for (const headers of [PLAIN, SECURE]) {
    const answer = await visit(gateway, '/', headers);
    assert.deepEqual([answer.status, isPage(answer)], [200, true]);
    assert.deepEqual([answer.headers['cache-control'], answer.headers['x-robots-tag']], ['no-store', 'noindex']);
    assert.match(answer.body, new RegExp(`Go on to ${HOST}`));
  }
  assert.deepEqual(asked, []);
  const others: Record<string, string>[] = [
    FETCH,
    { ...SECURE, 'Sec-Fetch-Dest': 'iframe' },
    { 'User-Agent': 'curl/8.14.1', Accept: '*/*' },
    { ...SECURE, 'Sluice-Skip-Interstitial': '1' },
    { ...SECURE, Cookie: 'sluice-interstitial=seen' },
  ];
  for (const headers of others)
    assert.match((await visit(gateway, '/', headers)).body, /the app/, JSON.stringify(headers));
  assert.match((await visit(gateway, '/', SECURE, 'POST')).body, /the app/);
  assert.deepEqual(asked, [...others.map(() => 'GET / - -'), 'POST / - -']);
});

test('curl and WebSockets of browsers come to the app at once', async (t) => {
  const { gateway, asked } = await staged(t, withPage(true));
  if (requirePeer(t, 'curl') === undefined) return;
  const curled = await promisify(execFile)('curl', ['-sS', '-H', `Host: ${HOST}`, gateway.url]);
  assert.match(curled.stdout, /the app/);
  assert.equal(asked.length, 1);
  const options = { headers: { Host: HOST, Origin: `http://${HOST}`, 'User-Agent': USER_AGENT, Accept: ACCEPT } };
  const socket = new WebSocket(gateway.url.replace(/^http/, 'ws'), options);
  t.after(() => socket.terminate());
  await once(socket, 'open');
  socket.send('hello');
  assert.equal((await once(socket, 'close'))[0], 4000);
});

test('its button cannot be pressed from elsewhere, and leads to no other server', async (t) => {
  const { gateway, asked } = await staged(t, withPage({ cookie_ttl: '1h' }));
  const press = (path: string, headers: Record<string, string>): Promise<Answered> =>
    visit(gateway, `${path}?sluice-interstitial=continue`, { ...headers, 'Content-Length': '0' }, 'POST');
  const own = await press('/a', { Origin: `http://${HOST}` });
  const cookie = 'sluice-interstitial=seen; Path=/; Max-Age=3600; HttpOnly; SameSite=Lax';
  assert.deepEqual([own.status, own.headers.location, own.headers['set-cookie']], [303, '/a', [cookie]]);
  const away = await press('//evil.test/', { ...SECURE, 'Sec-Fetch-Site': 'same-origin' });
  assert.equal(new URL(away.headers.location ?? '', `http://${HOST}/`).host, HOST);
  for (const headers of [{ Origin: 'http://evil.test' }, { ...SECURE, 'Sec-Fetch-Site': 'cross-site' }, {}]) {
    const forged = await press('/a', headers);
    assert.deepEqual([forged.status, forged.headers['set-cookie']], [303, undefined]);
  }
  assert.deepEqual(asked, []);
});

test('it stands before the cache and behind those who decide who may come in; routes that name a tunnel have none', async (t) => {
  const { gateway } = await staged(t, {
    ...withPage(true),
    gateway: {
      routes: [{ match: { host: 'own.example.test' }, to: { tunnel: 'app' } }],
      policies: { cache: { cache_status: true } },
    },
  });
  for (const hit of [false, true]) {
    const { headers } = await visit(gateway, '/kept', FETCH);
    assert.equal(/hit/.test(String(headers['cache-status'])), hit);
  }
  assert.ok(isPage(await visit(gateway, '/kept', SECURE)));
  assert.match((await visit(gateway, '/kept', FETCH)).body, /the app/);
  assert.match((await visit(gateway, '/', { ...SECURE, Host: 'own.example.test' })).body, /the app/);
  await gateway.apply({ ...TUNNEL_SERVER, ...withPage(true), policies: { acl: { deny: ['127.0.0.1'] } } });
  const refused = await visit(gateway, '/', SECURE);
  assert.deepEqual([refused.status, isPage(refused)], [403, false]);
});

test('without a word there is none; a word for it may name another field, and a wrong one is told', async (t) => {
  const off = await staged(t, {});
  assert.match((await visit(off.gateway, '/', { ...SECURE, Cookie: 'sluice-interstitial=x' })).body, /the app/);
  assert.deepEqual(off.asked, ['GET / sluice-interstitial=x -']);
  const other = await staged(t, withPage({ skip_header: 'X-Robot' }));
  assert.ok(isPage(await visit(other.gateway, '/', { ...SECURE, 'Sluice-Skip-Interstitial': '1' })));
  assert.match((await visit(other.gateway, '/', { ...SECURE, 'X-Robot': 'yes' })).body, /the app/);
  for (const [said, told] of [
    ['{ skip_header: Cookie }', /expected a field of its own/],
    ['{ cookie_ttl: 7 }', /write 7s for seconds/],
  ] as const) {
    const files = { 'sluice.yaml': `tunnels: { server: { enabled: true, interstitial: ${said} } }` };
    const { code, stderr, stdout } = await runSluice(t, ['up'], { files });
    assert.notEqual(code, 0);
    assert.match(stderr + stdout, told);
  }
});

test('tunnels of users of the configuration have no page unless it is wished for, on any thread', async (t) => {
  const users = [{ name: 'alice', token: 'token-of-alice', may: ['tunnels'] }];
  const settings = { users, tunnels: { server: { ...TUNNEL_SERVER.tunnels.server, interstitial: true } } };
  const stage = new WorkerStage(t, 2);
  await stage.tunnels.apply(configOf(settings));
  await stage.apply(settings);
  const door = stage.tunnels.doors()[0]?.address ?? '';
  const known = await TunnelClient.open(t, door, { token: 'token-of-alice', names: ['app'] });
  const { token } = await stage.tunnels.office.add({ email: 'eve@example.com', token: null });
  await TunnelClient.open(t, door, { token, names: ['stranger'] });
  const go = (name: string) => ask(stage.url, { headers: { ...SECURE, Host: `${name}.example.test` } });
  const visits = Array.from({ length: 8 }, () => go('app'));
  for (const _visit of visits) known.answer((await known.nextOf('StreamOpen'))['stream_id'], { body: 'the app' });
  assert.deepEqual([...new Set((await Promise.all(visits)).map(({ body }) => body))], ['the app']);
  const warned = await Promise.all(Array.from({ length: 8 }, () => go('stranger')));
  assert.ok(warned.every(({ headers }) => headers['sluice-interstitial'] === '1'));
});
