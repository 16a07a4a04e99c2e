// Two nodes of the real program that share a Redis: whatever can be asked of an agent can be asked of either, whichever it runs on.
import assert from 'node:assert/strict';
import { describe, test, type TestContext } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { type Answered, askJson, openStream, refusalOf } from '../support/agents-client.ts';
import { freePorts } from '../support/free-ports.ts';
import { Redis } from '../support/redis.ts';
import { runSluice, type SluiceProcess, startSluice } from '../support/sluice-process.ts';

const ALICE = { Authorization: 'Bearer a-token-of-alice-1' };
const BOB = { Authorization: 'Bearer a-token-of-bob-111' };
const CHAT = 'read -r line; echo "{\\"type\\":\\"heard\\"}"; read -r line; echo "{\\"type\\":\\"done\\"}"';
const DOOR = 'node: { listen: "127.0.0.1:0", secret: secret-of-all-nodes }';

const skip = process.platform === 'linux' ? false : 'ports are shared on Linux only';

interface NodeOptions {
  readonly door?: string;
  readonly folder?: string;
  readonly args?: readonly string[];
}

function node(t: TestContext, redis: Redis, { door = DOOR, ...rest }: NodeOptions = {}): Promise<SluiceProcess> {
  const config = `
process: { state: "${redis.url}", data_dir: data${door === '' ? '' : `, ${door}`} }
gateway: { listen: "127.0.0.1:0" }
users:
  - { name: alice, token: a-token-of-alice-1, may: [agents] }
  - { name: bob, token: a-token-of-bob-111, may: [agents] }
agents:
  enabled: true
  default: sh
  workspace: work
  kinds:
    sh: { command: /bin/sh, args: [-s], resume: ["session={session}"], events: { session: session, end: done } }
    chat: { command: /bin/sh, args: [-c, '${CHAT}'], prompt: messages, events: { end: done } }
`;
  return startSluice(t, { files: { 'sluice.yaml': config }, ...rest });
}

function ask(at: SluiceProcess, path: string, body?: object, fields = ALICE): Promise<Answered> {
  return askJson(`${at.address('gateway')}${path}`, body, fields);
}

function refused(at: SluiceProcess, path: string, body?: object, fields = ALICE): Promise<string> {
  return refusalOf(`${at.address('gateway')}${path}`, body, fields);
}

async function start(at: SluiceProcess, body: object): Promise<{ id: string; node: string }> {
  const { status, body: answer } = await ask(at, '/agent/start', body);
  assert.equal(status, 200, JSON.stringify(answer));
  return { id: String(answer['agent_id']), node: String(answer['node']) };
}

/** Nodes tell each other where they can be asked with the next sign of life. */
function untilAskable(at: SluiceProcess, id: string): Promise<Answered> {
  return until(
    () => ask(at, `/agent/${id}/message`, { message: 'x' }),
    ({ status }) => status !== 421,
  );
}

async function list(at: SluiceProcess, query = '', fields = ALICE): Promise<Record<string, unknown>[]> {
  return (await ask(at, `/agent${query}`, undefined, fields)).body['agents'] as Record<string, unknown>[];
}

/** Until it is so; the time of the test bounds it. */
async function until<T>(look: () => Promise<T>, is: (seen: T) => boolean): Promise<T> {
  for (;;) {
    const seen = await look();
    if (is(seen)) return seen;
    await pause(50);
  }
}

async function twoThatKnow(t: TestContext, redis: Redis, options: NodeOptions = {}): Promise<SluiceProcess[]> {
  const nodes = await Promise.all([node(t, redis, options), node(t, redis, options)]);
  for (const each of nodes) {
    const look = async (): Promise<number> => {
      const status = (await (await each.admin('/api/v1/status')).json()) as { state_store: { nodes: number } };
      return status.state_store.nodes;
    };
    await until(look, (count) => count >= 2);
  }
  return nodes;
}

