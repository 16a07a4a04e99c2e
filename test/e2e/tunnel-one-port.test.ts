// Where clients of tunnels connect: by TLS, at the port of the gateway, and behind other people's proxies.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { describe, test, type TestContext } from 'node:test';
import { WebSocket } from 'ws';
import { ask } from '../support/ask.ts';
import { startCaddyBefore } from '../support/caddy.ts';
import { CertificateAuthority } from '../support/certificate-authority.ts';
import type { Gateway } from '../support/gateway.ts';
import { LegacySocket } from '../support/legacy-tunnel-client.ts';
import { startNginxBefore } from '../support/nginx.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { TunnelClient } from '../support/tunnel-client.ts';
import { doorOf, SERVER, serve, TOKEN, USERS, visit } from '../support/tunnel-visits.ts';

const DOMAIN = { Host: 'example.test' };
const ONE_PORT = { server: { ...SERVER, one_port: true } };
const TRUSTING = { acl: { trusted_proxies: ['127.0.0.0/8'] } };

/** Signs in and takes the name `app`. */
async function signIn(client: TunnelClient): Promise<void> {
  client.say('Auth', { token: TOKEN, version: 2 });
  assert.equal((await client.next())['Type'], 'HeartbeatAck');
  client.say('TunnelCreate', { protocol: 'http', subdomain: 'app' });
  assert.equal((await client.next())['Type'], 'TunnelCreated');
}

async function openAt(t: TestContext, url: string): Promise<TunnelClient> {
  const client = await TunnelClient.connect(t, url, { headers: DOMAIN });
  await signIn(client);
  return client;
}

describe('the door of the tunnel server', () => {
  test('speaks TLS with its own certificate, which a reload renews', async (t) => {
    const authority = new CertificateAuthority(temporaryFolder(t));
    const { certFile: cert, keyFile: key } = authority.issue('tunnels', 'DNS:localhost', 'IP:127.0.0.1');
    const gateway = await serve(t, { tunnels: { server: { ...SERVER, tls: { cert, key } } } });
    const door = doorOf(gateway);
    assert.match(door, /^https:/);
    const client = await TunnelClient.connect(t, door, { ca: authority.certificate.cert });
    await signIn(client);
    const visited = visit(gateway);
    client.answer((await client.next())['stream_id']);
    assert.equal((await visited).status, 200);
    const other = authority.issue('other', 'DNS:other.test');
    const broken = { ...SERVER, tls: { cert: other.certFile, key } };
    await assert.rejects(gateway.apply({ users: USERS, tunnels: { server: broken } }));
    assert.equal(client.closed, null);
    const renewed = { ...SERVER, tls: { cert: other.certFile, key: other.keyFile } };
    await gateway.apply({ users: USERS, tunnels: { server: renewed } });
    const stranger = new WebSocket(`${door.replace('https', 'wss')}/api/v1/ws/tunnel`, {
      ca: authority.certificate.cert,
    });
    const [error] = (await once(stranger, 'error')) as [Error];
    assert.match(error.message, /altname/i);
  });
});

