// Tokens of users on two nodes that share a Redis: made and taken back on one, they count on both, also while Redis is away and after it has lost
// everything. Rule: the real program and a real redis-server.
import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { Redis } from '../support/redis.ts';
import { runSluice, startSluice, type SluiceOptions, type SluiceProcess } from '../support/sluice-process.ts';

function node(t: TestContext, redis: Redis, more: SluiceOptions = {}): Promise<SluiceProcess> {
  const config = `
process: { state: "${redis.url}", data_dir: data }
log: { format: json }
users: [ { name: alice, token: alice-token, may: [gateway, admin] } ]
gateway:
  listen: ["127.0.0.1:0"]
  routes: [ { name: all, match: { path: "/*" }, policies: { auth: users }, to: { respond: { body: hello } } } ]
`;
  return startSluice(t, { files: { 'sluice.yaml': config }, ...more });
}

interface Made {
  readonly id: string;
  readonly token: string;
}

async function cli(t: TestContext, at: SluiceProcess, ...args: string[]): Promise<{ code: number; said: string }> {
  const { code, stdout, stderr } = await runSluice(t, ['token', ...args], { folder: at.folder });
  return { code: code ?? -1, said: `${stdout}${stderr}` };
}

async function make(t: TestContext, at: SluiceProcess): Promise<Made> {
  const { code, said } = await cli(t, at, 'create', '--user', 'alice', '--json');
  assert.equal(code, 0, said);
  return JSON.parse(said) as Made;
}

/** At the gateway and at the admin door. */
async function asked(at: SluiceProcess, token: string): Promise<string> {
  const headers = { Authorization: `Bearer ${token}` };
  const gateway = await fetch(at.address('gateway'), { headers });
  const admin = await fetch(`${at.address('admin')}/api/v1/status`, { headers });
  return `${gateway.status} ${admin.status}`;
}

async function untilAsked(at: SluiceProcess, token: string, expected: string): Promise<void> {
  while ((await asked(at, token)) !== expected) await pause(20);
}

test('a token made on one node counts on all, and is taken back on all', { timeout: 120_000 }, async (t) => {
  const redis = await Redis.start(t);
  if (redis === undefined) return;
  const [one, other] = await Promise.all([node(t, redis), node(t, redis)]);
  const made = await make(t, one);
  await untilAsked(other, made.token, '200 200');
  assert.equal((await cli(t, other, 'revoke', made.id)).code, 0);
  await untilAsked(one, made.token, '401 401');
  const kept = await make(t, other);
  const late = await node(t, redis);
  await untilAsked(late, kept.token, '200 200');
  const again = await cli(t, late, 'revoke', made.id);
  assert.notEqual(again.code, 0);
  assert.match(again.said, /There is no token/);
});

test(
  'while Redis is away known tokens count and none can be made; what it loses the nodes tell it again',
  {
    timeout: 120_000,
  },
  async (t) => {
    const redis = await Redis.start(t);
    if (redis === undefined) return;
    const [one, other] = await Promise.all([node(t, redis), node(t, redis)]);
    const made = await make(t, one);
    const gone = await make(t, one);
    await untilAsked(other, gone.token, '200 200');
    other.signal('SIGTERM');
    await other.ended;
    assert.equal((await cli(t, one, 'revoke', gone.id)).code, 0);
    await redis.stop();
    assert.equal(await asked(one, made.token), '200 200');
    for (const args of [
      ['create', '--user', 'alice'],
      ['revoke', made.id],
    ]) {
      const refused = await cli(t, one, ...args);
      assert.notEqual(refused.code, 0);
      assert.match(refused.said, /process\.state/);
    }
    assert.equal(await asked(one, made.token), '200 200');
    // It starts without Redis, with what it knew last.
    const back = await node(t, redis, { folder: other.folder });
    assert.equal(await asked(back, made.token), '200 200');
    assert.ok(await redis.start());
    await untilAsked(back, gone.token, '401 401');
    assert.deepEqual([await asked(one, made.token), await asked(back, made.token)], ['200 200', '200 200']);
    const fresh = await node(t, redis);
    await untilAsked(fresh, made.token, '200 200');
    assert.equal(await asked(fresh, gone.token), '401 401');
    assert.ok(!fresh.read('data/tokens.json').includes(made.token));
    // A node that is alone from here on keeps what it knew.
    fresh.signal('SIGTERM');
    await fresh.ended;
    fresh.write('sluice.yaml', fresh.read('sluice.yaml').replace(redis.url, 'embedded'));
    const alone = await startSluice(t, { folder: fresh.folder });
    assert.equal(await asked(alone, made.token), '200 200');
  },
);
