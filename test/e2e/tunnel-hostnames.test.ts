// Hostnames that accounts of the tunnel server have of their own, with a DNS server on loopback that has the proof or has not.
import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { ask } from '../support/ask.ts';
import { DnsServer } from '../support/dns-server.ts';
import { Gateway } from '../support/gateway.ts';
import { TunnelClient } from '../support/tunnel-client.ts';
import { code, doorOf, open, SERVER, TOKEN, USERS, visit } from '../support/tunnel-visits.ts';

const HOST = 'app.customer.test';

interface State {
  readonly hostname: string;
  readonly verified: boolean;
  readonly verification_error: string | null;
  readonly dns: { readonly txt: { readonly name: string; readonly value: string } };
}

async function call(gateway: Gateway, line: string, fields: object = {}, token = TOKEN): Promise<[number, State]> {
  const [method = '', path = ''] = line.split(' ');
  const headers = { Authorization: `Bearer ${token}` };
  const body = method === 'POST' ? JSON.stringify(fields) : '';
  const answer = await ask(`${doorOf(gateway)}/api/v1/hostnames${path}`, { method, headers, ...(body && { body }) });
  return [answer.status ?? 0, JSON.parse(answer.body) as State];
}

async function staged(t: TestContext): Promise<{ gateway: Gateway; dns: DnsServer }> {
  const dns = await DnsServer.open(t);
  const tunnels = { server: { ...SERVER, hostnames: { recheck: '1m' } } };
  return { dns, gateway: await Gateway.open(t, { users: USERS, tunnels, dns: { servers: [dns.address] } }) };
}

/** How the client is answered that asks for the hostname. */
async function wish(client: TunnelClient): Promise<string> {
  client.say('TunnelCreate', { protocol: 'http', hostname: HOST });
  const { Type: type, code: refused, url } = await client.next();
  return (type === 'TunnelCreated' ? url : refused) as string;
}

test('a hostname leads to the tunnel of the account that has proved it, and to nobody without the proof', async (t) => {
  const { gateway, dns } = await staged(t);
  const client = await open(t, gateway);
  assert.equal(await wish(client), 'HOSTNAME_NOT_REGISTERED');
  const [status, state] = await call(gateway, 'POST ', { hostname: 'App.Customer.test' });
  assert.deepEqual([status, state.hostname, state.verified], [201, HOST, false]);
  assert.equal(state.dns.txt.name, `_retunnel-challenge.${HOST}`);
  assert.equal(await wish(client), 'HOSTNAME_NOT_VERIFIED');
  const [, unproved] = await call(gateway, `POST /${HOST}/verify`);
  assert.match(unproved.verification_error ?? '', /no TXT record/);
  dns.texts.set(state.dns.txt.name, ['v=spf1 -all', state.dns.txt.value]);
  const [, proved] = await call(gateway, `POST /${HOST}/verify`);
  assert.equal(proved.verified, true);
  assert.equal(await wish(client), `http://${HOST}`);
  await gateway.following;
  const visited = visit(gateway, '/hello', {}, HOST);
  const opened = await client.nextOf('StreamOpen');
  assert.deepEqual([opened['tunnel_id'], opened['path']], [HOST, '/hello']);
  client.answer(opened['stream_id']);
  assert.equal((await visited).status, 200);

  const [, theirs] = await call(gateway, 'POST ', { hostname: HOST }, 'token-of-bob');
  assert.equal((theirs as unknown as { error: { code: string } }).error.code, 'already_exists');
  const bob = await TunnelClient.open(t, doorOf(gateway), { token: 'token-of-bob', names: [] });
  assert.equal(await wish(bob), 'HOSTNAME_TAKEN');

  dns.texts.clear();
  const [, lost] = await call(gateway, `POST /${HOST}/verify`);
  assert.equal(lost.verified, false);
  await gateway.following;
  assert.notEqual((await visit(gateway, '/', {}, HOST)).status, 200);
  assert.equal(await wish(client), 'HOSTNAME_NOT_VERIFIED');
});

test('a hostname is listed, removed, and refused where it is none of theirs', async (t) => {
  const { gateway } = await staged(t);
  assert.equal((await call(gateway, 'POST ', { hostname: 'app.example.test' }))[0], 422);
  assert.equal((await call(gateway, 'POST ', { hostname: 'nothing' }))[0], 422);
  await call(gateway, 'POST ', { hostname: HOST });
  const [, listed] = (await call(gateway, 'GET ')) as unknown as [number, { hostnames: State[] }];
  assert.deepEqual(
    listed.hostnames.map(({ hostname }) => hostname),
    [HOST],
  );
  const [, others] = (await call(gateway, 'GET ', {}, 'token-of-bob')) as unknown as [number, { hostnames: State[] }];
  assert.deepEqual(others.hostnames, []);
  assert.equal((await call(gateway, `DELETE /${HOST}`, {}, 'token-of-bob'))[0], 404);
  assert.equal((await call(gateway, `DELETE /${HOST}`))[0], 200);
  assert.equal((await call(gateway, `POST /${HOST}/verify`))[0], 404);
  assert.equal((await call(gateway, `GET /${HOST}`))[0], 405);
  const { status, body } = await ask(`${doorOf(gateway)}/api/v1/hostnames`);
  assert.deepEqual([status, code({ body })], [401, 'unauthorized']);
});
