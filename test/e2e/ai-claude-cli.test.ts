// The AI gateway as the real Claude Code sees it: what it sends and gets passes as it is, and what it counts is what is counted here.
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test, type TestContext } from 'node:test';
import { AiProvider, heardValues, sha256 } from '../support/ai-provider.ts';
import { scriptOf } from '../support/ai-script.ts';
import { Gateway } from '../support/gateway.ts';
import { HttpTap, type Tapped } from '../support/http-tap.ts';
import { requirePeer } from '../support/peer.ts';
import { cliHome, type CliEvent, startClaude } from '../support/real-cli.ts';
import { startSluice } from '../support/sluice-process.ts';
import { claudeDocument } from '../support/store-documents.ts';
import { usageBySession } from '../support/told-usage.ts';

const TOKEN = 'a-token-of-alice-1';

interface Stage {
  readonly provider: AiProvider;
  readonly gateway: Gateway;
  /** Of a client of the gateway. */
  readonly env: Readonly<Record<string, string>>;
}

async function stage(t: TestContext, credentials: object = { api_key: 'sk-ours' }): Promise<Stage> {
  const provider = await AiProvider.open(t);
  const claude = { base: provider.url, credentials };
  const users = [{ name: 'alice', token: TOKEN, may: ['ai'] }];
  const gateway = await Gateway.open(t, { users, ai: { enabled: true, providers: { claude } } });
  return { provider, gateway, env: clientOf(gateway.url) };
}

const clientOf = (url: string): Record<string, string> => ({
  ANTHROPIC_BASE_URL: `${url}/claude`,
  ANTHROPIC_AUTH_TOKEN: TOKEN,
});

/** What a request says about more than its connection and who sends it. */
function saidIn({ fields }: Pick<Tapped, 'fields'>): (readonly [string, string])[] {
  return fields.filter(([name]) => !/^(?:host|connection|authorization|x-api-key)$/i.test(name));
}

const isText = ({ event }: CliEvent): boolean => (event as CliEvent | undefined)?.['type'] === 'content_block_delta';

