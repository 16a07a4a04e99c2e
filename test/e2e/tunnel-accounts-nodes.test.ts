// Accounts of the tunnel server on nodes that share a Redis: who registers at one node connects at any, what is taken back on one ends on all, and what
// is known goes on without Redis. Rule: real programs, a real redis-server, and clients that know one node each.
import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { ask } from '../support/ask.ts';
import { DnsServer } from '../support/dns-server.ts';
import { Redis } from '../support/redis.ts';
import { type SluiceOptions, type SluiceProcess, startSluice } from '../support/sluice-process.ts';
import { freePorts } from '../support/free-ports.ts';
import { BOB, startNode } from '../support/tunnel-node.ts';
import { TunnelClient } from '../support/tunnel-client.ts';

interface Place {
  readonly redis: Redis;
  readonly dns?: DnsServer;
  readonly registration?: 'open' | 'invite';
}

function node(t: TestContext, place: Place, more: SluiceOptions = {}): Promise<SluiceProcess> {
  const { redis, dns, registration = 'open' } = place;
  const config = `
process: { state: "${redis.url}", data_dir: data, node: { listen: "127.0.0.1:0", secret: secret-of-all-nodes } }
log: { format: json }
${dns === undefined ? '' : `dns: { servers: ["${dns.address}"] }`}
tunnels:
  server: { enabled: true, listen: "127.0.0.1:0", domain: example.test, registration: ${registration}, tcp_ports: null }
`;
  return startSluice(t, { files: { 'sluice.yaml': config }, ...more });
}

interface Called {
  readonly status: number;
  readonly retryAfter: string | undefined;
  readonly said: Record<string, unknown>;
}

/** As a client asks. */
async function call(at: SluiceProcess, line: string, fields: object = {}, token = ''): Promise<Called> {
  const [method = '', path = ''] = line.split(' ');
  const answer = await ask(`${at.address('tunnels')}/api/v1${path}`, {
    method,
    headers: { Authorization: `Bearer ${token}` },
    ...(method !== 'GET' && method !== 'DELETE' && { body: JSON.stringify(fields) }),
  });
  const retryAfter = answer.headers['retry-after'];
  return { status: answer.status ?? 0, retryAfter, said: JSON.parse(answer.body) as Record<string, unknown> };
}

/** As the operator does. */
async function manage(at: SluiceProcess, line: string, fields: object = {}): Promise<Called> {
  const [method = '', path = ''] = line.split(' ');
  const hasBody = method === 'POST' || method === 'PATCH';
  const headers = hasBody ? { 'Content-Type': 'application/json' } : {};
  const init = { method, headers, ...(hasBody && { body: JSON.stringify(fields) }) };
  const answer = await at.admin(`/api/v1/tunnels${path}`, init);
  const retryAfter = answer.headers.get('retry-after') ?? undefined;
  return { status: answer.status, retryAfter, said: (await answer.json()) as Record<string, unknown> };
}

interface Account {
  readonly id: string;
  readonly token: string;
}

async function register(at: SluiceProcess, email: string): Promise<Account> {
  const { status, said } = await call(at, 'POST /auth/register', { email });
  assert.equal(status, 201, JSON.stringify(said));
  return { id: String(said['id']), token: String(said['token']) };
}

function connect(t: TestContext, at: SluiceProcess, token: string, ...names: string[]): Promise<TunnelClient> {
  return TunnelClient.open(t, at.address('tunnels'), { token, names });
}

/** What a client hears that shows that token. */
async function refusal(t: TestContext, at: SluiceProcess, token: string): Promise<unknown> {
  const client = await TunnelClient.connect(t, at.address('tunnels'));
  client.say('Auth', { token, version: 2 });
  return (await client.next())['code'];
}

async function answered(at: SluiceProcess, client: TunnelClient, host: string): Promise<number | undefined> {
  const visited = ask(at.address('gateway'), { headers: { Host: host } });
  const opened = await Promise.race([client.nextOf('StreamOpen'), visited]);
  if ('stream_id' in opened) client.answer(opened['stream_id']);
  return (await visited).status;
}

/** Whether a node knows that the port waits. */
async function waits(at: SluiceProcess, port: number): Promise<boolean> {
  const { tunnels } = (await manage(at, 'GET ')).said as { tunnels: { name: string; clients: number }[] };
  return tunnels.some(({ name, clients }) => name === `tcp-${port}` && clients === 0);
}

async function until(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition())) await pause(20);
}

