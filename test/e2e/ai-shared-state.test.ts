// Two nodes that share a Redis: one report and one budget, exact also when Redis was gone for a while. With the real program and a real
// redis-server.
import assert from 'node:assert/strict';
import { describe, test, type TestContext } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import type { AiUsageAnswer, StatusAnswer } from '../../src/control/admin-answers.ts';
import { AiProvider } from '../support/ai-provider.ts';
import { makeCertificate } from '../support/pki.ts';
import { Redis, type RedisSettings } from '../support/redis.ts';
import { runSluice, type SluiceProcess, startSluice } from '../support/sluice-process.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const TOKEN = 'a-token-of-alice-1';
/** Of an answer of the stand-in. */
const MESSAGE_TOKENS = 25 + 15 + 3 + 7;

interface Stage {
  readonly redis: Redis;
  readonly node: (workers?: number) => Promise<SluiceProcess>;
}

async function stage(t: TestContext, settings: RedisSettings = {}, limits: object = {}): Promise<Stage | undefined> {
  const redis = await Redis.start(t, settings);
  if (redis === undefined) return undefined;
  const provider = await AiProvider.open(t);
  const config = (workers: number): string => `
process: { state: "${redis.url}", workers: ${workers}, data_dir: data }
gateway: { listen: 127.0.0.1:0 }
egress: { listen: null }
admin: { listen: 127.0.0.1:0 }
metrics: { listen: 127.0.0.1:0 }
users: [{ name: alice, token: ${TOKEN}, may: [ai], limits: ${JSON.stringify(limits)} }]
ai: { enabled: true, providers: { claude: { base: ${provider.url} } } }
`;
  const env = settings.tls === undefined ? {} : { NODE_EXTRA_CA_CERTS: settings.tls.certFile };
  return { redis, node: (workers = 1) => startSluice(t, { files: { 'sluice.yaml': config(workers) }, env }) };
}

/** The status of a request for a message. */
async function ask(node: SluiceProcess): Promise<number> {
  const body = JSON.stringify({ model: 'model-7', stream: true });
  const url = `${node.address('gateway')}/claude/v1/messages`;
  const answer = await fetch(url, { method: 'POST', body, headers: { 'X-Sluice-Token': TOKEN } });
  await answer.text();
  return answer.status;
}

async function usageOf(node: SluiceProcess): Promise<AiUsageAnswer['usage']> {
  const answer = await node.admin('/api/v1/ai/usage?by=user');
  return ((await answer.json()) as AiUsageAnswer).usage;
}

async function storeOf(node: SluiceProcess): Promise<StatusAnswer['state_store']> {
  const answer = await node.admin('/api/v1/status');
  return ((await answer.json()) as StatusAnswer).state_store;
}

/** Asked again until it holds: the nodes tell each other by a server, in their own time. */
async function until(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition())) await pause(20);
}

describe('two nodes that share a Redis', () => {
  test('have one report, and say that they share it', async (t) => {
    const shared = await stage(t, { password: 'p@ss' });
    if (shared === undefined) return;
    const [one, other] = [await shared.node(), await shared.node(2)] as const;
    for (const node of [one, other, other]) assert.equal(await ask(node), 200);
    await until(async () => (await usageOf(one))[0]?.requests === 3);
    assert.deepEqual(await usageOf(one), await usageOf(other));
    assert.partialDeepStrictEqual((await usageOf(other))[0], { user: 'alice', output_tokens: 45, unknown_requests: 0 });
    assert.doesNotMatch(one.stderr, /not_available_yet/);
    assert.doesNotMatch(one.stderr + one.stdout, /p@ss|p%40ss/);
    const status = await runSluice(t, ['status'], { folder: one.folder });
    assert.match(status.stdout, /^ {2}state {6}redis:\/\/127\.0\.0\.1:\d+, reached, shared by 2 nodes$/m);
    const metrics = await (await fetch(`${one.address('metrics')}/metrics`)).text();
    assert.match(metrics, /^sluice_state_up 1$/m);
  });

  test('fail no request while Redis is frozen or gone, and count each request once in the end', async (t) => {
    const shared = await stage(t);
    if (shared === undefined) return;
    const { redis } = shared;
    const [one, other] = [await shared.node(), await shared.node()] as const;
    assert.equal(await ask(one), 200);
    await until(async () => (await usageOf(other))[0]?.requests === 1);
    redis.signal('SIGSTOP');
    assert.equal(await ask(one), 200);
    // It was sent, and nobody knows whether it has arrived.
    await until(async () => (await storeOf(one)).waiting_records === 1);
    assert.equal(await ask(one), 200);
    await until(async () => (await storeOf(one)).waiting_records === 2);
    assert.equal((await storeOf(one)).up, false);
    const refused = await one.admin('/api/v1/ai/usage');
    assert.partialDeepStrictEqual(await refused.json(), { error: { code: 'state_unavailable' } });
    assert.equal(refused.status, 503);
    redis.signal('SIGCONT');
    await until(async () => (await storeOf(one)).up);
    await until(async () => (await usageOf(other))[0]?.requests === 3);
    assert.equal(one.logged('Redis has taken what was used of AI providers in the meantime').length, 1);
    await redis.stop();
    assert.equal(await ask(one), 200);
    one.signal('SIGTERM');
    assert.deepEqual(await one.ended, { code: 0, signal: null });
    // With nothing in it, as it was kept in memory only.
    await redis.start();
    const again = await startSluice(t, { folder: one.folder });
    await until(async () => (await usageOf(again).catch(() => []))[0]?.requests === 1);
    assert.equal((await storeOf(again)).waiting_records, 0);
  });

  test('have one budget', async (t) => {
    const shared = await stage(t, {}, { ai_tokens_per_day: 2 * MESSAGE_TOKENS });
    if (shared === undefined) return;
    const [one, other] = [await shared.node(), await shared.node(2)] as const;
    assert.equal(await ask(one), 200);
    assert.equal(await ask(other), 200);
    // Neither has seen more than half of it itself.
    await until(async () => (await limitOf(one)) === 0 && (await limitOf(other)) === 0);
    assert.deepEqual([await ask(one), await ask(other)], [429, 429]);
    const third = await shared.node();
    assert.equal(await ask(third), 429);
  });

  test('may reach it by TLS', async (t) => {
    const { cert, key } = makeCertificate(temporaryFolder(t));
    const shared = await stage(t, { tls: { certFile: cert, keyFile: key } });
    if (shared === undefined) return;
    const node = await shared.node();
    assert.equal(await ask(node), 200);
    await until(async () => (await usageOf(node))[0]?.requests === 1);
    assert.partialDeepStrictEqual(await storeOf(node), { server: `rediss://127.0.0.1:${shared.redis.port}`, up: true });
  });
});

/** What alice has left today. */
async function limitOf(node: SluiceProcess): Promise<number> {
  const answer = await node.admin('/api/v1/ai/limits');
  const { users } = (await answer.json()) as { users: { limits: { left: number }[] }[] };
  return users[0]?.limits[0]?.left ?? -1;
}
