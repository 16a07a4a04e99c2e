// Several accounts of a provider as the real Claude Code and Codex see them, which is not at all: new conversations go where more is left,
// those that run stay, and a limit is somebody else's.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test, type TestContext } from 'node:test';
import { answerBy, type Answers, credentialsHeard, limitedPlan } from '../support/ai-accounts.ts';
import { AiProvider } from '../support/ai-provider.ts';
import { Gateway } from '../support/gateway.ts';
import { requirePeer } from '../support/peer.ts';
import { cliHome, startClaude, startCodex } from '../support/real-cli.ts';

const TOKEN = 'a-token-of-alice-1';
const CREDENTIALS = [{ api_key: 'sk-one' }, { api_key: 'sk-two' }];

interface Stage {
  readonly provider: AiProvider;
  readonly gateway: Gateway;
  readonly answers: Answers;
}

async function stage(t: TestContext, name: 'claude' | 'chatgpt'): Promise<Stage> {
  const provider = await AiProvider.open(t);
  const answers: Answers = {};
  answerBy(provider, answers);
  const providers = { [name]: { base: provider.url, credentials: CREDENTIALS, strategy: 'quota' } };
  const users = [{ name: 'alice', token: TOKEN, may: ['ai'] }];
  const gateway = await Gateway.open(t, { users, ai: { enabled: true, providers } });
  return { provider, gateway, answers };
}

test('Claude Code begins where more is left, goes on where it was, and does not hear of a limit', async (t) => {
  const command = requirePeer(t, 'claude');
  if (command === undefined) return;
  const { provider, gateway, answers } = await stage(t, 'claude');
  const used = (share: string): object => ({
    fields: {
      'anthropic-ratelimit-unified-status': 'allowed',
      'anthropic-ratelimit-unified-5h-utilization': share,
      'anthropic-ratelimit-unified-5h-reset': String(Math.round(Date.now() / 1000) + 3600),
    },
  });
  answers['sk-one'] = used('0.95');
  answers['sk-two'] = used('0.1');
  const home = cliHome(t);
  const env = { ANTHROPIC_BASE_URL: `${gateway.url}/claude`, ANTHROPIC_AUTH_TOKEN: TOKEN };
  const first = randomUUID();
  const runs: readonly (readonly string[])[] = [['--session-id', first], [], [], ['--resume', first]];
  const heard: string[] = [];
  for (const args of runs) {
    const claude = startClaude(t, command, { home, prompt: 'hi', env, args });
    assert.partialDeepStrictEqual(await claude.last('result'), { is_error: false });
    heard.push(...new Set(credentialsHeard(provider)));
    provider.heard.length = 0;
  }
  assert.deepEqual(heard, ['sk-one', 'sk-two', 'sk-two', 'sk-one']);

  answers['sk-one'] = limitedPlan({ 'retry-after': '600' });
  const moved = startClaude(t, command, { home, prompt: 'hi', env, args: ['--resume', first] });
  assert.partialDeepStrictEqual(await moved.last('result'), { is_error: false });
  assert.deepEqual(credentialsHeard(provider), ['sk-one', 'sk-two']);
  assert.deepEqual(
    moved.events.filter(({ subtype }) => subtype === 'api_retry'),
    [],
  );
});

test('Codex begins where more is left, and does not hear of a limit', async (t) => {
  const command = requirePeer(t, 'codex');
  if (command === undefined) return;
  const { provider, gateway, answers } = await stage(t, 'chatgpt');
  const used = (percent: string): object => ({
    fields: {
      'x-codex-primary-used-percent': percent,
      'x-codex-primary-window-minutes': '300',
      'x-codex-primary-reset-after-seconds': '3600',
    },
  });
  answers['sk-one'] = used('95');
  answers['sk-two'] = used('10');
  const home = cliHome(t);
  const config = `
model = "gpt-5.2"
model_provider = "sluice"
[model_providers.sluice]
name = "Sluice"
base_url = "${gateway.url}/chatgpt/v1"
env_key = "ALICE_TOKEN"
wire_api = "responses"
`;
  const run = async (): Promise<string[]> => {
    provider.heard.length = 0;
    const codex = startCodex(t, command, { home, prompt: 'hi', config, env: { ALICE_TOKEN: TOKEN } });
    await codex.last('turn.completed');
    assert.equal((await codex.ended).code, 0);
    return credentialsHeard(provider);
  };
  assert.deepEqual([await run(), await run(), await run()], [['sk-one'], ['sk-two'], ['sk-two']]);
  const limited = '{"error":{"type":"usage_limit_reached","message":"The usage limit has been reached"}}';
  answers['sk-two'] = { status: 429, body: limited, fields: { 'x-codex-primary-reset-after-seconds': '3600' } };
  assert.deepEqual([await run(), await run()], [['sk-two', 'sk-one'], ['sk-one']]);
});