test('an account of one node is one of all, and what ends on one ends on all', { timeout: 120_000 }, async (t) => {
  const redis = await Redis.start(t);
  if (redis === undefined) return;
  const [one, other] = await Promise.all([node(t, { redis }), node(t, { redis })]);
  const { id, token } = await register(one, 'ann@example.com');
  const client = await connect(t, other, token, 'mine');
  assert.equal(await answered(one, client, 'mine.example.test'), 200);

  const rotated = await call(one, 'POST /auth/refresh', {}, token);
  assert.deepEqual(await client.end(), { code: 1008, reason: 'the token was replaced' });
  const next = String(rotated.said['token']);
  assert.equal(await refusal(t, other, token), 'UNAUTHORIZED');
  const back = await connect(t, other, next, 'mine');

  const limits = { tunnels: 1 };
  assert.equal((await manage(one, `PATCH /accounts/${id}`, { limits })).status, 200);
  await until(async () => String((await manage(other, `GET /accounts/${id}`)).said['own_limits']) === 'tunnels');
  back.say('TunnelCreate', { protocol: 'http', subdomain: 'second' });
  assert.equal((await back.next())['code'], 'POOL_EXHAUSTED');

  assert.equal((await manage(one, `DELETE /accounts/${id}/token`)).status, 200);
  assert.deepEqual(await back.end(), { code: 1008, reason: 'the token was revoked' });
  assert.equal(await refusal(t, one, next), 'UNAUTHORIZED');
  const renewed = await manage(other, `POST /accounts/${id}/token`);
  const last = await connect(t, one, String(renewed.said['token']), 'mine');
  assert.equal((await manage(other, `DELETE /accounts/${id}`)).status, 200);
  assert.equal((await last.end()).code, 1008);
  assert.equal((await manage(one, `GET /accounts/${id}`)).status, 404);
  // The name is anybody's.
  const bob = await register(other, 'bob@example.com');
  await connect(t, one, bob.token, 'mine');
});

test('an invitation lets in one, at whatever node they come', { timeout: 120_000 }, async (t) => {
  const redis = await Redis.start(t);
  if (redis === undefined) return;
  const place = { redis, registration: 'invite' } as const;
  const [one, other] = await Promise.all([node(t, place), node(t, place)]);
  const { said } = await manage(one, 'POST /invitations', { note: 'Ann' });
  const invitation = said['code'];
  const tries = [one, other, one, other].map((at) =>
    call(at, 'POST /auth/register', { email: 'ann@example.com', invitation }),
  );
  const statuses = (await Promise.all(tries)).map(({ status }) => status);
  assert.deepEqual(statuses.map(String).toSorted(), ['201', '403', '403', '403']);
  const used = async (): Promise<boolean> => {
    const { invitations } = (await manage(other, 'GET /invitations')).said as { invitations: { used_at: unknown }[] };
    return invitations.length === 1 && invitations[0]?.used_at !== null;
  };
  await until(used);
});

test('a hostname that was proved at one node leads to its tunnel at all', { timeout: 120_000 }, async (t) => {
  const redis = await Redis.start(t);
  if (redis === undefined) return;
  const dns = await DnsServer.open(t);
  const place = { redis, dns };
  const [one, other] = await Promise.all([node(t, place), node(t, place)]);
  const ann = await register(one, 'ann@example.com');
  const bob = await register(one, 'bob@example.com');
  const hostname = 'app.customer.test';
  const { said } = await call(one, 'POST /hostnames', { hostname }, ann.token);
  const { txt } = said['dns'] as { txt: { name: string; value: string } };
  dns.texts.set(txt.name, [txt.value]);
  assert.equal((await call(one, `POST /hostnames/${hostname}/verify`, {}, ann.token)).said['verified'], true);

  const client = await connect(t, other, ann.token);
  const asked = async (): Promise<unknown> => {
    client.say('TunnelCreate', { protocol: 'http', hostname });
    const heard = await client.next();
    return heard['code'] ?? heard['Type'];
  };
  await until(async () => (await asked()) === 'TunnelCreated');
  for (const at of [one, other]) await until(async () => (await answered(at, client, hostname)) === 200);
  assert.equal((await call(other, 'POST /hostnames', { hostname }, bob.token)).status, 409);
  const late = await node(t, place);
  await until(async () => (await answered(late, client, hostname)) === 200);

  assert.equal((await call(one, `DELETE /hostnames/${hostname}`, {}, ann.token)).status, 200);
  await client.end();
  await until(async () => (await ask(other.address('gateway'), { headers: { Host: hostname } })).status === 404);
});

