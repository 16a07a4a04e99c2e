// What users may have of providers of AI, as their own programs see it: the official libraries take our refusals for those of the provider.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import http from 'node:http';
import { describe, test, type TestContext } from 'node:test';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import Anthropic from '@anthropic-ai/sdk';
import OpenAI from 'openai';
import { AiProvider } from '../support/ai-provider.ts';
import { Gateway, type GatewaySettings } from '../support/gateway.ts';

const TOKEN = 'a-token-of-alice-1';
/** What an answer of the stand-in uses, of each provider. */
const MESSAGE_TOKENS = 25 + 15 + 3 + 7;
const RESPONSE_TOKENS = 36 + 87;

interface Stage {
  readonly provider: AiProvider;
  readonly gateway: Gateway;
  readonly claude: Anthropic;
  readonly openai: OpenAI;
  readonly settings: (limits: object) => GatewaySettings;
}

async function stage(t: TestContext, limits: object, ai: object = {}): Promise<Stage> {
  const provider = await AiProvider.open(t);
  const providers = {
    claude: { base: provider.url, credentials: { api_key: 'sk-ours' } },
    chatgpt: { base: provider.url, credentials: { api_key: 'sk-ours' } },
  };
  const settings = (of: object): GatewaySettings => {
    return {
      users: [{ name: 'alice', token: TOKEN, may: ['ai'], limits: of }],
      ai: { enabled: true, providers, ...ai },
    };
  };
  const gateway = await Gateway.open(t, settings(limits));
  return {
    provider,
    gateway,
    settings,
    claude: new Anthropic({ baseURL: `${gateway.url}/claude`, authToken: TOKEN, apiKey: null }),
    openai: new OpenAI({ baseURL: `${gateway.url}/chatgpt/v1`, apiKey: TOKEN }),
  };
}

const message = (client: Anthropic, model = 'm', options: Anthropic.RequestOptions = {}): Promise<unknown> =>
  client.messages.create({ model, max_tokens: 10, messages: [{ role: 'user', content: 'hi' }] }, options);
const response = (client: OpenAI, model = 'm', options: OpenAI.RequestOptions = {}): Promise<unknown> =>
  client.responses.create({ model, input: 'hi' }, options);

type LibraryError = InstanceType<typeof Anthropic.APIError> & InstanceType<typeof OpenAI.APIError>;

async function errorOf(asked: Promise<unknown>): Promise<LibraryError> {
  const error: unknown = await asked.then(
    () => assert.fail('it was let in'),
    (cause: unknown) => cause,
  );
  return error as LibraryError;
}