describe('the port of the gateway', () => {
  test('is enough for clients too, at the domain itself, where that is wanted', async (t) => {
    const gateway = await serve(t, { tunnels: ONE_PORT });
    const client = await openAt(t, gateway.url);
    const visited = visit(gateway);
    client.answer((await client.next())['stream_id']);
    assert.equal((await visited).status, 200);
    assert.equal(gateway.tunnels.reports()[0]?.client?.address, '127.0.0.1');
    const me = await ask(`${gateway.url}/api/v1/users/me`, {
      headers: { ...DOMAIN, Authorization: `Bearer ${TOKEN}` },
    });
    assert.equal((JSON.parse(me.body) as { id: string }).id, 'user:alice');
    assert.equal((await ask(`${gateway.url}/api/v1/users/me`, { headers: { Host: 'other.test' } })).status, 404);
    const old = await LegacySocket.connect(t, `${gateway.url}//api/v1/ws/tunnel`, TOKEN, DOMAIN);
    old.say('Auth', { User: TOKEN });
    assert.equal((await old.next())['Type'], 'AuthResp');
    await gateway.apply({ users: USERS, tunnels: { server: SERVER } });
    assert.equal((await ask(`${gateway.url}/api/v1/users/me`, { headers: DOMAIN })).status, 404);
  });

  test('lets nobody say for whom a request is but the gateway', async (t) => {
    const gateway = await serve(t, { tunnels: ONE_PORT });
    const headers = { 'Sluice-Tunnel': '@server', 'Sluice-Tunnel-Visitor': '6.6.6.6' };
    assert.equal((await visit(gateway, '/api/v1/users/me', { headers })).status, 404);
    const client = await openAt(t, gateway.url);
    const visited = visit(gateway, '/', { headers: { ...headers, 'X-Forwarded-For': '6.6.6.6' } });
    const opened = await client.next();
    client.answer(opened['stream_id']);
    await visited;
    const said = (opened['headers'] as [string, string][]).map(([name, value]) => `${name.toLowerCase()}: ${value}`);
    assert.ok(said.includes('x-forwarded-for: 127.0.0.1') && !said.some((line) => line.includes('6.6.6.6')));
  });

  test('asks nobody but its own visitors who they are', async (t) => {
    const gateway = await serve(t, { tunnels: ONE_PORT, gateway: { policies: { auth: 'users' } } });
    await openAt(t, gateway.url);
    assert.equal((await visit(gateway)).status, 401);
  });
});

describe('behind somebody else’s proxy on one port', () => {
  async function proxied(t: TestContext, gateway: Gateway, port: number, expected: readonly string[]): Promise<void> {
    const url = `http://127.0.0.1:${port}`;
    const client = await openAt(t, url);
    const visited = ask(`${url}/x`, { headers: { Host: 'app.example.test', 'X-Forwarded-For': '203.0.113.9' } });
    const opened = await client.next();
    client.answer(opened['stream_id'], { body: 'hello' });
    assert.equal((await visited).body, 'hello');
    const said = new Map((opened['headers'] as [string, string][]).map(([name, value]) => [name.toLowerCase(), value]));
    assert.deepEqual([said.get('x-forwarded-for'), said.get('x-forwarded-proto')], expected);
    const socket = new WebSocket(`ws://127.0.0.1:${port}/chat`, { headers: { Host: 'app.example.test' } });
    t.after(() => socket.terminate());
    socket.on('error', () => {});
    const refused = once(socket, 'unexpected-response');
    client.answer((await client.next())['stream_id'], { status: 403 });
    const [, response] = (await refused) as [unknown, { statusCode: number }];
    assert.equal(response.statusCode, 403);
    assert.equal(gateway.tunnels.reports()[0]?.client?.address, '127.0.0.1');
  }

  test('nginx', async (t) => {
    const gateway = await serve(t, { tunnels: ONE_PORT, gateway: { policies: TRUSTING } });
    const nginx = await startNginxBefore(t, gateway.port);
    // It adds the address of its client, who is trusted here as well.
    if (nginx !== undefined) await proxied(t, gateway, nginx.port, ['203.0.113.9', 'https']);
  });

  test('Caddy', async (t) => {
    const gateway = await serve(t, { tunnels: ONE_PORT, gateway: { policies: TRUSTING } });
    const caddy = await startCaddyBefore(t, gateway.port);
    // It believes nobody.
    if (caddy !== undefined) await proxied(t, gateway, caddy.port, ['127.0.0.1', 'http']);
  });

  test('and believes of visitors what a trusted proxy says', async (t) => {
    const gateway = await serve(t, { tunnels: ONE_PORT, gateway: { policies: TRUSTING } });
    const client = await openAt(t, gateway.url);
    const visited = visit(gateway, '/', {
      headers: { 'X-Forwarded-For': '6.6.6.6, 203.0.113.9', 'X-Forwarded-Proto': 'https' },
    });
    const opened = await client.next();
    client.answer(opened['stream_id']);
    await visited;
    const said = new Map((opened['headers'] as [string, string][]).map(([name, value]) => [name.toLowerCase(), value]));
    assert.deepEqual([said.get('x-forwarded-for'), said.get('x-forwarded-proto')], ['203.0.113.9', 'https']);
  });
});
