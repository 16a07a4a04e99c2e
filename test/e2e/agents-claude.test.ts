// Agents that are the real Claude Code, behind a gateway that is also its way to the provider.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test, type TestContext } from 'node:test';
import { findMarked, listProcesses } from '../../src/services/processes/process-table.ts';
import { numbersIn } from '../support/agent-stage.ts';
import { askJson, openStream } from '../support/agents-client.ts';
import { AiProvider, heardValues } from '../support/ai-provider.ts';
import { scriptOf } from '../support/ai-script.ts';
import { Gateway } from '../support/gateway.ts';
import { requirePeer } from '../support/peer.ts';
import { cliHome } from '../support/real-cli.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const ALICE = { Authorization: 'Bearer a-token-of-alice-1' };
const USERS = [{ name: 'alice', token: 'a-token-of-alice-1', may: ['agents'] }];

async function stage(t: TestContext, command: string, claude: object = {}, agents: object = {}) {
  const provider = await AiProvider.open(t);
  const env = { HOME: cliHome(t) };
  const gateway = await Gateway.open(t, {
    users: USERS,
    ai: { enabled: true, providers: { claude: { base: provider.url, credentials: { api_key: 'sk-ours' } } } },
    agents: {
      enabled: true,
      workspace: temporaryFolder(t),
      kinds: { claude: { command, env, args: ['--allowedTools', 'Bash'], ...claude } },
      ...agents,
    },
  });
  return { provider, gateway, url: gateway.url, home: env.HOME };
}

/** What the last event of a stream says. */
function endOf(text: string): Record<string, unknown> {
  const [, data = '{}'] = /event: complete\nid: \d+\ndata: (.*)\n/.exec(text) ?? [];
  return JSON.parse(data) as Record<string, unknown>;
}

