// Agents over HTTP as clients meet them: through the door, with users and without, with connections that break.
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test, type TestContext } from 'node:test';
import { numbersIn } from '../support/agent-stage.ts';
import { askJson, openStream, refusalOf } from '../support/agents-client.ts';
import { AiProvider, heardValues } from '../support/ai-provider.ts';
import { Gateway, type GatewaySettings } from '../support/gateway.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { WorkerStage } from '../support/worker-stage.ts';

const USERS = [
  { name: 'alice', token: 'a-token-of-alice-1', may: ['agents'] },
  { name: 'bob', token: 'a-token-of-bob-111', may: ['agents'] },
  { name: 'carl', token: 'a-token-of-carl-11', may: ['exec', 'ai'] },
];
const ALICE = { Authorization: 'Bearer a-token-of-alice-1' };
const BOB = { Authorization: 'Bearer a-token-of-bob-111' };
const CARL = { Authorization: 'Bearer a-token-of-carl-11' };
const SH = { command: '/bin/sh', args: ['-s'], events: { session: 'session', end: 'done' } };
const DONE = `echo '{"type":"done"}'`;

function settings(t: TestContext, agents: object = {}, rest: object = {}): GatewaySettings {
  const workspace = temporaryFolder(t);
  return { agents: { enabled: true, default: 'sh', workspace, kinds: { sh: SH }, ...agents }, ...rest };
}

describe('who may run agents', () => {
  test('are users that may, each with own runs and an own folder', async (t) => {
    const wanted = settings(t, {}, { users: USERS });
    const { url } = await Gateway.open(t, wanted);
    assert.equal(await refusalOf(`${url}/agent/start`, { prompt: DONE }), '401 unauthorized');
    assert.equal(await refusalOf(`${url}/agent/start`, { prompt: DONE }, CARL), '403 forbidden');
    const prompt = `pwd; ${DONE}`;
    const text = await (await openStream(`${url}/agent/stream`, { prompt }, ALICE)).whole();
    assert.match(text, /"data":"[^"]*\/alice"/);
    const [, id] = /"agent_id":"(\w+)"/.exec(text) ?? [];
    const folder = (wanted.agents as { workspace: string }).workspace;
    assert.deepEqual(readdirSync(folder), ['alice']);
    for (const path of [`/agent/${id}`, `/agent/${id}/events`]) {
      assert.equal(await refusalOf(url + path, undefined, BOB), '404 not_found');
    }
    assert.equal(await refusalOf(`${url}/agent/stop/${id}`, {}, BOB), '404 not_found');
    assert.deepEqual((await askJson(`${url}/agent`, undefined, BOB)).body, { agents: [] });
    const { body } = await askJson(`${url}/agent/${id}`, undefined, ALICE);
    assert.partialDeepStrictEqual(body, { agent_id: id, user: 'alice', status: 'ok' });
  });

  test('are programs of this machine where there are no users, and no page of another site', async (t) => {
    const { url } = await Gateway.open(t, settings(t));
    const { body } = await askJson(`${url}/agent/start`, { prompt: DONE });
    assert.equal(body['status'], 'started');
    const refused = (fields: object): Promise<string> =>
      refusalOf(`${url}/agent/start`, { prompt: DONE }, { ...fields });
    assert.equal(await refused({ Host: 'evil.example' }), '403 host_denied');
    assert.equal(await refused({ Origin: 'http://evil.example' }), '403 origin_denied');
    assert.equal(await refused({ 'Content-Type': 'text/plain' }), '415 media_type_unsupported');
    assert.equal(await refusalOf(`${url}/agent`, undefined, { Origin: 'null' }), '403 origin_denied');
  });

  test('find out that an agent is not there in two shapes at once', async (t) => {
    const { url } = await Gateway.open(t, settings(t));
    const { status, body } = await askJson(`${url}/agent/stop/none`, {});
    assert.equal(status, 404);
    assert.partialDeepStrictEqual(body, {
      detail: 'Agent none not found',
      error: { code: 'not_found', message: 'Agent none not found' },
    });
  });

  test('stay in their folder, whatever they ask for', async (t) => {
    const wanted = settings(t, {}, { users: USERS });
    const { url } = await Gateway.open(t, wanted);
    mkdirSync(join((wanted.agents as { workspace: string }).workspace, 'bob'));
    for (const cwd of ['..', '../bob', '/', '/etc']) {
      assert.equal(await refusalOf(`${url}/agent/start`, { prompt: DONE, cwd }, ALICE), '422 invalid_input', cwd);
    }
    for (const extra of [{ permission_mode: 'x' }, { args: ['x'] }, { env: {} }, { settings: '{}' }]) {
      assert.equal(await refusalOf(`${url}/agent/start`, { prompt: DONE, ...extra }, ALICE), '422 invalid_input');
    }
  });
});

