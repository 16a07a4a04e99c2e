// Claude as the official library of OpenAI sees it: asked in OpenAI's dialect, answered in it, and Anthropic's own dialect beside it
// as it ever was.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import http from 'node:http';
import { join } from 'node:path';
import { describe, test, type TestContext } from 'node:test';
import Anthropic from '@anthropic-ai/sdk';
import OpenAI from 'openai';
import { zodFunction, zodResponseFormat } from 'openai/helpers/zod';
import { z } from 'zod';
import {
  AiProvider,
  heardValues,
  messageEventsWith,
  messageWith,
  type Plan,
  textDelta,
} from '../support/ai-provider.ts';
import { Gateway } from '../support/gateway.ts';
import { claudeDocument } from '../support/store-documents.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const TOKEN = 'a-token-of-alice-1';
const OURS = { credentials: { api_key: 'sk-ours' } };
const ASKED = {
  model: 'm-1',
  messages: [{ role: 'user', content: 'hi wörld' }],
} satisfies OpenAI.ChatCompletionCreateParams;

interface Stage {
  readonly provider: AiProvider;
  readonly gateway: Gateway;
  readonly client: OpenAI;
}

async function stage(
  t: TestContext,
  { limits = {}, ...claude }: { readonly limits?: object; readonly [key: string]: unknown } = OURS,
  headers: Record<string, string> = {},
): Promise<Stage> {
  const provider = await AiProvider.open(t);
  const providers = { claude: { base: provider.url, ...claude } };
  const users = [{ name: 'alice', token: TOKEN, may: ['ai'], limits }];
  const gateway = await Gateway.open(t, { users, ai: { enabled: true, providers } });
  const apiKey = headers['Authorization'] ?? TOKEN;
  const { Authorization: _, ...defaultHeaders } = headers;
  const client = new OpenAI({ maxRetries: 0, baseURL: `${gateway.url}/claude/v1`, apiKey, defaultHeaders });
  return { provider, gateway, client };
}

function heardBody({ last }: AiProvider): Record<string, unknown> {
  return JSON.parse(last.body.toString()) as Record<string, unknown>;
}

const text = (words: string): object => ({ type: 'text', text: words });
const whole = (content: readonly object[], stopReason: string): Plan => {
  return { body: JSON.stringify(messageWith('m-1', content, stopReason)) };
};

