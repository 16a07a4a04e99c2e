// Accounts of the tunnel server as clients, visitors and the operator see them.
import assert from 'node:assert/strict';
import { describe, test, type TestContext } from 'node:test';
import { ask } from '../support/ask.ts';
import type { Gateway } from '../support/gateway.ts';
import { TunnelClient } from '../support/tunnel-client.ts';
import { code, doorOf, open, SERVER, serve, USERS, visit } from '../support/tunnel-visits.ts';

async function register(gateway: Gateway, fields: object): Promise<{ status: number; token: string; detail: string }> {
  const { status, body } = await ask(`${doorOf(gateway)}/api/v1/auth/register`, {
    method: 'POST',
    body: JSON.stringify(fields),
  });
  const { auth_token: token = '', detail = '' } = JSON.parse(body) as Record<string, string>;
  return { status, token, detail };
}

function serveWith(t: TestContext, server: object): Promise<Gateway> {
  return serve(t, { users: USERS, tunnels: { server: { ...SERVER, ...server } } });
}

/** A visit that the client answers. */
async function answered(gateway: Gateway, client: TunnelClient, body = ''): Promise<number | undefined> {
  const visited = visit(gateway);
  client.answer((await client.nextOf('StreamOpen'))['stream_id'], { body });
  return (await visited).status;
}

describe('an invitation', () => {
  test('lets one register where that is needed', async (t) => {
    const gateway = await serveWith(t, { registration: 'invite' });
    const { code: invitation } = await gateway.tunnels.office.invitations.make('for Ann', 60_000);
    const bare = await register(gateway, { email: 'a@b.c' });
    assert.match(`${bare.status} ${bare.detail}`, /^403 .*invitation/);
    assert.equal((await register(gateway, { email: 'a@b.c', invitation: 'sli_0' })).status, 403);
    const { status, token } = await register(gateway, { email: 'a@b.c', invitation });
    assert.equal(status, 201);
    await TunnelClient.open(t, doorOf(gateway), { token, names: ['mine'] });
    assert.equal((await register(gateway, { email: 'b@b.c', invitation })).status, 403);
  });
});

describe('what an account may have', () => {
  test('are so many requests in a minute, and who asks for more is told when to come again', async (t) => {
    const gateway = await serveWith(t, { limits: { requests_per_minute: 2 } });
    const client = await open(t, gateway);
    assert.deepEqual([await answered(gateway, client), await answered(gateway, client)], [200, 200]);
    const refused = await visit(gateway);
    assert.deepEqual(
      [refused.status, code(refused), refused.headers['retry-after']],
      [429, 'tunnel_rate_limited', '30'],
    );
    await gateway.tunnels.office.change('user:alice', { limits: { requestsPerMinute: null } });
    assert.equal(await answered(gateway, client), 200);
  });

  test('are so many bytes a day, over a restart of its client too', async (t) => {
    const gateway = await serveWith(t, { limits: { bytes_per_day: 2_000 } });
    const client = await open(t, gateway);
    assert.equal(await answered(gateway, client, 'x'.repeat(2_000)), 200);
    const refused = await visit(gateway, '/', { headers: { Accept: 'text/html' } });
    assert.deepEqual([refused.status, refused.headers['sluice-error']], [509, 'tunnel_quota_spent']);
    assert.ok(Number(refused.headers['retry-after']) <= 86_400);
    client.socket.terminate();
    await gateway.until(() => gateway.metric('sluice_tunnel_clients') === 0, 'that the client has gone');
    gateway.tunnels.office.tidy();
    await open(t, gateway);
    assert.equal((await visit(gateway)).status, 509);
  });

  test('are so many requests at once and so many tunnels', async (t) => {
    const gateway = await serveWith(t, { limits: { streams: 1, tunnels: 1, clients: 1 } });
    const client = await open(t, gateway);
    const visited = visit(gateway);
    const { stream_id: stream } = await client.nextOf('StreamOpen');
    const busy = await visit(gateway);
    assert.deepEqual([busy.status, code(busy)], [503, 'tunnel_busy']);
    client.answer(stream);
    assert.equal((await visited).status, 200);
    client.say('TunnelCreate', { protocol: 'http', subdomain: 'second' });
    assert.equal((await client.next())['code'], 'POOL_EXHAUSTED');
    const other = await TunnelClient.open(t, doorOf(gateway), { token: 'token-of-alice', names: [] });
    other.say('TunnelCreate', { protocol: 'http', subdomain: 'second' });
    assert.equal((await other.next())['code'], 'POOL_EXHAUSTED');
  });
});

test('what the operator takes away ends at once, and the names of an account with it', async (t) => {
  const gateway = await serve(t);
  const { office } = gateway.tunnels;
  const { account, token } = await office.add({ email: 'a@b.c', token: null });
  const client = await TunnelClient.open(t, doorOf(gateway), { token, names: ['theirs'] });
  await office.revoke(account.id);
  assert.deepEqual(await client.end(), { code: 1008, reason: 'the token was revoked' });
  assert.equal((await visit(gateway, '/', {}, 'theirs.example.test')).status, 503);
  const again = await TunnelClient.connect(t, doorOf(gateway));
  again.say('Auth', { token, version: 2 });
  assert.equal((await again.next())['code'], 'UNAUTHORIZED');
  const { token: next } = await office.renew(account.id);
  const back = await TunnelClient.open(t, doorOf(gateway), { token: next, names: ['theirs'] });
  assert.equal(gateway.metric('sluice_tunnel_reconnects_total'), 1);
  await office.remove(account.id);
  assert.equal((await back.end()).code, 1008);
  assert.equal((await visit(gateway, '/', {}, 'theirs.example.test')).status, 404);
});