describe('a stream of an agent', () => {
  test('loses nothing and repeats nothing, however often its client is cut off', async (t) => {
    const { url } = await Gateway.open(t, settings(t));
    const prompt = `i=0; while [ $i -lt 100 ]; do i=$((i+1)); echo "{\\"n\\":$i}"; sleep 0.005; done; ${DONE}`;
    let stream = await openStream(`${url}/agent/stream`, { prompt });
    await stream.until(/event: started\ndata: .*\n\n/);
    const [, id] = /"agent_id":"(\w+)"/.exec(stream.text()) ?? [];
    const seen: number[] = [];
    for (let drops = 0; drops < 5; drops += 1) {
      await stream.until(new RegExp(`^id: ${drops * 15 + 10}$`, 'm'));
      stream.drop();
      // Half an event is none.
      const whole = stream.text().slice(0, stream.text().lastIndexOf('\n\n') + 2);
      seen.push(...numbersIn(whole));
      stream = await openStream(`${url}/agent/${id}/events`, undefined, { 'Last-Event-ID': String(seen.at(-1)) });
    }
    seen.push(...numbersIn(await stream.whole()));
    assert.deepEqual(
      seen,
      Array.from({ length: 102 }, (_, index) => index + 1),
    );
  });

  test('reaches 200 clients at once, all of it and the same', async (t) => {
    const { url } = await Gateway.open(t, settings(t));
    const flag = join(temporaryFolder(t), 'go');
    const prompt = `while [ ! -e ${flag} ]; do sleep 0.01; done; i=0; while [ $i -lt 50 ]; do i=$((i+1)); echo "{\\"n\\":$i}"; done; ${DONE}`;
    const { body } = await askJson(`${url}/agent/start`, { prompt });
    const events = `${url}/agent/${String(body['agent_id'])}/events`;
    const streams = await Promise.all(Array.from({ length: 200 }, () => openStream(events)));
    writeFileSync(flag, '');
    const texts = await Promise.all(streams.map((stream) => stream.whole()));
    assert.equal(new Set(texts).size, 1);
    assert.deepEqual(
      numbersIn(texts[0] ?? ''),
      Array.from({ length: 52 }, (_, index) => index + 1),
    );
  });

  test('is held up by nobody who does not read, and kept for it', async (t) => {
    const { url } = await Gateway.open(t, settings(t, { max_output: '200MB' }));
    const prompt = `i=0; while [ $i -lt 400 ]; do i=$((i+1)); printf '{"x":"%0100000d"}\\n' 0; done; ${DONE}`;
    const slow = await openStream(`${url}/agent/stream`, { prompt });
    slow.response.pause();
    const id = String(slow.response.headers['x-agent-id']);
    const quick = await openStream(`${url}/agent/${id}/events`);
    const whole = numbersIn(await quick.whole());
    assert.equal(whole.length, 402);
    slow.response.resume();
    assert.deepEqual(numbersIn(await slow.whole()), whole);
  });

  test('tells whose turn it is not yet', async (t) => {
    const { url } = await Gateway.open(t, settings(t, { max_concurrent: 1, max_queued: 1 }));
    const first = await askJson(`${url}/agent/start`, { prompt: 'sleep 60' });
    const waiting = await openStream(`${url}/agent/stream`, { prompt: DONE });
    await waiting.until(/"status":"queued","position":1/);
    const full = await openStream(`${url}/agent/start`, { prompt: DONE });
    assert.deepEqual([full.response.statusCode, full.response.headers['retry-after']], [503, '5']);
    assert.match(await full.whole(), /processes_busy/);
    assert.partialDeepStrictEqual((await askJson(`${url}/health`)).body, { active_agents: 1 });
    const stopped = await askJson(`${url}/agent/stop/${String(first.body['agent_id'])}`, {});
    assert.partialDeepStrictEqual(stopped.body, { status: 'stopped', outcome: 'stopped' });
    assert.match(await waiting.whole(), /event: complete\nid: 2\n/);
    assert.partialDeepStrictEqual((await askJson(`${url}/health`)).body, { active_agents: 0 });
  });
});

