// What users may have of providers of AI, as Claude Code and Codex see it: they wait where there is room later, and say why where not.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test, type TestContext } from 'node:test';
import { AiProvider, heardValues } from '../support/ai-provider.ts';
import { scriptOf } from '../support/ai-script.ts';
import { Gateway } from '../support/gateway.ts';
import { requirePeer } from '../support/peer.ts';
import { cliHome, type RealCli, startClaude, startCodex, codexWithLogin } from '../support/real-cli.ts';
import { codexLogin } from '../support/store-documents.ts';

const TOKEN = 'a-token-of-alice-1';
const HOUR_MS = 3_600_000;
/** What one answer of the stand-in uses. */
const MESSAGE_TOKENS = 25 + 15 + 3 + 7;
const RESPONSE_TOKENS = 36 + 87;

describe('Claude Code', () => {
  async function stage(t: TestContext, limits: object): Promise<{ provider: AiProvider; gateway: Gateway }> {
    const provider = await AiProvider.open(t);
    const claude = { base: provider.url, credentials: { api_key: 'sk-ours' } };
    const users = [{ name: 'alice', token: TOKEN, may: ['ai'], limits }];
    return { provider, gateway: await Gateway.open(t, { users, ai: { enabled: true, providers: { claude } } }) };
  }

  function start(t: TestContext, command: string, { url }: Gateway, prompt: string): RealCli {
    const env = { ANTHROPIC_BASE_URL: `${url}/claude`, ANTHROPIC_AUTH_TOKEN: TOKEN };
    return startClaude(t, command, { home: cliHome(t), env, prompt, args: ['--allowedTools', 'Bash'] });
  }

  test('tries again while another request of its user is under way', async (t) => {
    const command = requirePeer(t, 'claude');
    if (command === undefined) return;
    const { provider, gateway } = await stage(t, { ai_streams: 1 });
    const gate = Promise.withResolvers<void>();
    t.after(() => gate.resolve());
    provider.plans.push({ beforeHead: () => gate.promise });
    const headers = { authorization: `Bearer ${TOKEN}` };
    const other = fetch(`${gateway.url}/claude/v1/messages`, { method: 'POST', headers, body: '{"model":"m"}' });
    await provider.until(() => provider.heard.length === 1);
    const claude = start(t, command, gateway, 'hi');
    const retry = await claude.says(({ subtype }) => subtype === 'api_retry', 'that it tries again');
    assert.partialDeepStrictEqual(retry, { error_status: 429, error: 'rate_limit' });
    gate.resolve();
    await (await other).body?.cancel();
    assert.partialDeepStrictEqual(await claude.last('result'), { is_error: false, result: 'Hello, wörld' });
  });

  test('waits for room among the requests of a minute, and then goes on', async (t) => {
    const command = requirePeer(t, 'claude');
    if (command === undefined) return;
    const { gateway } = await stage(t, { ai_requests_per_minute: 60 });
    // All of this minute have come already.
    const ask = (): Promise<Response> => fetch(`${gateway.url}/claude/v1/models`, { headers: { 'x-api-key': TOKEN } });
    while ((await ask()).status !== 429);
    const claude = start(t, command, gateway, 'hi');
    assert.partialDeepStrictEqual(await claude.last('result'), { is_error: false, result: 'Hello, wörld' });
  });

  test('ends when the budget of its user is used up in the middle of its work, and says so', async (t) => {
    const command = requirePeer(t, 'claude');
    if (command === undefined) return;
    const { provider, gateway } = await stage(t, { ai_tokens_per_day: MESSAGE_TOKENS });
    const prompt = scriptOf({ tool: 'Bash', input: { command: 'echo hi' } }, { text: 'never' });
    const claude = start(t, command, gateway, prompt);
    const result = await claude.last('result');
    assert.partialDeepStrictEqual(result, { is_error: true, api_error_status: 429 });
    assert.match(String(result['result']), /has used up the 50 tokens of today/);
    assert.equal(provider.heard.length, 1);
    assert.equal(claude.events.filter(({ subtype }) => subtype === 'api_retry').length, 0);
  });
});

describe('Codex', () => {
  test('does without a WebSocket where a budget has to be kept, and ends when it is used up', async (t) => {
    const command = requirePeer(t, 'codex');
    if (command === undefined) return;
    const provider = await AiProvider.open(t);
    const chatgpt = { base: `${provider.url}/backend-api/codex` };
    const limits = { ai_tokens_per_day: 2 * RESPONSE_TOKENS };
    const gateway = await Gateway.open(t, { ai: { enabled: true, auth: 'none', limits, providers: { chatgpt } } });
    const home = cliHome(t);
    writeFileSync(join(home, '.codex', 'auth.json'), codexLogin(Date.now() + HOUR_MS), { mode: 0o600 });
    const config = codexWithLogin(gateway.url, provider.url);
    const step = { tool: 'exec_command', input: { cmd: 'echo hi' } };
    const codex = startCodex(t, command, { home, config, prompt: scriptOf(step, step, { text: 'never' }) });
    const { message } = (await codex.last('turn.failed'))['error'] as { readonly message: string };
    assert.match(message, /quota/i);
    const asked = provider.heard.filter(({ target }) => target.endsWith('/responses'));
    assert.deepEqual(
      asked.map((each) => [each.method, heardValues(each, 'content-encoding')]),
      [
        ['POST', ['zstd']],
        ['POST', ['zstd']],
      ],
    );
  });
});