describe('a budget that is used up', () => {
  test('is a rate-limit error to the libraries, which do not try again; a stream that runs goes on', async (t) => {
    const { provider, claude, openai, gateway } = await stage(t, { ai_tokens_per_day: MESSAGE_TOKENS });
    const gate = Promise.withResolvers<void>();
    t.after(() => gate.resolve());
    provider.plans.push({ beforeEvent: (index) => (index === 3 ? gate.promise : Promise.resolve()) });
    const running = claude.messages.stream({ model: 'm', max_tokens: 10, messages: [{ role: 'user', content: 'hi' }] });
    await provider.until(() => provider.heard.length === 1);
    await message(claude);
    const asked = provider.heard.length;
    const error = await errorOf(message(claude));
    assert.ok(error instanceof Anthropic.RateLimitError, String(error));
    assert.equal(error.type, 'rate_limit_error');
    assert.match(error.message, /User \\"alice\\" has used up the 50 tokens of today \(ai_tokens_per_day\)/);
    assert.match(error.message, /there is more at \d{4}-\d\d-\d\dT00:00:00Z\. \(Sluice: ai_budget_used_up\)/);
    const seconds = Number(error.headers?.get('retry-after'));
    assert.ok(seconds > 0 && seconds <= 86_400, String(seconds));
    assert.equal(error.headers?.get('x-should-retry'), 'false');
    const other = await errorOf(response(openai));
    assert.ok(other instanceof OpenAI.RateLimitError);
    assert.deepEqual([other.type, other.code], ['insufficient_quota', 'insufficient_quota']);
    assert.equal(provider.heard.length, asked);
    assert.equal(gateway.metric('sluice_ai_refusals_total', { user: 'alice', limit: 'ai_tokens_per_day' }), 2);
    gate.resolve();
    assert.equal((await running.finalMessage()).usage.output_tokens, 15);
    assert.deepEqual(await claude.messages.countTokens({ model: 'm', messages: [] }), { input_tokens: 12 });
  });

  test('may be one of money, by the prices of the configuration', async (t) => {
    const prices = { 'm-*': { input: 1_000_000 } };
    const { openai } = await stage(t, { ai_cost_per_month: 60 }, { prices });
    await response(openai, 'other');
    await response(openai, 'm-1');
    await response(openai, 'm-1');
    const error = await errorOf(response(openai, 'm-1'));
    assert.match(error.message, /has used up the 60 that may be spent of this month \(ai_cost_per_month\)/);
  });

  test('stays so over a reload, which may give more', async (t) => {
    const { openai, gateway, settings } = await stage(t, { ai_tokens_per_month: RESPONSE_TOKENS });
    await response(openai);
    await gateway.apply(settings({ ai_tokens_per_month: RESPONSE_TOKENS, ai_streams: 100 }));
    assert.ok((await errorOf(response(openai))) instanceof OpenAI.RateLimitError);
    await gateway.apply(settings({ ai_tokens_per_month: RESPONSE_TOKENS + 1 }));
    await response(openai);
    await gateway.apply(settings({ ai_tokens_per_month: 2 * RESPONSE_TOKENS }));
    assert.ok((await errorOf(response(openai))) instanceof OpenAI.RateLimitError);
    await gateway.apply(settings({}));
    await response(openai);
  });

  test('is not got round by what cannot be counted', async (t) => {
    const { provider, claude, openai } = await stage(t, { ai_tokens_per_day: 1_000_000 });
    const batch = await errorOf(claude.messages.batches.create({ requests: [] }));
    assert.ok(batch instanceof Anthropic.PermissionDeniedError);
    assert.match(batch.message, /ai_use_uncounted/);
    const later = await errorOf(openai.responses.create({ model: 'm', input: 'hi', background: true }));
    assert.ok(later instanceof OpenAI.PermissionDeniedError);
    assert.match(later.message, /answered in the background cannot be counted/);
    assert.equal(provider.heard.length, 0);
    const chat = { model: 'm', messages: [], stream: true as const };
    const silent = await errorOf(openai.chat.completions.create(chat));
    assert.match(silent.message, /would not say what it has used: set stream_options\.include_usage/);
    await openai.chat.completions.create({ ...chat, stream_options: { include_usage: true } }).catch(() => {});
    assert.equal(provider.heard.length, 1);
  });
});

test('who asks Claude in the dialect of OpenAI has the same limits, said in that dialect', async (t) => {
  const { provider, gateway } = await stage(t, { ai_models: ['m'], ai_tokens_per_day: 3 * MESSAGE_TOKENS });
  const client = new OpenAI({ baseURL: `${gateway.url}/claude/v1`, apiKey: TOKEN });
  const messages: OpenAI.ChatCompletionMessageParam[] = [{ role: 'user', content: 'hi' }];
  const chat = (model: string): Promise<unknown> => client.chat.completions.create({ model, messages });
  const denied = await errorOf(chat('n'));
  assert.ok(denied instanceof OpenAI.PermissionDeniedError, String(denied));
  assert.match(denied.message, /may use m \(ai_models\), and not "n"/);
  await chat('m');
  const stream = await client.chat.completions.create({ model: 'm', messages, stream: true });
  for await (const _ of stream);
  // Asked so, it is Anthropic that translates, and says what was used only if it is asked to.
  const theirs = { headers: { 'anthropic-version': '2023-06-01' } };
  const silent = await errorOf(client.chat.completions.create({ model: 'm', messages, stream: true }, theirs));
  assert.match(silent.message, /set stream_options\.include_usage/);
  await chat('m');
  const used = await errorOf(chat('m'));
  assert.ok(used instanceof OpenAI.RateLimitError, String(used));
  assert.equal(used.code, 'insufficient_quota');
  assert.equal(provider.heard.length, 3);
});