describe('with two workers', () => {
  test('agents run on the main thread, and no client can tell', async (t) => {
    const flag = join(temporaryFolder(t), 'go');
    const stage = await WorkerStage.open(t, 2, settings(t, {}, { users: USERS }));
    const { url } = stage;
    const prompt = `echo '{"session":"s-1"}'; while [ ! -e ${flag} ]; do sleep 0.01; done; ${DONE}`;
    const stream = await openStream(`${url}/agent/stream`, { prompt }, ALICE);
    assert.equal(stream.response.headers['content-type'], 'text/event-stream');
    await stream.until(/^id: 1$/m);
    const [, id] = /"agent_id":"(\w+)"/.exec(stream.text()) ?? [];
    for (let i = 0; i < 4; i += 1) {
      assert.equal(await refusalOf(`${url}/agent/${id}`, undefined, BOB), '404 not_found');
      assert.partialDeepStrictEqual((await askJson(`${url}/health`)).body, { active_agents: 1 });
    }
    const forged = { 'X-Sluice-Inner': 'x', 'X-Sluice-Inner-User': 'alice' };
    assert.equal(await refusalOf(`${url}/agent/${id}`, undefined, forged), '401 unauthorized');
    const other = await openStream(`${url}/agent/${id}/events`, undefined, ALICE);
    writeFileSync(flag, '');
    assert.deepEqual(numbersIn(await stream.whole()), [1, 2, 3]);
    assert.deepEqual(numbersIn(await other.whole()), [1, 2, 3]);
    assert.ok(existsSync(flag));
  });

  test('the token of a run is known to all of them, and good for its run only', async (t) => {
    const provider = await AiProvider.open(t);
    const folder = temporaryFolder(t);
    const command = join(folder, 'claude');
    // Whatever it is asked, it asks its provider with what it was given, and says with what.
    const ask =
      'curl -s -o /dev/null -w "%{http_code}" $ANTHROPIC_BASE_URL/v1/messages -d "{}" -H "x-api-key: $ANTHROPIC_AUTH_TOKEN"';
    const lines = `for i in 1 2 3 4; do echo "{\\"status\\":$(${ask})}"; done; echo "{\\"token\\":\\"$ANTHROPIC_AUTH_TOKEN\\"}"`;
    writeFileSync(command, `#!/bin/sh\n${lines.replaceAll('\\\\', '\\')}\n`, { mode: 0o755 });
    const claude = { base: provider.url, credentials: { api_key: 'sk-ours' } };
    const stage = await WorkerStage.open(t, 2, {
      ...settings(t, { default: 'claude', kinds: { claude: { command } } }, { users: USERS }),
      ai: { enabled: true, providers: { claude } },
    });
    const text = await (await openStream(`${stage.url}/agent/stream`, { prompt: 'hi' }, ALICE)).whole();
    assert.deepEqual(text.match(/"status":200/g)?.length, 4, text);
    assert.equal(heardValues(provider.last, 'x-api-key')[0], 'sk-ours');
    await stage.until(() => stage.used.length === 4, 'that it was counted');
    assert.ok(stage.used.every(({ user }) => user === 'alice'));
    const [, token = ''] = /"token":"([^"]+)"/.exec(text) ?? [];
    for (let i = 0; i < 4; i += 1) {
      const { status } = await askJson(`${stage.url}/claude/v1/messages`, {}, { 'x-api-key': token });
      assert.equal(status, 401);
    }
  });
});
