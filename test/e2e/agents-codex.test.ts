// Agents that are the real Codex, behind a gateway that is also its way to the provider.
import assert from 'node:assert/strict';
import { describe, test, type TestContext } from 'node:test';
import { openStream } from '../support/agents-client.ts';
import { AiProvider, heardValues } from '../support/ai-provider.ts';
import { scriptOf } from '../support/ai-script.ts';
import { Gateway } from '../support/gateway.ts';
import { requirePeer } from '../support/peer.ts';
import { cliHome } from '../support/real-cli.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

async function stage(t: TestContext, command: string, agents: object = {}) {
  const provider = await AiProvider.open(t);
  const env = { HOME: cliHome(t) };
  const chatgpt = { base: provider.url, credentials: { api_key: 'sk-ours' } };
  const gateway = await Gateway.open(t, {
    ai: { enabled: true, providers: { chatgpt } },
    agents: {
      enabled: true,
      default: 'codex',
      workspace: temporaryFolder(t),
      kinds: { codex: { command, env, args: ['--sandbox', 'danger-full-access'] } },
      ...agents,
    },
  });
  const run = async (body: object): Promise<{ text: string; end: Record<string, unknown> }> => {
    const text = await (await openStream(`${gateway.url}/agent/stream`, body)).whole();
    const [, data = '{}'] = /event: complete\nid: \d+\ndata: (.*)\n/.exec(text) ?? [];
    return { text, end: JSON.parse(data) as Record<string, unknown> };
  };
  return { provider, gateway, run };
}

describe('Codex as an agent', () => {
  test('answers, uses a tool, and goes on with its session from anywhere', async (t) => {
    const command = requirePeer(t, 'codex');
    if (command === undefined) return;
    const { provider, run } = await stage(t, command);
    const tool = { tool: 'exec_command', input: { cmd: 'env | sort; echo it is $((6 * 7))' } };
    const { text, end } = await run({ prompt: scriptOf(tool, { text: 'Done' }) });
    assert.match(text, /it is 42/);
    assert.doesNotMatch(text, /SLUICE_AGENT_TOKEN/);
    assert.partialDeepStrictEqual(end, { status: 'ok', kind: 'codex', exit_code: 0 });
    const used = end['usage'] as Record<string, number>;
    assert.ok((used['output_tokens'] ?? 0) > 0);
    assert.deepEqual(heardValues(provider.last, 'authorization'), ['Bearer sk-ours']);
    const again = await run({ prompt: '--help', session_id: end['session_id'] });
    assert.partialDeepStrictEqual(again.end, { status: 'ok', session_id: end['session_id'] });
    assert.deepEqual(again.end['usage'], {
      input_tokens: 32,
      output_tokens: 87,
      cache_read_tokens: 4,
      cache_write_tokens: 0,
    });
    assert.match(String(provider.last.body), /--help/);
  });

  test('that waits for its provider for ever is stopped', async (t) => {
    const command = requirePeer(t, 'codex');
    if (command === undefined) return;
    const { provider, run } = await stage(t, command, { silence: '2s' });
    provider.plans.push({ beforeHead: () => new Promise(() => {}) });
    const { end } = await run({ prompt: 'hi' });
    assert.partialDeepStrictEqual(end, { status: 'timeout', reason: 'It printed nothing for too long.' });
    const unknown = await run({ prompt: 'hi', session_id: '00000000-0000-4000-8000-000000000000' });
    assert.partialDeepStrictEqual(unknown.end, { status: 'error', exit_code: 1 });
  });
});