describe('Claude Code', () => {
  test('thinks, uses a tool and answers as if nobody stood between, and counts what is counted here', async (t) => {
    const command = requirePeer(t, 'claude');
    if (command === undefined) return;
    const provider = await AiProvider.open(t);
    const config = `
ai: { enabled: true, providers: { claude: { base: ${provider.url}, credentials: { api_key: sk-ours } } } }
users: [{ name: alice, token: ${TOKEN}, may: [ai] }]
`;
    const sluice = await startSluice(t, { files: { 'sluice.yaml': config } });
    const tap = await HttpTap.open(t, sluice.address('gateway'));
    const look = { thinking: 'Let me see, wörld', signature: 'c2lnbmF0dXJl', text: 'I look', tool: 'Bash' };
    const prompt = scriptOf(
      { ...look, input: { command: 'echo it is $((6 * 7))' } },
      { text: 'Done, wörld', usage: { input: 1000, output: 200, cacheRead: 30_000, cacheWrite: 0 } },
    );
    const args = ['--allowedTools', 'Bash'];
    const claude = startClaude(t, command, { home: cliHome(t), args, prompt, env: clientOf(tap.url) });
    const result = await claude.last('result');
    assert.partialDeepStrictEqual(result, { is_error: false, num_turns: 2, result: 'Done, wörld' });

    const calls = tap.of('POST');
    const heard = provider.heard.filter(({ method }) => method === 'POST');
    assert.deepEqual([calls.length, heard.length, provider.heard.length], [2, 2, 2]);
    for (const [index, call] of calls.entries()) {
      const { target, body, said, fields } = heard[index]!;
      assert.equal(`/claude${target}`, call.target);
      assert.equal(sha256(body), sha256(call.body));
      assert.equal(sha256(call.answer), sha256(Buffer.concat(said)));
      assert.deepEqual(saidIn({ fields }), saidIn(call));
      assert.deepEqual(heardValues(heard[index]!, 'x-api-key'), ['sk-ours']);
      assert.deepEqual(heardValues(heard[index]!, 'authorization'), []);
    }
    assert.match(String(heard[1]!.body), /"signature":"c2lnbmF0dXJl".*"content":"it is 42"/);

    const session = String(result['session_id']);
    const usage = result['usage'] as Record<string, number>;
    assert.deepEqual(await usageBySession(sluice, 2), [
      {
        session,
        requests: 2,
        input_tokens: usage['input_tokens'],
        output_tokens: usage['output_tokens'],
        cache_read_tokens: usage['cache_read_input_tokens'],
        cache_write_tokens: usage['cache_creation_input_tokens'],
      },
    ]);
    assert.partialDeepStrictEqual(usage, { input_tokens: 1025, output_tokens: 215, cache_read_input_tokens: 30_007 });
  });

  test('goes with the login of a store, which adds one word to what it says', async (t) => {
    const command = requirePeer(t, 'claude');
    if (command === undefined) return;
    const store = join(cliHome(t), '.claude', '.credentials.json');
    writeFileSync(store, claudeDocument(Date.now() + 3_600_000), { mode: 0o600 });
    const { provider, gateway } = await stage(t, { store });
    const tap = await HttpTap.open(t, gateway.url);
    const claude = startClaude(t, command, { home: cliHome(t), prompt: 'hi', env: clientOf(tap.url) });
    assert.partialDeepStrictEqual(await claude.last('result'), { is_error: false });
    const [call] = tap.of('POST');
    const beta = call?.fields.find(([name]) => name === 'anthropic-beta')?.[1];
    assert.deepEqual(heardValues(provider.last, 'anthropic-beta'), [`${beta},oauth-2025-04-20`]);
    assert.deepEqual(heardValues(provider.last, 'authorization'), ['Bearer access-0']);
    assert.equal(sha256(provider.last.body), sha256(call!.body));
  });

  test('is told the errors of the provider, and tries again where it would', async (t) => {
    const command = requirePeer(t, 'claude');
    if (command === undefined) return;
    const { provider, gateway, env } = await stage(t);
    const tap = await HttpTap.open(t, gateway.url);
    const errorOf = (type: string): string => `{"type":"error","error":{"type":"${type}","message":"wörds of theirs"}}`;
    // Whatever it leaves out of its next attempt.
    const refusals = Array.from({ length: 50 }, () => ({ status: 400, body: errorOf('invalid_request_error') }));
    provider.plans.push(
      { status: 429, body: errorOf('rate_limit_error'), fields: { 'retry-after': '1' } },
      { status: 529, body: errorOf('overloaded_error'), fields: { 'retry-after': '0' } },
      ...refusals,
    );
    const claude = startClaude(t, command, { home: cliHome(t), prompt: 'hi', env: { ...env, ...clientOf(tap.url) } });
    const result = await claude.last('result');
    assert.partialDeepStrictEqual(result, { is_error: true, api_error_status: 400 });
    assert.match(String(result['result']), /wörds of theirs/);
    assert.deepEqual(await claude.ended, { code: 1, signal: null });
    const retries = claude.events.filter(({ subtype }) => subtype === 'api_retry');
    assert.deepEqual(
      retries.map(({ error_status, error }) => [error_status, error]),
      [
        [429, 'rate_limit'],
        [529, 'overloaded'],
      ],
    );
    assert.ok(Number(retries[0]?.['retry_delay_ms']) >= 1_000);
    const statuses = tap.tapped.map(({ status }) => status);
    assert.deepEqual(statuses, [429, 529, ...statuses.slice(2).fill(400)]);
    for (const [index, { answer, body, fields }] of tap.tapped.entries()) {
      const heard = provider.heard[index]!;
      assert.equal(sha256(answer), sha256(Buffer.concat(heard.said)));
      assert.equal(sha256(heard.body), sha256(body));
      assert.deepEqual(saidIn(heard), saidIn({ fields }));
    }
    assert.deepEqual(gateway.used, []);
  });

  test('tries again when the provider breaks off, which it notices at once', async (t) => {
    const command = requirePeer(t, 'claude');
    if (command === undefined) return;
    const { provider, gateway, env } = await stage(t);
    const { promise: shown, resolve } = Promise.withResolvers<void>();
    t.after(() => resolve());
    provider.plans.push({ cutAfter: 4, beforeEvent: (index) => (index === 4 ? shown : Promise.resolve()) });
    const args = ['--include-partial-messages'];
    const claude = startClaude(t, command, { home: cliHome(t), args, prompt: 'hi', env });
    await claude.says(isText, 'any text');
    resolve();
    const result = await claude.last('result');
    assert.partialDeepStrictEqual(result, { is_error: false, result: 'Hello, wörld' });
    assert.equal(claude.events.filter(({ subtype }) => subtype === 'api_retry').length, 1);
    // Both count what was said until then.
    const sumOf = (what: 'input' | 'output'): number => gateway.used.reduce((sum, each) => sum + each[what], 0);
    assert.deepEqual([sumOf('input'), sumOf('output')], [50, 16]);
    assert.partialDeepStrictEqual(result['usage'], { input_tokens: 50, output_tokens: 16 });
  });

  test('goes on with another account when one has had enough, and stays with it', async (t) => {
    const command = requirePeer(t, 'claude');
    if (command === undefined) return;
    const credentials = [
      { id: 'first', api_key: 'sk-first' },
      { id: 'second', api_key: 'sk-second' },
    ];
    const { provider, gateway, env } = await stage(t, credentials);
    let empty = '';
    provider.planOf = (heard) => {
      const [key = ''] = heardValues(heard, 'x-api-key');
      empty ||= key;
      const body = '{"type":"error","error":{"type":"rate_limit_error","message":"enough"}}';
      return key === empty ? { status: 429, body, fields: { 'retry-after': '60' } } : undefined;
    };
    const step = { tool: 'Bash', input: { command: 'echo hi' } };
    const prompt = scriptOf(step, step, { text: 'Done' });
    const args = ['--allowedTools', 'Bash'];
    const claude = startClaude(t, command, { home: cliHome(t), args, prompt, env });
    assert.partialDeepStrictEqual(await claude.last('result'), { is_error: false, result: 'Done' });
    assert.equal(claude.events.filter(({ subtype }) => subtype === 'api_retry').length, 0);
    const [first, ...others] = provider.heard.flatMap((heard) => heardValues(heard, 'x-api-key'));
    const other = first === 'sk-first' ? 'sk-second' : 'sk-first';
    assert.deepEqual(others, [other, other, other]);
    assert.deepEqual(
      gateway.used.map(({ account }) => `sk-${account}`),
      others,
    );
  });

  test('that is interrupted ends its request to the provider too, and what it was told until then is counted', async (t) => {
    const command = requirePeer(t, 'claude');
    if (command === undefined) return;
    const { provider, gateway, env } = await stage(t);
    provider.plans.push({ beforeEvent: (index) => (index === 4 ? new Promise(() => {}) : Promise.resolve()) });
    const args = ['--include-partial-messages'];
    const claude = startClaude(t, command, { home: cliHome(t), args, prompt: 'hi', env });
    const isText = ({ event }: CliEvent): boolean =>
      (event as CliEvent | undefined)?.['type'] === 'content_block_delta';
    await claude.says(isText, 'any text');
    claude.signal('SIGINT');
    await provider.until(() => provider.last.wasLeft);
    await claude.ended;
    await gateway.until(() => gateway.used.length === 1, 'that it is counted');
    assert.partialDeepStrictEqual(gateway.used[0], { isKnown: true, input: 25, output: 1, cacheRead: 7 });
  });

  test('finds the models of the provider, who hears nothing but what it is asked', async (t) => {
    const command = requirePeer(t, 'claude');
    if (command === undefined) return;
    const { provider, env } = await stage(t);
    const home = cliHome(t);
    provider.models = ['claude-test-9', 'other-1'];
    const own = { CLAUDE_CODE_ENABLE_GATEWAY_MODEL_DISCOVERY: '1', CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '' };
    // To anybody else it comes through nobody: the provider takes no CONNECT.
    const nowhere = { HTTPS_PROXY: provider.url, NO_PROXY: '127.0.0.1' };
    const claude = startClaude(t, command, { home, prompt: 'hi', env: { ...env, ...own, ...nowhere } });
    assert.deepEqual(await claude.ended, { code: 0, signal: null });
    assert.deepEqual(
      provider.heard.map(({ method, target }) => [method, target]),
      [
        ['GET', '/v1/models?limit=1000'],
        ['POST', '/v1/messages?beta=true'],
      ],
    );
    const found = readFileSync(join(home, '.claude', 'cache', 'gateway-models.json'), 'utf8');
    assert.partialDeepStrictEqual(JSON.parse(found), { models: [{ id: 'claude-test-9' }] });
  });
});