describe('the library of OpenAI at Claude', () => {
  test('gets an answer, and Claude a request of its own dialect with our key', async (t) => {
    const { provider, gateway, client } = await stage(t);
    const messages: OpenAI.ChatCompletionMessageParam[] = [
      { role: 'developer', content: 'be kind' },
      ...ASKED.messages,
    ];
    const {
      data,
      response,
      request_id: id,
    } = await client.chat.completions.create({ ...ASKED, messages, max_completion_tokens: 50 }).withResponse();
    const [choice] = data.choices;
    assert.deepEqual([choice?.message.content, choice?.finish_reason], ['Hello, wörld', 'stop']);
    assert.partialDeepStrictEqual(data.usage, { prompt_tokens: 35, completion_tokens: 15, total_tokens: 50 });
    assert.deepEqual([id, response.headers.get('request-id')], ['req_1', null]);
    const { last } = provider;
    assert.equal(`${last.method} ${last.target}`, 'POST /v1/messages');
    assert.deepEqual(heardBody(provider), {
      model: 'm-1',
      max_tokens: 50,
      system: [text('be kind')],
      messages: [{ role: 'user', content: [text('hi wörld')] }],
    });
    for (const [name, values] of [
      ['x-api-key', ['sk-ours']],
      ['anthropic-version', ['2023-06-01']],
      ['authorization', []],
      ['accept-encoding', []],
    ] as const) {
      assert.deepEqual(heardValues(last, name), values, name);
    }
    await gateway.until(() => gateway.used.length === 1, 'that it is counted');
    const counts = { input: 25, output: 15, cacheRead: 7, cacheWrite: 3 };
    assert.partialDeepStrictEqual(gateway.used[0], {
      user: 'alice',
      account: '1',
      model: 'm-1',
      isKnown: true,
      ...counts,
    });
  });

  test('gets each event of a stream before the next one is sent, and what was used at the end', async (t) => {
    const { provider, gateway, client } = await stage(t);
    const go = Promise.withResolvers<void>();
    provider.plans.push({ beforeEvent: (index) => (index < 4 ? Promise.resolve() : go.promise) });
    const stream = await client.chat.completions.create({
      ...ASKED,
      stream: true,
      stream_options: { include_usage: true },
    });
    const chunks: OpenAI.ChatCompletionChunk[] = [];
    for await (const chunk of stream) {
      chunks.push(chunk);
      // The provider waits with the second word until the first one has arrived here.
      if (chunk.choices[0]?.delta.content === 'Hello') go.resolve();
    }
    assert.equal(chunks.map(({ choices: [choice] }) => choice?.delta.content ?? '').join(''), 'Hello, wörld');
    assert.deepEqual(chunks.at(-2)?.choices[0]?.finish_reason, 'stop');
    assert.partialDeepStrictEqual(chunks.at(-1)?.usage, {
      prompt_tokens: 35,
      prompt_tokens_details: { cached_tokens: 7 },
    });
    assert.equal(heardBody(provider)['stream'], true);
    await gateway.until(() => gateway.used.length > 0, 'that it is counted');
    assert.partialDeepStrictEqual(gateway.used, [{ input: 25, output: 15, cacheRead: 7, cacheWrite: 3 }]);
  });

  test('runs tools until there is an answer, whole and as a stream', async (t) => {
    for (const isStream of [false, true]) {
      const { provider, client } = await stage(t);
      const calls = [
        { type: 'tool_use', id: 'toolu_1', name: 'weather', input: { city: 'Graz' } },
        { type: 'tool_use', id: 'toolu_2', name: 'weather', input: { city: 'Łódź' } },
      ];
      const events = messageEventsWith(
        'm-1',
        calls.map(({ input, ...call }) => {
          const json = JSON.stringify(input);
          const parts = ['', json.slice(0, 5), json.slice(5)];
          return [{ ...call, input: {} }, ...parts.map((partial_json) => ({ type: 'input_json_delta', partial_json }))];
        }),
        'tool_use',
      );
      provider.plans.push(isStream ? { events } : whole([text('Let me see.'), ...calls], 'tool_use'));
      const seen: string[] = [];
      const weather = zodFunction({
        name: 'weather',
        parameters: z.object({ city: z.string().min(1) }),
        function: ({ city }) => {
          seen.push(city);
          return `sun in ${city}`;
        },
      });
      const asked = { ...ASKED, tools: [weather] };
      const runner = isStream
        ? client.chat.completions.runTools({ ...asked, stream: true })
        : client.chat.completions.runTools(asked);
      assert.equal(await runner.finalContent(), 'Hello, wörld');
      assert.deepEqual(seen, ['Graz', 'Łódź']);
      const { messages, tools } = heardBody(provider);
      assert.deepEqual((messages as unknown[]).slice(1), [
        { role: 'assistant', content: [...(isStream ? [] : [text('Let me see.')]), ...calls] },
        {
          role: 'user',
          content: [
            { type: 'tool_result', tool_use_id: 'toolu_1', content: [text('sun in Graz')] },
            { type: 'tool_result', tool_use_id: 'toolu_2', content: [text('sun in Łódź')] },
          ],
        },
      ]);
      assert.partialDeepStrictEqual(tools, [{ name: 'weather', strict: true, input_schema: { type: 'object' } }]);
    }
  });

  test('thinks, and gives its thoughts back when tools have answered', async (t) => {
    const { provider, client } = await stage(t);
    const thought = { type: 'thinking', thinking: 'hm', signature: 'sig' };
    const call = { type: 'tool_use', id: 'toolu_1', name: 'now', input: {} };
    provider.plans.push(whole([thought, call], 'tool_use'));
    const tools = [{ type: 'function', function: { name: 'now' } } as const];
    const messages: OpenAI.ChatCompletionMessageParam[] = [...ASKED.messages];
    const first = await client.chat.completions.create({ ...ASKED, messages, tools, reasoning_effort: 'high' });
    const { message } = first.choices[0] ?? assert.fail();
    assert.partialDeepStrictEqual(message, { content: null, reasoning_content: 'hm' });
    messages.push(message, { role: 'tool', tool_call_id: 'toolu_1', content: '12:00' });
    await client.chat.completions.create({ ...ASKED, messages, tools, reasoning_effort: 'high' });
    const { messages: turns, thinking, output_config } = heardBody(provider);
    assert.deepEqual((turns as object[])[1], { role: 'assistant', content: [thought, call] });
    assert.deepEqual([thinking, output_config], [{ type: 'adaptive', display: 'summarized' }, { effort: 'high' }]);
  });

  test('sends images, and gets what fits its schema', async (t) => {
    const { provider, client } = await stage(t);
    provider.plans.push(whole([text('{"name":"Ada"}')], 'end_turn'));
    const image_url = { url: 'data:image/png;base64,iVBORw0KGgo=' };
    const { choices } = await client.chat.completions.parse({
      model: 'm-1',
      messages: [
        {
          role: 'user',
          content: [
            { type: 'text', text: 'who?' },
            { type: 'image_url', image_url },
            { type: 'image_url', image_url: { url: 'https://a.test/b.jpg' } },
          ],
        },
      ],
      response_format: zodResponseFormat(z.object({ name: z.string().max(20) }), 'person'),
    });
    assert.deepEqual(choices[0]?.message.parsed, { name: 'Ada' });
    const { messages, output_config } = heardBody(provider);
    const source = { type: 'base64', media_type: 'image/png', data: 'iVBORw0KGgo=' };
    assert.deepEqual((messages as { content: unknown }[])[0]?.content, [
      text('who?'),
      { type: 'image', source },
      { type: 'image', source: { type: 'url', url: 'https://a.test/b.jpg' } },
    ]);
    const name = { type: 'string', description: '{maxLength: 20}' };
    assert.partialDeepStrictEqual(output_config, {
      format: { type: 'json_schema', schema: { properties: { name }, additionalProperties: false } },
    });
  });

  test('lists models, and knows one', async (t) => {
    const { provider, client } = await stage(t);
    const { data } = await client.models.list();
    assert.partialDeepStrictEqual(data, [
      { id: 'model-1', object: 'model', owned_by: 'anthropic', created: 1_771_459_200 },
    ]);
    assert.equal(provider.last.target, '/v1/models?limit=1000');
    assert.equal((await client.models.retrieve('model-1')).id, 'model-1');
    assert.equal(provider.last.target, '/v1/models/model-1');
    await assert.rejects(client.models.retrieve('model-2'), OpenAI.NotFoundError);
  });

  test('knows errors of the provider, with status and id, and ours', async (t) => {
    const { provider, gateway, client } = await stage(t);
    for (const [status, type, kind] of [
      [400, 'invalid_request_error', OpenAI.BadRequestError],
      [401, 'authentication_error', OpenAI.AuthenticationError],
      [404, 'not_found_error', OpenAI.NotFoundError],
      [429, 'rate_limit_error', OpenAI.RateLimitError],
      [529, 'overloaded_error', OpenAI.InternalServerError],
    ] as const) {
      const error = { type, message: 'because' };
      provider.plans.push({ status, body: JSON.stringify({ type: 'error', error, request_id: 'req_1' }) });
      await assert.rejects(client.chat.completions.create(ASKED), (thrown) => {
        assert.ok(thrown instanceof kind);
        assert.deepEqual([thrown.status, thrown.requestID, thrown.type], [status, 'req_1', type]);
        return /because/.test(thrown.message);
      });
    }
    const heard = provider.heard.length;
    await assert.rejects(client.chat.completions.create({ ...ASKED, n: 2 }), (thrown) => {
      assert.ok(thrown instanceof OpenAI.BadRequestError);
      return thrown.code === 'request_untranslatable' && /n: Claude gives one answer/.test(thrown.message);
    });
    const nobody = new OpenAI({ maxRetries: 0, baseURL: `${gateway.url}/claude/v1`, apiKey: 'nobody' });
    await assert.rejects(nobody.chat.completions.create(ASKED), OpenAI.AuthenticationError);
    await assert.rejects(nobody.models.list(), OpenAI.AuthenticationError);
    assert.equal(provider.heard.length, heard);
  });

  test('knows an error in the middle of a stream, and a stream that was cut', async (t) => {
    const { provider, client } = await stage(t);
    const events = messageEventsWith('m-1', [[{ type: 'text', text: '' }, textDelta('Hello')]], 'end_turn').slice(0, 4);
    const error = { type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' } };
    provider.plans.push({ events: [...events, `event: error\ndata: ${JSON.stringify(error)}\n\n`] });
    const ask = async (): Promise<string> => {
      let said = '';
      const stream = await client.chat.completions.create({ ...ASKED, stream: true });
      for await (const { choices } of stream) said += choices[0]?.delta.content ?? '';
      return said;
    };
    await assert.rejects(ask(), (thrown) => thrown instanceof OpenAI.APIError && thrown.type === 'overloaded_error');
    provider.plans.push({ cutAfter: 4 });
    await assert.rejects(ask(), (thrown) => !(thrown instanceof assert.AssertionError));
    provider.plans.push({ events });
    await assert.rejects(ask());
    assert.equal(await ask(), 'Hello, wörld');
  });

  test('has the limits of its user', async (t) => {
    const limits = { ai_models: ['m-*'], ai_tokens_per_day: 40 };
    const { provider, gateway, client } = await stage(t, { ...OURS, limits });
    await assert.rejects(client.chat.completions.create({ ...ASKED, model: 'x' }), (thrown) => {
      return thrown instanceof OpenAI.PermissionDeniedError && thrown.code === 'ai_model_denied';
    });
    await client.chat.completions.create(ASKED);
    await gateway.until(() => gateway.used.length === 1, 'that it is counted');
    await assert.rejects(client.chat.completions.create(ASKED), OpenAI.RateLimitError);
    assert.equal(provider.heard.length, 1);
  });

  test('is answered from the cache as it was answered before', async (t) => {
    const { provider, client } = await stage(t, { ...OURS, cache: {} });
    for (const stream of [false, true]) {
      const ask = async (): Promise<string> => {
        const response = await client.chat.completions.create({ ...ASKED, stream }).asResponse();
        return `${response.headers.get('x-sluice-cache')} ${await response.text()}`;
      };
      const first = await ask();
      assert.match(first, /^miss [^]*wörld/);
      assert.equal(await ask(), first.replace('miss', 'hit'));
    }
    assert.equal(provider.heard.length, 2);
  });

  test('ends the request to Claude by ending its own', async (t) => {
    const { provider, client } = await stage(t);
    provider.plans.push({ beforeEvent: (index) => (index === 5 ? new Promise(() => {}) : Promise.resolve()) });
    const stream = await client.chat.completions.create({ ...ASKED, stream: true });
    for await (const { choices } of stream) if (choices[0]?.delta.content === 'Hello') break;
    await provider.until(() => provider.last.wasLeft);
  });
});

describe('what a request of the dialect of OpenAI is sent with', () => {
  test('is the key of its client, where it brings one', async (t) => {
    const { provider, client } = await stage(t, {}, { Authorization: 'sk-ant-api-theirs', 'X-Sluice-Token': TOKEN });
    await client.chat.completions.create(ASKED);
    const { last } = provider;
    const values = ['x-api-key', 'authorization', 'x-sluice-token'].map((name) => heardValues(last, name));
    assert.deepEqual(values, [['sk-ant-api-theirs'], [], []]);
  });

  test('is never a login of a subscription', async (t) => {
    const store = join(temporaryFolder(t), '.credentials.json');
    writeFileSync(store, claudeDocument(Date.now() + 86_400_000), { mode: 0o600 });
    const { provider, gateway, client } = await stage(t, { credentials: { store } });
    await assert.rejects(client.chat.completions.create(ASKED), (thrown) => {
      return thrown instanceof OpenAI.PermissionDeniedError && /only an API key/.test(thrown.message);
    });
    await assert.rejects(client.models.list(), OpenAI.PermissionDeniedError);
    assert.deepEqual(provider.heard, []);
    // Anthropic's own dialect goes with it there as everywhere.
    const headers = { 'X-Sluice-Token': TOKEN, 'anthropic-version': '2023-06-01' };
    await raw(`${gateway.url}/claude/v1/models`, { headers });
    assert.deepEqual(heardValues(provider.last, 'authorization'), ['Bearer access-0']);
  });
});

interface Got {
  readonly head: readonly string[];
  readonly body: Buffer;
}

async function raw(url: string, options: http.RequestOptions, body = ''): Promise<Got> {
  const request = http.request(url, { ...options, agent: false });
  request.end(body);
  const [response] = (await once(request, 'response')) as [http.IncomingMessage];
  const parts: Buffer[] = [];
  for await (const part of response) parts.push(part as Buffer);
  const fields = response.rawHeaders.filter((_, index) => index % 2 === 0).map((name) => name.toLowerCase());
  return { head: fields, body: Buffer.concat(parts) };
}

describe('the dialect of Anthropic', () => {
  const headers = { 'X-Sluice-Token': TOKEN, 'anthropic-version': '2023-06-01', 'Accept-Encoding': 'br' };

  test('passes to the byte, on the paths of the other one too', async (t) => {
    const { provider, gateway } = await stage(t);
    const bodies = ['{"model" : "m-1","messages":[] , "stream":true}', '{"model":"m-1", "n": 7}', '{ no json'];
    for (const path of ['messages?beta=true', 'messages/count_tokens', 'chat/completions?a=1']) {
      for (const body of bodies) {
        const got = await raw(`${gateway.url}/claude/v1/${path}`, { method: 'POST', headers }, body);
        const { last } = provider;
        assert.deepEqual([last.target, last.body.toString()], [`/v1/${path}`, body]);
        assert.deepEqual(got.body, Buffer.concat(last.said));
        assert.deepEqual(heardValues(last, 'accept-encoding'), ['br']);
        assert.ok(got.head.includes('request-id') && !got.head.includes('x-request-id'));
      }
    }
    for (const path of ['models?after_id=x', 'models/model-1', 'models/model-1/']) {
      const got = await raw(`${gateway.url}/claude/v1/${path}`, { headers });
      assert.equal(provider.last.target, `/v1/${path}`);
      assert.deepEqual(got.body, Buffer.concat(provider.last.said));
    }
  });

  test('is what the library of Anthropic goes on speaking', async (t) => {
    const { gateway } = await stage(t);
    const claude = new Anthropic({ maxRetries: 0, baseURL: `${gateway.url}/claude`, authToken: TOKEN, apiKey: null });
    const { data } = await claude.models.list();
    assert.deepEqual(Object.keys(data[0] ?? {}).sort(), ['created_at', 'display_name', 'id', 'type']);
    const nobody = new Anthropic({ maxRetries: 0, baseURL: `${gateway.url}/claude`, authToken: 'x', apiKey: null });
    await assert.rejects(nobody.models.list(), (thrown) => {
      return thrown instanceof Anthropic.AuthenticationError && /"type":"authentication_error"/.test(thrown.message);
    });
  });
});
