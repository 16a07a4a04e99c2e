// Limits of users as the real Claude Code and Codex meet them: they say what the matter is, and do not hammer at what is used up.
import assert from 'node:assert/strict';
import { describe, test, type TestContext } from 'node:test';
import { AiProvider } from '../support/ai-provider.ts';
import { scriptOf } from '../support/ai-script.ts';
import { Gateway } from '../support/gateway.ts';
import { requirePeer } from '../support/peer.ts';
import { cliHome, startClaude, startCodex } from '../support/real-cli.ts';

const TOKEN = 'a-token-of-alice-1';

async function stage(t: TestContext, limits: object): Promise<{ provider: AiProvider; gateway: Gateway }> {
  const provider = await AiProvider.open(t);
  const own = { base: provider.url, credentials: { api_key: 'sk-ours' } };
  const users = [{ name: 'alice', token: TOKEN, may: ['ai'], limits }];
  const ai = { enabled: true, providers: { claude: own, chatgpt: own } };
  return { provider, gateway: await Gateway.open(t, { users, ai }) };
}

function refusals(gateway: Gateway, limit: string): number {
  return gateway.metric('sluice_ai_refusals_total', { user: 'alice', limit });
}

/** So much was used before. */
function spend(gateway: Gateway, tokens: number): void {
  gateway.budgets.add(gateway.budgets.slotOf('alice'), Date.now(), tokens, 0);
}

describe('Claude Code', () => {
  const envOf = (gateway: Gateway): Record<string, string> => ({
    ANTHROPIC_BASE_URL: `${gateway.url}/claude`,
    ANTHROPIC_AUTH_TOKEN: TOKEN,
  });

  test('asks once and no more where a budget is used up, and says why', async (t) => {
    const command = requirePeer(t, 'claude');
    if (command === undefined) return;
    const { provider, gateway } = await stage(t, { ai_tokens_per_day: 10 });
    spend(gateway, 10);
    const prompt = scriptOf({ text: 'never' });
    const result = await startClaude(t, command, { home: cliHome(t), prompt, env: envOf(gateway) }).last('result');
    assert.equal(result['is_error'], true);
    assert.match(String(result['result']), /used up the 10 tokens of today \(ai_tokens_per_day\)/);
    assert.equal(provider.heard.length, 0);
    assert.equal(refusals(gateway, 'ai_tokens_per_day'), 1);
  });

  test('waits for room among the requests of a minute, and then goes on', async (t) => {
    const command = requirePeer(t, 'claude');
    if (command === undefined) return;
    const { gateway } = await stage(t, { ai_requests_per_minute: 60 });
    const prompt = scriptOf({ text: 'Done, wörld' });
    // All of this minute have come already.
    const ask = (): Promise<Response> => fetch(`${gateway.url}/claude/v1/models`, { headers: { 'x-api-key': TOKEN } });
    while ((await ask()).status !== 429);
    const claude = startClaude(t, command, { home: cliHome(t), prompt, env: envOf(gateway) });
    const result = await claude.last('result');
    assert.partialDeepStrictEqual(result, { is_error: false, result: 'Done, wörld' });
  });
});

describe('Codex', () => {
  const configOf = ({ url }: Gateway): string => `
model = "gpt-5.2"
model_provider = "sluice"
[model_providers.sluice]
name = "Sluice"
base_url = "${url}/chatgpt/v1"
env_key = "ALICE_TOKEN"
wire_api = "responses"
supports_websockets = true
`;

  test('goes on by POST at once where a WebSocket would get round the limits', async (t) => {
    const command = requirePeer(t, 'codex');
    if (command === undefined) return;
    const { provider, gateway } = await stage(t, { ai_tokens_per_day: 1_000_000, ai_models: ['gpt-5.*'] });
    const start = { home: cliHome(t), prompt: scriptOf({ text: 'Done, wörld' }), config: configOf(gateway) };
    const codex = startCodex(t, command, { ...start, env: { ALICE_TOKEN: TOKEN } });
    await codex.last('turn.completed');
    assert.equal((await codex.ended).code, 0);
    assert.deepEqual(new Set(provider.heard.map(({ method }) => method)), new Set(['POST']));
    assert.ok(refusals(gateway, 'ai_tokens_per_day') >= 1);
  });

  test('takes a budget that is used up for a quota that is, and does not try again', async (t) => {
    const command = requirePeer(t, 'codex');
    if (command === undefined) return;
    const { provider, gateway } = await stage(t, { ai_tokens_per_month: 10 });
    spend(gateway, 10);
    const start = { home: cliHome(t), prompt: scriptOf({ text: 'never' }), config: configOf(gateway) };
    const codex = startCodex(t, command, { ...start, env: { ALICE_TOKEN: TOKEN } });
    const failed = await codex.last('turn.failed');
    assert.match(JSON.stringify(failed), /Quota exceeded/);
    assert.equal(provider.heard.length, 0);
    // The WebSocket, and the POST after it.
    assert.ok(refusals(gateway, 'ai_tokens_per_month') <= 2);
  });
});