describe('requests', () => {
  test('that are more than may come in a minute are refused until there is room, which the libraries wait for', async (t) => {
    const { claude, openai } = await stage(t, { ai_requests_per_minute: 2 });
    await message(claude);
    await response(openai);
    const error = await errorOf(message(claude, 'm', { maxRetries: 0 }));
    assert.ok(error instanceof Anthropic.RateLimitError);
    assert.match(
      error.message,
      /may send 2 requests a minute \(ai_requests_per_minute\); the next one may come in 30 s/,
    );
    assert.equal(error.headers?.get('retry-after'), '30');
    assert.equal(error.headers?.get('x-should-retry'), null);
    const other = await errorOf(response(openai, 'm', { maxRetries: 0 }));
    assert.deepEqual([other.status, other.type, other.code], [429, 'rate_limit_error', 'rate_limit_exceeded']);
  });

  test('that would be more than may be under way at once wait for one of them to end', async (t) => {
    const { provider, claude, openai, gateway } = await stage(t, { ai_streams: 1 });
    const gate = Promise.withResolvers<void>();
    t.after(() => gate.resolve());
    provider.plans.push({ beforeHead: () => gate.promise });
    const first = message(claude);
    await provider.until(() => provider.heard.length === 1);
    const error = await errorOf(response(openai, 'm', { maxRetries: 0 }));
    assert.ok(error instanceof OpenAI.RateLimitError);
    assert.match(error.message, /has 1 requests under way, and may have no more \(ai_streams\)/);
    assert.equal(error.headers?.get('retry-after'), '1');
    gate.resolve();
    await first;
    await gateway.until(() => gateway.metric('sluice_http_requests_in_flight') === 0, 'that it has ended');
    await response(openai);
    // Who leaves makes room as well.
    provider.plans.push({ beforeHead: () => new Promise(() => {}) });
    const leaving = new AbortController();
    const left = message(claude, 'm', { signal: leaving.signal }).catch(() => 'left');
    await provider.until(() => provider.heard.length === 3);
    leaving.abort();
    assert.equal(await left, 'left');
    await gateway.until(() => gateway.metric('sluice_http_requests_in_flight') === 0, 'that it has ended');
    await message(claude);
  });
});

describe('a provider or a model', () => {
  test('that a user may not use is a permission error to the libraries', async (t) => {
    const { provider, claude, openai, gateway } = await stage(t, {
      ai_providers: ['claude'],
      ai_models: ['haiku-*', 'opus'],
    });
    await message(claude, 'haiku-4');
    await message(claude, 'opus');
    const error = await errorOf(message(claude, 'opus-5'));
    assert.ok(error instanceof Anthropic.PermissionDeniedError);
    assert.equal(error.type, 'permission_error');
    assert.match(
      error.message,
      /may use haiku-\*, opus \(ai_models\), and not \\"opus-5\\"\. \(Sluice: ai_model_denied\)/,
    );
    const other = await errorOf(response(openai, 'opus'));
    assert.ok(other instanceof OpenAI.PermissionDeniedError);
    assert.match(other.message, /may use claude \(ai_providers\), and not chatgpt\. \(Sluice: ai_provider_denied\)/);
    assert.equal(provider.heard.length, 2);
    assert.equal(gateway.metric('sluice_ai_refusals_total', { limit: 'ai_models' }), 1);
    assert.equal(gateway.metric('sluice_ai_refusals_total', { limit: 'ai_providers' }), 1);
  });

  test('is found wherever it stands in a body, of any size and in any encoding, which then goes on as it came', async (t) => {
    const { provider, gateway } = await stage(t, { ai_models: ['good'] });
    const long = { input: 'x'.repeat(3_000_000), model: 'good', stream: true };
    for (const [encoding, body] of [
      ['identity', Buffer.from(JSON.stringify(long))],
      ['zstd', zstdCompressSync(JSON.stringify(long))],
      ['gzip', gzipSync(JSON.stringify({ ...long, input: 'é' }))],
    ] as const) {
      assert.equal(await post(`${gateway.url}/chatgpt/v1/responses`, body, { 'Content-Encoding': encoding }), 200);
      assert.ok(provider.last.body.equals(body), encoding);
    }
  });

  test('that is not named plainly is refused before anything goes to the provider', async (t) => {
    const { provider, gateway } = await stage(t, { ai_models: ['good'] });
    const url = `${gateway.url}/chatgpt/v1/responses`;
    const utf16 = Buffer.from('{"model":"good"}', 'utf16le');
    for (const [body, encoding] of [
      [JSON.stringify({ input: 'x' }), ''],
      [JSON.stringify({ model: ['good'] }), ''],
      ['{"model":"good","model":"bad"}', ''],
      ['{"model":"good","\\u006dodel":"bad"}', ''],
      ['model=good', ''],
      [utf16, ''],
      [gzipSync('{"model":"bad"}'), 'gzip'],
      [zstdCompressSync('{"model":"bad"}'), 'zstd'],
      ['{"model":"good"}', 'gzip'],
      ['{"model":"good"}', 'rot13'],
    ] as const) {
      const fields = encoding === '' ? {} : { 'Content-Encoding': encoding };
      assert.equal(await post(url, Buffer.from(body), fields), 403, `${body.toString()} ${encoding}`);
    }
    const bomb = zstdCompressSync(Buffer.alloc(100 * 1024 * 1024, '{"model":"good"}'));
    assert.equal(await post(url, bomb, { 'Content-Encoding': 'zstd' }), 413);
    assert.equal(provider.heard.length, 0);
  });

  test('that a path is about is held against the list too; the list of models is not', async (t) => {
    const { gateway } = await stage(t, { ai_models: ['good'] });
    const get = async (path: string): Promise<number> => {
      return (await fetch(gateway.url + path, { headers: { 'x-api-key': TOKEN } })).status;
    };
    assert.equal(await get('/claude/v1/models'), 200);
    assert.equal(await get('/claude/v1/models/bad'), 403);
    assert.equal(await get('/claude/v1/models/good'), 404);
  });
});

