// The AI gateway as the real Codex sees it: over HTTP, compressed, and through a WebSocket, with a token of ours or a login of its own.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test, type TestContext } from 'node:test';
import { AiProvider, heardValues, sha256 } from '../support/ai-provider.ts';
import { scriptOf } from '../support/ai-script.ts';
import { Gateway } from '../support/gateway.ts';
import { HttpTap, type Tapped } from '../support/http-tap.ts';
import { requirePeer } from '../support/peer.ts';
import { cliHome, type RealCli, startCodex, codexWithToken, codexWithLogin } from '../support/real-cli.ts';
import { startSluice } from '../support/sluice-process.ts';
import { codexLogin } from '../support/store-documents.ts';
import { usageBySession } from '../support/told-usage.ts';

const TOKEN = 'a-token-of-alice-1';
const HOUR_MS = 3_600_000;

const PROMPT = scriptOf(
  {
    thinking: 'Let me see, wörld',
    signature: 'c2lnbmF0dXJl',
    text: 'I look',
    tool: 'exec_command',
    input: { cmd: 'echo it is $((6 * 7))' },
  },
  { text: 'Done, wörld', usage: { input: 31_000, output: 200, cacheRead: 30_000, reasoning: 90 } },
);
const USED = { input_tokens: 31_036, cached_input_tokens: 30_004, output_tokens: 287, reasoning_output_tokens: 154 };

interface Stage {
  readonly provider: AiProvider;
  readonly gateway: Gateway;
}

/** Whoever comes is let in, and sends its own login. */
async function passing(t: TestContext, base?: string): Promise<Stage> {
  const provider = await AiProvider.open(t);
  const chatgpt = { base: base ?? `${provider.url}/backend-api/codex` };
  return { provider, gateway: await Gateway.open(t, { ai: { enabled: true, auth: 'none', providers: { chatgpt } } }) };
}

interface LoggedIn {
  readonly home: string;
  readonly config: string;
}

/** With a login of ChatGPT. What Codex asks about the account itself is not the gateway's. */
function loggedIn(t: TestContext, url: string, provider: AiProvider): LoggedIn {
  const home = cliHome(t);
  writeFileSync(join(home, '.codex', 'auth.json'), codexLogin(Date.now() + HOUR_MS), { mode: 0o600 });
  const config = codexWithLogin(url, provider.url);
  return { home, config };
}

/** What a request says about more than its connection and who sends it. */
function saidIn({ fields }: Pick<Tapped, 'fields'>): (readonly [string, string])[] {
  return fields.filter(([name]) => !/^(?:host|connection|authorization)$/i.test(name));
}

/** What its answers have used, as it counts that itself: what came from the cache is input too. */
async function assertCounted(gateway: Gateway, codex: RealCli, answers: number): Promise<void> {
  await gateway.until(() => gateway.used.length === answers, 'that all answers are counted');
  const { used } = gateway;
  const sumOf = (what: 'input' | 'output' | 'cacheRead'): number => used.reduce((sum, each) => sum + each[what], 0);
  assert.deepEqual([sumOf('input') + sumOf('cacheRead'), sumOf('output')], [USED.input_tokens, USED.output_tokens]);
  const { thread_id: session } = await codex.last('thread.started');
  assert.deepEqual(new Set(used.map((each) => each.session)), new Set([session]));
}