describe('an agent on another node', { timeout: 120_000, concurrency: 2 }, () => {
  test('is listed, shown, spoken to and stopped for whose it is, and goes on with its session there', async (t) => {
    const redis = await Redis.start(t);
    if (redis === undefined) return;
    const [one, other] = (await twoThatKnow(t, redis)) as [SluiceProcess, SluiceProcess];
    const prompt = `echo '{"session":"s1"}'; sleep 600\n`;
    const { id, node: where } = await start(one, { prompt });
    await untilAskable(other, id);
    assert.equal((await ask(other, `/agent/${id}`)).body['status'], 'running');
    const [seen] = await list(other);
    assert.partialDeepStrictEqual(seen, { agent_id: id, node: where, status: 'running' });
    assert.deepEqual(await list(other, '', BOB), []);
    assert.deepEqual(await list(other, '?status=ok'), []);
    for (const path of [`/agent/${id}`, `/agent/${id}/events`]) {
      assert.equal(await refused(other, path, undefined, BOB), '404 not_found');
    }
    assert.equal(await refused(other, `/agent/stop/${id}`, {}, BOB), '404 not_found');
    assert.equal(await refused(other, `/agent/${id}/message`, { message: 'x' }), '409 agent_not_listening');
    assert.equal(await refused(other, `/agent/none`), '404 not_found');

    const stopped = await ask(other, `/agent/stop/${id}`, {});
    assert.deepEqual(stopped.body, { status: 'stopped', agent_id: id, outcome: 'stopped' });
    assert.equal((await ask(one, `/agent/${id}`)).body['status'], 'stopped');
    assert.equal((await list(other, '?session_id=s1')).length, 1);

    const again = { session_id: 's1', prompt: `echo "{\\"cwd\\":\\"$PWD\\"}"; echo '{"type":"done"}'\n` };
    const resumed = await openStream(`${other.address('gateway')}/agent/stream`, again, ALICE);
    assert.match(await resumed.whole(), new RegExp(`"node":"${where}"[^]*"cwd":"${one.folder}[^]*event: complete`));
    assert.equal(await refused(other, '/agent/start', { ...again, session_id: 'unknown' }), '404 not_found');

    const chat = await start(one, { kind: 'chat', prompt: 'hello' });
    const told = await openStream(`${other.address('gateway')}/agent/${chat.id}/events`, undefined, ALICE);
    await told.until(/heard/);
    assert.equal((await ask(other, `/agent/${chat.id}/message`, { message: 'go on' })).status, 202);
    assert.match(await told.whole(), /"type":"done"[^]*event: complete/);

    const runs = [1, 2].map((n) => ({ prompt: `echo '{"n":${n}}'; echo '{"type":"done"}'\n` }));
    const batch = await openStream(`${one.address('gateway')}/agent/batch`, { agents: runs }, ALICE);
    const whole = await batch.whole();
    const batchId = String(batch.response.headers['x-batch-id']);
    const retold = await openStream(`${other.address('gateway')}/agent/batch/${batchId}`, undefined, ALICE);
    assert.equal(await retold.whole(), whole.slice(whole.indexOf('\n') + 1));
    assert.equal(await refused(other, `/agent/batch/${batchId}`, undefined, BOB), '404 not_found');
    assert.equal((await list(other, `?batch=${batchId}`)).length, 2);

    const last = await start(one, { prompt: 'sleep 600\n' });
    const table = await runSluice(t, ['agent', 'ls', '--status', 'running'], { folder: other.folder });
    assert.match(table.stdout, new RegExp(`${last.id}.*${where.replaceAll('.', '\\.')}[^]*1 running, 0 waiting`));
    const byHand = await runSluice(t, ['agent', 'stop', last.id], { folder: other.folder });
    assert.equal(byHand.code, 0, byHand.stderr);
    assert.equal((await ask(one, `/agent/${last.id}`)).body['status'], 'stopped');
    const log = await runSluice(t, ['agent', 'logs', chat.id], { folder: other.folder });
    assert.match(log.stdout, /"type":"done"/);
    const metrics = await (await fetch(`${other.address('metrics')}/metrics`)).text();
    assert.match(metrics, /^sluice_agent_to_nodes_total\{result="reached"\} [1-9]/m);
  });

  test('has failed soon when its node is killed, for whoever follows it and in lists, and nothing hangs', async (t) => {
    const redis = await Redis.start(t);
    if (redis === undefined) return;
    const [one, other] = (await twoThatKnow(t, redis)) as [SluiceProcess, SluiceProcess];
    const { id, node: where } = await start(one, { prompt: `echo '{"session":"s1"}'; sleep 600\n` });
    await untilAskable(other, id);
    const followed = await openStream(`${other.address('gateway')}/agent/${id}/events`, undefined, ALICE);
    await followed.until(/s1/);
    one.signal('SIGKILL');
    await one.ended;
    assert.equal(await refused(other, `/agent/stop/${id}`, {}), '503 node_unreachable');
    assert.equal((await ask(other, `/agent/${id}`)).body['status'], 'running');
    assert.match(await followed.whole(), /event: complete\nid: \d+\n.*"status":"crashed".*is gone/);
    const shown = (await ask(other, `/agent/${id}`)).body;
    assert.partialDeepStrictEqual(shown, {
      status: 'crashed',
      reason: 'The node that it ran on is gone.',
      node: where,
    });
    assert.partialDeepStrictEqual((await list(other))[0], { agent_id: id, status: 'crashed' });
    assert.equal((await ask(other, `/agent/stop/${id}`, {})).body['outcome'], 'crashed');
    assert.equal(await refused(other, `/agent/${id}/message`, { message: 'x' }), '503 node_unreachable');
    assert.equal(await refused(other, '/agent/start', { session_id: 's1', prompt: 'x' }), '503 node_unreachable');
    const late = await openStream(`${other.address('gateway')}/agent/${id}/events`, undefined, ALICE);
    assert.match(await late.whole(), /s1[^]*event: complete/);

    const back = await node(t, redis, { folder: one.folder });
    const session = { session_id: 's1', prompt: `echo '{"type":"done"}'\n` };
    await until(
      () => ask(other, '/agent/start', session),
      ({ status }) => status === 200,
    );
    assert.equal((await ask(back, `/agent/${id}`)).body['status'], 'crashed');
    assert.equal((await list(other, '?status=crashed')).length, 1);
  });

  test('can be seen where nodes have no door, and the refusal says on which node it is', async (t) => {
    const redis = await Redis.start(t);
    if (redis === undefined) return;
    const [one, other] = (await twoThatKnow(t, redis, { door: '' })) as [SluiceProcess, SluiceProcess];
    const { id, node: where } = await start(one, { prompt: `echo '{"session":"s1"}'; sleep 600\n` });
    assert.equal((await ask(other, `/agent/${id}`)).body['status'], 'running');
    assert.partialDeepStrictEqual((await list(other))[0], { agent_id: id, node: where, status: 'running' });
    await until(
      () => ask(other, `/agent/${id}`),
      ({ body }) => body['session_id'] === 's1',
    );
    for (const [path, body] of [
      [`/agent/stop/${id}`, {}],
      [`/agent/${id}/message`, { message: 'x' }],
      ['/agent/start', { session_id: 's1', prompt: 'x' }],
    ] as const) {
      const { status, body: answer } = await ask(other, path, body);
      assert.equal(status, 421, path);
      const { code, message } = answer['error'] as { code: string; message: string };
      assert.equal(code, 'agent_elsewhere');
      assert.ok(message.includes(where), message);
    }
  });

  test('is stopped where it runs, also while another process takes the place of its own', { skip }, async (t) => {
    const redis = await Redis.start(t);
    if (redis === undefined) return;
    const [port = 0] = await freePorts(1);
    const door = `node: { listen: "127.0.0.1:${port}", secret: secret-of-all-nodes }`;
    const [one, other] = await Promise.all([node(t, redis, { door }), node(t, redis)]);
    const { id } = await start(one, { prompt: 'sleep 600\n' });
    await until(
      () => ask(other, `/agent/${id}`),
      ({ status }) => status === 200,
    );
    await untilAskable(other, id);
    // The old one stays for whoever follows.
    const followed = await openStream(`${one.address('gateway')}/agent/${id}/events`, undefined, ALICE);
    const next = await node(t, redis, { door, folder: one.folder, args: ['up', '--takeover'] });
    for (const at of [next, other]) assert.equal((await ask(at, `/agent/${id}`)).body['status'], 'running');
    // The old one is at a port of its own by now, which others hear of within some seconds.
    const stopped = await until(
      () => ask(next, `/agent/stop/${id}`, {}),
      ({ body }) => body['outcome'] === 'stopped',
    );
    assert.deepEqual(stopped.body, { status: 'stopped', agent_id: id, outcome: 'stopped' });
    assert.match(await followed.whole(), /event: complete/);
    await until(
      () => ask(other, `/agent/${id}`),
      ({ body }) => body['status'] === 'stopped',
    );
  });
});