describe('Claude Code as an agent', () => {
  test('answers, uses tools, and needs no credentials but the token of its run', async (t) => {
    const command = requirePeer(t, 'claude');
    if (command === undefined) return;
    const { provider, gateway, url } = await stage(t, command);
    const tool = { tool: 'Bash', input: { command: 'env | sort | head -c 4000; echo it is $((6 * 7))' } };
    const prompt = scriptOf(tool, { text: 'Done, wörld' });
    const text = await (await openStream(`${url}/agent/stream`, { prompt, model: 'claude-opus-5-5' }, ALICE)).whole();
    assert.match(text, /it is 42/);
    const end = endOf(text);
    assert.partialDeepStrictEqual(end, { status: 'ok', exit_code: 0, user: 'alice', model: 'claude-opus-5-5' });
    assert.deepEqual(end['usage'], {
      input_tokens: 50,
      output_tokens: 30,
      cache_read_tokens: 14,
      cache_write_tokens: 6,
    });
    assert.ok(Number(end['cost_usd']) > 0);
    const numbers = numbersIn(text);
    assert.deepEqual(
      numbers,
      Array.from(numbers, (_, index) => index + 1),
    );
    // It came by way of the gateway, as its user, whose key was put in.
    assert.deepEqual(heardValues(provider.last, 'x-api-key'), ['sk-ours']);
    assert.ok(gateway.used.length >= 2 && gateway.used.every(({ user }) => user === 'alice'));
    assert.equal(gateway.used[0]?.session, end['session_id']);
    const token = /slc_run_[\w-]+/.exec(text)?.[0] ?? '';
    assert.equal((await fetch(`${url}/claude/v1/models`, { headers: { 'x-api-key': token } })).status, 401);
  });

  test('goes on with a session, takes a message while it waits, and counts what each run has used', async (t) => {
    const command = requirePeer(t, 'claude');
    if (command === undefined) return;
    const { provider, url } = await stage(t, command);
    const first = endOf(await (await openStream(`${url}/agent/stream`, { prompt: '/context' }, ALICE)).whole());
    assert.equal(first['status'], 'ok');
    assert.match(String(provider.last.body), /" \/context"/);
    const session = String(first['session_id']);
    const stream = await openStream(`${url}/agent/stream`, { prompt: 'again', session_id: session, linger: 30 }, ALICE);
    await stream.until(/"type":"result"/);
    const id = String(stream.response.headers['x-agent-id']);
    await askJson(`${url}/agent/${id}/message`, { message: 'and again' }, ALICE);
    await stream.until(/"type":"result"[^]*"type":"result"/);
    assert.match(String(provider.last.body), /context[^]*again[^]*and again/);
    await askJson(`${url}/agent/stop/${id}`, {}, ALICE);
    const second = endOf(await stream.whole());
    assert.partialDeepStrictEqual(second, { status: 'stopped', session_id: session });
    const cost = Number(first['cost_usd']);
    assert.ok(Math.abs(Number(second['cost_usd']) - 2 * cost) < cost / 100, JSON.stringify([first, second]));
  });

  test('is stopped in the middle of a tool with everything that it has started', async (t) => {
    const command = requirePeer(t, 'claude');
    if (command === undefined) return;
    const { url } = await stage(t, command);
    const input = { command: 'setsid nohup sleep 301 > /dev/null 2>&1 & echo $$; sleep 302' };
    const stream = await openStream(`${url}/agent/stream`, { prompt: scriptOf({ tool: 'Bash', input }) }, ALICE);
    const id = String(stream.response.headers['x-agent-id']);
    const { body } = await askJson(`${url}/agent/${id}`, undefined, ALICE);
    const mark = markOf(Number(body['pid']));
    while (sleepers(mark).length < 2) await new Promise((resolve) => setTimeout(resolve, 20));
    const stopped = await askJson(`${url}/agent/stop/${id}`, {}, ALICE);
    assert.partialDeepStrictEqual(stopped.body, { status: 'stopped', outcome: 'stopped' });
    assert.deepEqual(findMarked(mark, listProcesses()), []);
    assert.equal(endOf(await stream.whole())['status'], 'stopped');
  });

  test('has no success where it says so and means an error, is refused a tool, or takes too long', async (t) => {
    const command = requirePeer(t, 'claude');
    if (command === undefined) return;
    const denied = await stage(t, command, { args: [] });
    const prompt = scriptOf({ tool: 'Bash', input: { command: 'rm -rf /nowhere/x' } }, { text: 'no' });
    const refused = endOf(await (await openStream(`${denied.url}/agent/stream`, { prompt }, ALICE)).whole());
    assert.partialDeepStrictEqual(refused, {
      status: 'denied',
      reason: 'It was not allowed to use Bash.',
      exit_code: 0,
    });
    // Whatever it leaves out of its next attempt.
    const body = '{"type":"error","error":{"type":"invalid_request_error","message":"no"}}';
    denied.provider.plans.push(...Array.from({ length: 50 }, () => ({ status: 400, body })));
    const failed = endOf(await (await openStream(`${denied.url}/agent/stream`, { prompt: 'hi' }, ALICE)).whole());
    assert.partialDeepStrictEqual(failed, { status: 'error', exit_code: 1 });
    denied.provider.plans.length = 0;
    const unknown = { prompt: 'hi', session_id: String(refused['session_id']), cwd: '.' };
    assert.equal(endOf(await (await openStream(`${denied.url}/agent/stream`, unknown, ALICE)).whole())['status'], 'ok');
    denied.provider.plans.push({ beforeHead: () => new Promise(() => {}) });
    const late = endOf(
      await (await openStream(`${denied.url}/agent/stream`, { prompt: 'hi', timeout: 2 }, ALICE)).whole(),
    );
    assert.partialDeepStrictEqual(late, { status: 'timeout', reason: 'It took longer than its time-out.' });
  });

  test('without a login says so', async (t) => {
    const command = requirePeer(t, 'claude');
    if (command === undefined) return;
    const gateway = await Gateway.open(t, {
      agents: {
        enabled: true,
        workspace: temporaryFolder(t),
        kinds: {
          claude: { command, subscription: true, env: { HOME: cliHome(t), ANTHROPIC_API_KEY: 'sk-not-for-it' } },
        },
      },
    });
    const end = endOf(await (await openStream(`${gateway.url}/agent/stream`, { prompt: 'hi' })).whole());
    assert.partialDeepStrictEqual(end, { status: 'error', exit_code: 1 });
    assert.match(String(end['reason']), /not logged in/i);
  });

  test('whose key its provider refuses says so', async (t) => {
    const command = requirePeer(t, 'claude');
    if (command === undefined) return;
    const { provider, url } = await stage(t, command, { env: { HOME: cliHome(t), CLAUDE_CODE_MAX_RETRIES: '0' } });
    const body = '{"type":"error","error":{"type":"authentication_error","message":"invalid x-api-key"}}';
    provider.plans.push(...Array.from({ length: 10 }, () => ({ status: 401, body })));
    const end = endOf(await (await openStream(`${url}/agent/stream`, { prompt: 'hi' }, ALICE)).whole());
    assert.partialDeepStrictEqual(end, { status: 'error', exit_code: 1 });
    assert.match(String(end['reason']), /log(?:ged)? ?in/i);
    assert.ok(provider.heard.length > 0, 'the provider was asked');
  });
});

function markOf(pid: number): string {
  return /SLUICE_RUN_ID=([^\0]+)/.exec(readFileSync(`/proc/${pid}/environ`, 'latin1'))?.[1] ?? assert.fail('no mark');
}

function sleepers(mark: string): number[] {
  const pids = findMarked(mark, listProcesses()).map(({ pid }) => pid);
  return pids.filter((pid) => {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, 'latin1').startsWith('sleep\0');
    } catch {
      return false;
    }
  });
}