describe('a WebSocket', () => {
  const ask = async (url: string): Promise<number | undefined> => {
    const headers = {
      Connection: 'Upgrade',
      Upgrade: 'websocket',
      'Sec-WebSocket-Version': '13',
      'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
    };
    const request = http.get(`${url}/chatgpt/v1/responses`, {
      headers: { ...headers, 'x-api-key': TOKEN },
      agent: false,
    });
    const [answer, socket] = (await Promise.race([once(request, 'upgrade'), once(request, 'response')])) as [
      http.IncomingMessage,
      { destroy?: () => void } | undefined,
    ];
    socket?.destroy?.();
    answer.destroy();
    return answer.statusCode;
  };

  test('is answered so that Codex sends a POST, where it would get round the limits', async (t) => {
    for (const limits of [{ ai_tokens_per_day: 9 }, { ai_cost_per_month: 9 }, { ai_models: ['good'] }]) {
      const { gateway, provider } = await stage(t, limits);
      assert.equal(await ask(gateway.url), 426);
      assert.equal(provider.heard.length, 0);
    }
  });

  test('passes where it does not', async (t) => {
    const { gateway } = await stage(t, { ai_requests_per_minute: 5, ai_streams: 5, ai_providers: ['chatgpt'] });
    assert.equal(await ask(gateway.url), 101);
  });
});

describe('limits of all', () => {
  test('hold for whoever has none, and for those who come without a token together', async (t) => {
    const provider = await AiProvider.open(t);
    const users = [
      { name: 'alice', token: TOKEN, may: ['ai'], limits: { ai_requests_per_minute: null } },
      { name: 'bob', token: 'a-token-of-bob-1', may: ['ai'] },
    ];
    const providers = { claude: { base: provider.url } };
    const limits = { ai_requests_per_minute: 1, ai_models: 'm' };
    const gateway = await Gateway.open(t, { users, ai: { enabled: true, auth: 'none', limits, providers } });
    const ask = (model: string, fields: Readonly<Record<string, string>>): Promise<number> =>
      post(`${gateway.url}/claude/v1/messages`, Buffer.from(JSON.stringify({ model })), fields);
    const statuses: number[] = [];
    for (const [model, fields] of [
      ['m', { 'X-Sluice-Token': TOKEN }],
      ['m', { 'X-Sluice-Token': TOKEN }],
      ['n', { 'X-Sluice-Token': TOKEN }],
      ['m', { 'X-Sluice-Token': 'a-token-of-bob-1' }],
      ['m', { 'X-Sluice-Token': 'a-token-of-bob-1' }],
      ['m', { 'x-api-key': 'sk-ant-another' }],
      ['m', { 'x-api-key': 'sk-ant-own' }],
    ] as const) {
      statuses.push(await ask(model, fields));
    }
    assert.deepEqual(statuses, [200, 200, 403, 200, 429, 200, 429]);
  });
});

async function post(url: string, body: Buffer, fields: Readonly<Record<string, string>>): Promise<number> {
  const headers = { 'Content-Type': 'application/json', 'x-api-key': TOKEN, ...fields };
  const answer = await fetch(url, { method: 'POST', body, headers });
  await answer.arrayBuffer();
  return answer.status;
}
