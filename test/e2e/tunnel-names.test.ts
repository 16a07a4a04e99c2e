// Names of tunnels and the accounts that they belong to, as clients and visitors see them.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ask } from '../support/ask.ts';
import type { Gateway } from '../support/gateway.ts';
import { TunnelClient } from '../support/tunnel-client.ts';
import { code, doorOf, open, SERVER, serve, TOKEN, USERS, visit } from '../support/tunnel-visits.ts';

describe('a name', () => {
  test('waits for its account, and is nobody else’s meanwhile', async (t) => {
    const gateway = await serve(t);
    const client = await open(t, gateway);
    client.socket.terminate();
    await gateway.until(() => gateway.metric('sluice_tunnel_clients') === 0, 'that the client has gone');
    const [offline, unknown] = [await visit(gateway), await visit(gateway, '/', {}, 'other.example.test')];
    assert.deepEqual([offline.status, code(offline), offline.headers['retry-after']], [503, 'tunnel_offline', '5']);
    assert.deepEqual([unknown.status, code(unknown)], [404, 'tunnel_unknown']);
    const bob = await TunnelClient.open(t, doorOf(gateway), { token: 'token-of-bob', names: [] });
    bob.say('TunnelCreate', { protocol: 'http', subdomain: 'APP' });
    assert.equal((await bob.next())['code'], 'SUBDOMAIN_UNAVAILABLE');
    await open(t, gateway);
  });

  test('goes to the newer client of its account at once', async (t) => {
    const gateway = await serve(t);
    const stale = await open(t, gateway);
    const fresh = await open(t, gateway);
    assert.equal((await stale.next())['code'], 'SUBDOMAIN_UNAVAILABLE');
    assert.equal((await stale.end()).code, 1008);
    const visited = visit(gateway);
    fresh.answer((await fresh.next())['stream_id']);
    assert.equal((await visited).status, 200);
  });

  test('may be asked for as the path that it was called once, and comes back so', async (t) => {
    const gateway = await serve(t);
    const client = await TunnelClient.open(t, doorOf(gateway), { token: TOKEN, names: [] });
    client.say('TunnelCreate', { protocol: 'http', path: '' });
    const { url, subdomain, path } = (await client.next()) as Readonly<Record<string, string>>;
    assert.ok(path !== undefined);
    assert.deepEqual([subdomain, url], [path, `http://${path}.example.test`]);
    client.socket.terminate();
    const again = await TunnelClient.open(t, doorOf(gateway), { token: TOKEN, names: [] });
    again.say('TunnelCreate', { protocol: 'http', path: `/${path}/` });
    assert.deepEqual((await again.next())['path'], path);
    const visited = visit(gateway, '/', {}, `${path}.example.test`);
    const opened = await again.nextOf('StreamOpen');
    assert.equal(opened['tunnel_id'], path);
    again.answer(opened['stream_id']);
    assert.equal((await visited).status, 200);
    const bob = await TunnelClient.open(t, doorOf(gateway), { token: 'token-of-bob', names: [] });
    bob.say('TunnelCreate', { protocol: 'http', path });
    assert.equal((await bob.next())['code'], 'PATH_TAKEN');
  });

  test('that nobody can have does no harm', async (t) => {
    const gateway = await serve(t);
    const hosts = [
      'constructor.example.test',
      '__proto__.example.test',
      'a.b.example.test',
      `${'x'.repeat(300)}.example.test`,
    ];
    for (const host of hosts) assert.equal((await visit(gateway, '/', {}, host)).status, 404);
    const page = await visit(gateway, '/', { headers: { Accept: 'text/html' } }, 'other.example.test');
    assert.match(page.body, /^<!doctype html>[^]*There is no tunnel of this name/);
  });

  test('is free and its client is ended when the operator takes it', async (t) => {
    const gateway = await serve(t);
    const client = await open(t, gateway);
    assert.deepEqual(
      gateway.tunnels.reports().map(({ name, client: behind }) => [name, behind?.version]),
      [['app', 2]],
    );
    assert.deepEqual([gateway.tunnels.remove('app'), gateway.tunnels.remove('app')], [true, false]);
    assert.equal((await client.end()).code, 1008);
    assert.equal((await visit(gateway)).status, 404);
  });
});

describe('an account', () => {
  async function call(
    gateway: Gateway,
    path: string,
    fields: object | null,
    token?: string,
  ): Promise<[number, Record<string, string>]> {
    const headers: Record<string, string> = token === undefined ? {} : { Authorization: `Bearer ${token}` };
    const asked = fields === null ? { headers } : { method: 'POST', body: JSON.stringify(fields), headers };
    const { status, body } = await ask(`${doorOf(gateway)}${path}`, asked);
    return [status, JSON.parse(body) as Record<string, string>];
  }

  test('is registered, told, and given another token, which ends those that are connected with the old one', async (t) => {
    const gateway = await serve(t);
    const [status, { auth_token: token = '', id, email }] = await call(gateway, '/api/v1/auth/register', {
      email: 'anon-1@retunnel.com',
    });
    assert.deepEqual([status, email], [201, 'anon-1@retunnel.com']);
    assert.deepEqual((await call(gateway, '/api/v1/users/me', null, token))[1]['id'], id);
    assert.deepEqual(await call(gateway, '//api/v1/auth/verify-token', { old_token: token }), [
      200,
      { user_id: id, email },
    ]);
    const client = await TunnelClient.open(t, doorOf(gateway), { token, names: ['mine'] });
    const [, { auth_token: next = '' }] = await call(gateway, '/api/v1/auth/refresh', {}, token);
    assert.equal((await client.end()).code, 1008);
    assert.equal((await call(gateway, '/api/v1/users/me', null, token))[0], 401);
    assert.equal((await call(gateway, '/api/v1/auth/reactivate-token', { old_token: token }))[0], 404);
    const again = await TunnelClient.open(t, doorOf(gateway), { token: next, names: ['mine'] });
    assert.equal(again.closed, null);
  });

  test('is refused what does not fit, and registered so many times from one address only', async (t) => {
    const gateway = await serve(t);
    const paths = [
      ['/api/v1/auth/register', { email: 5 }, 422],
      ['/api/v1/nothing', {}, 404],
      ['/api/v1/users/me', {}, 405],
    ] as const;
    for (const [path, fields, status] of paths) assert.equal((await call(gateway, path, fields))[0], status);
    assert.equal((await call(gateway, '/api/v1/auth/refresh', {}, TOKEN))[0], 403);
    const statuses = new Set<number>();
    for (let i = 0; i < 12; i++)
      statuses.add((await call(gateway, '/api/v1/auth/register', { email: `a${i}@b.c` }))[0]);
    assert.deepEqual([...statuses], [201, 429]);
    await gateway.apply({ users: USERS, tunnels: { server: { ...SERVER, registration: 'closed' } } });
    assert.equal((await call(gateway, '/api/v1/auth/register', { email: 'x@y.z' }))[0], 403);
  });

  test('of the configuration ends with it, and so does everything when the server is switched off', async (t) => {
    const gateway = await serve(t);
    const client = await open(t, gateway);
    const bob = await TunnelClient.open(t, doorOf(gateway), { token: 'token-of-bob', names: ['bobs'] });
    await gateway.apply({ users: USERS.slice(1), tunnels: { server: SERVER } });
    assert.equal((await client.end()).code, 1008);
    await gateway.apply({ users: USERS });
    assert.deepEqual([(await bob.end()).code, gateway.tunnels.doors()], [1001, []]);
    assert.equal((await visit(gateway)).status, 404);
  });
});