describe('Codex', () => {
  test('reasons, runs a command and answers as if nobody stood between, and counts what is counted here', async (t) => {
    const command = requirePeer(t, 'codex');
    if (command === undefined) return;
    const provider = await AiProvider.open(t);
    const config = `
ai: { enabled: true, providers: { chatgpt: { base: ${provider.url}, credentials: { api_key: sk-ours } } } }
users: [{ name: alice, token: ${TOKEN}, may: [ai] }]
`;
    const sluice = await startSluice(t, { files: { 'sluice.yaml': config } });
    const tap = await HttpTap.open(t, sluice.address('gateway'));
    const env = { ALICE_TOKEN: TOKEN };
    const codex = startCodex(t, command, {
      home: cliHome(t),
      config: codexWithToken(tap.url, 'ALICE_TOKEN'),
      env,
      prompt: PROMPT,
    });
    const { usage } = await codex.last('turn.completed');
    assert.partialDeepStrictEqual(usage, USED);
    assert.partialDeepStrictEqual(codex.events.at(-2), { item: { type: 'agent_message', text: 'Done, wörld' } });

    assert.deepEqual([tap.tapped.length, provider.heard.length], [2, 2]);
    for (const [index, call] of tap.tapped.entries()) {
      const heard = provider.heard[index]!;
      assert.equal(call.target, `/chatgpt${heard.target}`);
      assert.equal(sha256(heard.body), sha256(call.body));
      assert.equal(sha256(call.answer), sha256(Buffer.concat(heard.said)));
      assert.deepEqual(saidIn(heard), saidIn(call));
      assert.deepEqual(heardValues(heard, 'authorization'), ['Bearer sk-ours']);
      assert.deepEqual(heardValues(heard, 'accept-encoding'), []);
    }
    assert.match(String(provider.last.body), /"encrypted_content":"c2lnbmF0dXJl".*it is 42/);

    // Here what came from the cache is not counted a second time.
    const input = USED.input_tokens - USED.cached_input_tokens;
    const tokens = {
      input_tokens: input,
      output_tokens: USED.output_tokens,
      cache_read_tokens: USED.cached_input_tokens,
    };
    const session = String((await codex.last('thread.started'))['thread_id']);
    const expected = { session, requests: 2, ...tokens, cache_write_tokens: 0 };
    assert.deepEqual(await usageBySession(sluice, 2), [expected]);
  });

  test('that has a login of its own sends it, and compresses what it asks', async (t) => {
    const command = requirePeer(t, 'codex');
    if (command === undefined) return;
    const { provider, gateway } = await passing(t);
    const tap = await HttpTap.open(t, gateway.url);
    tap.takesUpgrades = false;
    const codex = startCodex(t, command, { ...loggedIn(t, tap.url, provider), prompt: PROMPT });
    assert.partialDeepStrictEqual((await codex.last('turn.completed'))['usage'], USED);
    const heard = provider.heard.filter(({ target }) => target === '/backend-api/codex/responses');
    assert.equal(heard.length, 2);
    for (const [index, call] of tap.of('POST').entries()) {
      assert.deepEqual(heardValues(heard[index]!, 'content-encoding'), ['zstd']);
      assert.deepEqual(heardValues(heard[index]!, 'chatgpt-account-id'), ['account-1']);
      assert.match(heardValues(heard[index]!, 'authorization').join(), /^Bearer ey/);
      assert.equal(sha256(heard[index]!.body), sha256(call.body));
      assert.equal(sha256(call.answer), sha256(Buffer.concat(heard[index]!.said)));
    }
    await assertCounted(gateway, codex, 2);
  });

  test('that has a login of its own may say in a field who its user is', async (t) => {
    const command = requirePeer(t, 'codex');
    if (command === undefined) return;
    const provider = await AiProvider.open(t);
    const chatgpt = { base: `${provider.url}/backend-api/codex` };
    const users = [{ name: 'alice', token: TOKEN, may: ['ai'] }];
    const gateway = await Gateway.open(t, { users, ai: { enabled: true, providers: { chatgpt } } });
    const { home } = loggedIn(t, gateway.url, provider);
    const named = 'requires_openai_auth = true\nenv_http_headers = { "X-Sluice-Token" = "ALICE_TOKEN" }';
    const config = codexWithToken(gateway.url, 'ALICE_TOKEN').replace(/^env_key.*$/m, named);
    const codex = startCodex(t, command, { home, config, env: { ALICE_TOKEN: TOKEN }, prompt: 'hi' });
    await codex.last('turn.completed');
    const { last } = provider;
    assert.equal(last.target, '/backend-api/codex/responses');
    assert.match(heardValues(last, 'authorization').join(), /^Bearer ey/);
    assert.deepEqual(
      [heardValues(last, 'chatgpt-account-id'), heardValues(last, 'x-sluice-token')],
      [['account-1'], []],
    );
    await gateway.until(() => gateway.used.length === 1, 'that it is counted');
    assert.equal(gateway.used[0]?.user, 'alice');
  });

  for (const perMessageDeflate of [false, true]) {
    const how = perMessageDeflate ? 'compressed' : 'plain';
    test(`gets the WebSocket that it asks for first, octet for octet: ${how}`, async (t) => {
      const command = requirePeer(t, 'codex');
      if (command === undefined) return;
      const provider = await AiProvider.open(t, undefined, {
        perMessageDeflate: perMessageDeflate && { threshold: 0 },
      });
      const behind = await HttpTap.open(t, provider.url);
      const { gateway } = await passing(t, `${behind.url}/backend-api/codex`);
      const before = await HttpTap.open(t, gateway.url);
      const codex = startCodex(t, command, { ...loggedIn(t, before.url, provider), prompt: PROMPT });
      assert.partialDeepStrictEqual((await codex.last('turn.completed'))['usage'], USED);
      const [outer, inner] = [before, behind].map((tap) => tap.tapped.filter(({ status }) => status === 101));
      assert.deepEqual([outer?.length, inner?.length], [1, 1]);
      assert.match(outer![0]!.target, /^\/chatgpt\/v1\/responses$/);
      assert.equal(sha256(inner![0]!.body), sha256(outer![0]!.body));
      assert.equal(sha256(outer![0]!.answer), sha256(inner![0]!.answer));
      assert.equal(outer![0]!.answer.includes('response.completed'), !perMessageDeflate);
      // At first it asks for nothing, so that everything is at hand later.
      await assertCounted(gateway, codex, 3);
    });
  }

  test('is told the errors of the provider', async (t) => {
    const command = requirePeer(t, 'codex');
    if (command === undefined) return;
    const { provider, gateway } = await passing(t);
    for (const [status, type, words] of [
      [400, 'invalid_request_error', /wörds of theirs/],
      [429, 'usage_limit_reached', /usage limit/],
    ] as const) {
      provider.plans.push({ status, body: JSON.stringify({ error: { type, message: 'wörds of theirs' } }) });
      const env = { ALICE_TOKEN: TOKEN };
      const codex = startCodex(t, command, {
        home: cliHome(t),
        config: codexWithToken(gateway.url, 'ALICE_TOKEN'),
        env,
        prompt: 'hi',
      });
      assert.deepEqual(await codex.ended, { code: 1, signal: null });
      const { message } = (await codex.last('turn.failed'))['error'] as { readonly message: string };
      assert.match(message, words);
    }
  });

  test('that is interrupted ends its request to the provider too', async (t) => {
    const command = requirePeer(t, 'codex');
    if (command === undefined) return;
    const { provider, gateway } = await passing(t);
    const reached = Promise.withResolvers<void>();
    const stay = (): Promise<void> => {
      reached.resolve();
      return new Promise(() => {});
    };
    provider.plans.push({ beforeEvent: (index) => (index === 4 ? stay() : Promise.resolve()) });
    const env = { ALICE_TOKEN: TOKEN };
    const codex = startCodex(t, command, {
      home: cliHome(t),
      config: codexWithToken(gateway.url, 'ALICE_TOKEN'),
      env,
      prompt: 'hi',
    });
    await reached.promise;
    codex.signal('SIGINT');
    await provider.until(() => provider.last.wasLeft);
    assert.deepEqual(await codex.ended, { code: 1, signal: null });
  });
});
