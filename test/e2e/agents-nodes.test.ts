// A run of an agent is followed from every node that shares a Redis, whichever node it runs on.
import assert from 'node:assert/strict';
import { describe, test, type TestContext } from 'node:test';
import { SharedNodes } from '../../src/runtime/nodes/shared-nodes.ts';
import { MetricsRecorder } from '../../src/telemetry/metrics-recorder.ts';
import { askJson, openStream, refusalOf } from '../support/agents-client.ts';
import { Gateway } from '../support/gateway.ts';
import { Redis } from '../support/redis.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const USERS = [
  { name: 'alice', token: 'a-token-of-alice-1', may: ['agents'] },
  { name: 'bob', token: 'a-token-of-bob-111', may: ['agents'] },
];
const ALICE = { Authorization: 'Bearer a-token-of-alice-1' };
const BOB = { Authorization: 'Bearer a-token-of-bob-111' };
const SH = { command: '/bin/sh', args: ['-s'], events: { session: 'session', end: 'done' } };

async function node(t: TestContext, state: string): Promise<Gateway> {
  const workspace = temporaryFolder(t);
  const gateway = await Gateway.open(t, {
    users: USERS,
    agents: { enabled: true, default: 'sh', workspace, kinds: { sh: SH } },
  });
  const process = { state, data_dir: temporaryFolder(t) };
  const nodes = new SharedNodes({ process, recorder: new MetricsRecorder() });
  gateway.desk.agents.shareRuns(nodes.runs());
  t.after(() => nodes.close());
  return gateway;
}

describe('a run on another node', { timeout: 60_000 }, () => {
  test('is found and followed by whose it is, from the last event that was seen', async (t) => {
    const redis = await Redis.start(t);
    if (redis === undefined) return;
    const [one, other] = [await node(t, redis.url), await node(t, redis.url)];
    const prompt = `echo '{"type":"one"}'; read line; echo '{"type":"two"}'; echo '{"type":"done"}'\n`;
    const started = await openStream(`${one.url}/agent/stream`, { prompt }, ALICE);
    const [, id = ''] = /"agent_id":"(\w+)"/.exec(await started.until(/"type":"one"/)) ?? [];
    const path = `${other.url}/agent/${id}`;
    while ((await askJson(path, undefined, ALICE)).body['status'] !== 'running');
    assert.equal(await refusalOf(path, undefined, BOB), '404 not_found');
    assert.equal(await refusalOf(`${path}/events`, undefined, BOB), '404 not_found');
    assert.equal(await refusalOf(`${other.url}/agent/none`, undefined, ALICE), '404 not_found');
    const followed = await openStream(`${path}/events`, undefined, ALICE);
    await followed.until(/"type":"one"/);
    await askJson(`${one.url}/agent/${id}/message`, { message: 'go on' }, ALICE);
    const all = await followed.whole();
    assert.match(all, /id: 1\n[^]*"type":"one"[^]*"type":"two"[^]*event: complete\nid: \d+\n.*"status":"ok"/);
    const late = await openStream(`${path}/events`, undefined, { ...ALICE, 'Last-Event-ID': '1' });
    const rest = await late.whole();
    assert.doesNotMatch(rest, /"type":"one"/);
    assert.match(rest, /"type":"two"[^]*event: complete/);
  });
});