test(
  'without Redis known accounts go on and nothing is changed; what it loses the nodes tell it again',
  {
    timeout: 150_000,
  },
  async (t) => {
    const redis = await Redis.start(t);
    if (redis === undefined) return;
    const [one, other] = await Promise.all([node(t, { redis }), node(t, { redis })]);
    const ann = await register(one, 'ann@example.com');
    const bob = await register(other, 'bob@example.com');
    await until(async () => (await manage(other, `GET /accounts/${ann.id}`)).status === 200);
    await until(async () => (await manage(one, `GET /accounts/${bob.id}`)).status === 200);
    const client = await connect(t, other, bob.token, 'bobs');

    // It neither answers nor ends.
    redis.signal('SIGSTOP');
    assert.equal(await answered(other, client, 'bobs.example.test'), 200);
    await connect(t, one, bob.token, 'more');
    assert.equal((await call(one, 'POST /auth/register', { email: 'late@example.com' })).status, 503);
    redis.signal('SIGCONT');
    await until(async () => (await call(one, 'POST /auth/register', { email: 'late@example.com' })).status === 201);
    await redis.stop();
    const refused = await call(one, 'POST /auth/register', { email: 'late@example.com' });
    assert.deepEqual(
      [refused.status, refused.retryAfter, (refused.said['error'] as { code: string }).code],
      [503, '5', 'state_unavailable'],
    );
    assert.equal((await call(one, 'POST /auth/refresh', {}, ann.token)).status, 503);
    assert.equal((await manage(one, `DELETE /accounts/${bob.id}/token`)).status, 503);
    assert.equal((await call(other, 'GET /users/me', {}, ann.token)).status, 200);
    assert.equal(await answered(other, client, 'bobs.example.test'), 200);
    await connect(t, other, ann.token, 'anns');
    assert.equal(await refusal(t, other, `slc_${'0'.repeat(16)}_${'0'.repeat(48)}`), 'SERVICE_UNAVAILABLE');

    // Empty, and with a node that was away while a token was revoked.
    other.signal('SIGTERM');
    await other.ended;
    assert.ok(await redis.start());
    await until(async () => (await manage(one, `DELETE /accounts/${bob.id}/token`)).status === 200);
    const back = await node(t, { redis }, { folder: other.folder });
    await until(async () => (await refusal(t, back, bob.token)) === 'UNAUTHORIZED');
    const fresh = await node(t, { redis });
    assert.equal((await call(fresh, 'GET /users/me', {}, ann.token)).status, 200);
    await connect(t, fresh, ann.token, 'anns');
    const { said } = await manage(fresh, 'GET /accounts');
    assert.equal((said['accounts'] as unknown[]).length, 3);
  },
);

test(
  'a Redis that was killed and has kept what it had has lost nobody, and nobody twice',
  { timeout: 120_000 },
  async (t) => {
    const redis = await Redis.start(t, { more: ['--appendonly', 'yes', '--appendfsync', 'always'] });
    if (redis === undefined) return;
    const one = await node(t, { redis });
    const ann = await register(one, 'ann@example.com');
    const bob = await register(one, 'bob@example.com');
    assert.equal((await manage(one, `DELETE /accounts/${bob.id}`)).status, 200);
    await redis.stop();
    one.signal('SIGKILL');
    await one.ended;
    assert.ok(await redis.start());
    const other = await node(t, { redis });
    await connect(t, other, ann.token, 'anns');
    const accounts = async (at: SluiceProcess): Promise<unknown> =>
      (await manage(at, 'GET /accounts')).said['accounts'];
    await until(async () => ((await accounts(other)) as unknown[]).length === 1);
    const back = await node(t, { redis }, { folder: one.folder });
    assert.equal(await refusal(t, back, bob.token), 'UNAUTHORIZED');
    const next = await call(back, 'POST /auth/refresh', {}, ann.token);
    assert.equal(next.status, 200);
    await until(async () => (await refusal(t, other, ann.token)) === 'UNAUTHORIZED');
  },
);

test(
  'a port that waits for its account is given to it first at another node, and to nobody else',
  {
    timeout: 120_000,
  },
  async (t) => {
    const redis = await Redis.start(t);
    if (redis === undefined) return;
    const [first = 0] = await freePorts(1);
    const ports = `${first}-${Math.min(65_535, first + 19)}`;
    const [one, other] = await Promise.all([
      startNode(t, { redis, ports, server: 'registration: open' }),
      startNode(t, { redis, ports, host: '127.0.0.2', server: 'registration: open' }),
    ]);
    const opened = async (at: SluiceProcess, token: string, port?: number): Promise<unknown> => {
      const client = await connect(t, at, token);
      client.say('TunnelCreate', { protocol: 'tcp', ...(port !== undefined && { remote_port: port }) });
      const heard = await client.next();
      client.socket.close();
      await client.end();
      return heard['code'] ?? heard['url'];
    };
    const { token } = await register(one, 'ann@example.com');
    const url = await opened(one, BOB);
    const port = Number(new URL(String(url)).port);
    await until(() => waits(other, port));
    assert.equal(await opened(other, token, port), 'SUBDOMAIN_UNAVAILABLE');
    assert.equal(await opened(other, BOB), url);
    await until(() => waits(one, port));
    assert.equal(await opened(one, BOB), url);
  },
);
