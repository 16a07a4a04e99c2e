// The AI gateway as the official libraries of the providers see it: they get what they ask for, and take our errors for their own.
import assert from 'node:assert/strict';
import { describe, test, type TestContext } from 'node:test';
import Anthropic from '@anthropic-ai/sdk';
import OpenAI from 'openai';
import { AiProvider, heardValues } from '../support/ai-provider.ts';
import { Gateway } from '../support/gateway.ts';

const TOKEN = 'a-token-of-alice-1';
const MESSAGE = { model: 'm', max_tokens: 10, messages: [{ role: 'user', content: 'hi wörld' }] } as const;

interface Stage {
  readonly provider: AiProvider;
  readonly claude: (token?: string) => Anthropic;
  readonly openai: (token?: string) => OpenAI;
}

async function stage(t: TestContext, policies: object = {}): Promise<Stage> {
  const provider = await AiProvider.open(t);
  const providers = {
    claude: { base: provider.url, credentials: { api_key: 'sk-ours' } },
    chatgpt: { base: provider.url, credentials: { api_key: 'sk-ours' } },
  };
  const users = [{ name: 'alice', token: TOKEN, may: ['ai'] }];
  const gateway = await Gateway.open(t, { users, policies, ai: { enabled: true, providers } });
  const own = { maxRetries: 0 };
  return {
    provider,
    claude: (token = TOKEN) =>
      new Anthropic({ ...own, baseURL: `${gateway.url}/claude`, authToken: token, apiKey: null }),
    openai: (token = TOKEN) => new OpenAI({ ...own, baseURL: `${gateway.url}/chatgpt/v1`, apiKey: token }),
  };
}

describe('the library of Anthropic', () => {
  test('gets messages whole and as a stream', async (t) => {
    const { provider, claude } = await stage(t);
    const { usage } = await claude().messages.create({ ...MESSAGE, messages: [...MESSAGE.messages] });
    assert.equal(usage.output_tokens, 15);
    const message = await claude()
      .messages.stream({ ...MESSAGE, messages: [...MESSAGE.messages] })
      .finalMessage();
    assert.partialDeepStrictEqual(message.content, [{ type: 'text', text: 'Hello, wörld' }]);
    assert.deepEqual(heardValues(provider.last, 'x-api-key'), ['sk-ours']);
    assert.deepEqual(heardValues(provider.last, 'authorization'), []);
  });

  test('knows our errors, and what a broken stream is', async (t) => {
    const { provider, claude } = await stage(t, { rate_limit: { rate: 0.001, burst: 2 } });
    const ask = (token?: string): Promise<unknown> => claude(token).messages.create({ ...MESSAGE, messages: [] });
    await assert.rejects(ask('nobody'), Anthropic.AuthenticationError);
    provider.plans.push({ cutAfter: 3 });
    await assert.rejects(
      claude()
        .messages.stream({ ...MESSAGE, messages: [] })
        .finalMessage(),
    );
    await assert.rejects(ask(), Anthropic.RateLimitError);
  });

  test('ends the request to the provider by ending its own', async (t) => {
    const { provider, claude } = await stage(t);
    provider.plans.push({ beforeEvent: (index) => (index === 3 ? new Promise(() => {}) : Promise.resolve()) });
    const stream = await claude().messages.create({ ...MESSAGE, messages: [], stream: true });
    for await (const event of stream) if (event.type === 'content_block_start') break;
    await provider.until(() => provider.last.wasLeft);
  });
});

describe('the library of OpenAI', () => {
  test('gets responses whole and as a stream', async (t) => {
    const { provider, openai } = await stage(t);
    assert.equal((await openai().responses.create({ model: 'm', input: 'hi' })).output_text, 'Hello, wörld');
    const types: string[] = [];
    const stream = await openai().responses.create({ model: 'm', input: 'hi', stream: true });
    for await (const { type } of stream) types.push(type);
    assert.deepEqual([types.length, types.at(-1)], [10, 'response.completed']);
    assert.deepEqual(heardValues(provider.last, 'authorization'), ['Bearer sk-ours']);
  });

  test('knows our errors', async (t) => {
    const { openai } = await stage(t, { rate_limit: { rate: 0.001, burst: 1 } });
    const ask = (token?: string): Promise<unknown> => openai(token).responses.create({ model: 'm', input: 'hi' });
    await assert.rejects(ask('nobody'), OpenAI.AuthenticationError);
    await assert.rejects(ask(), OpenAI.RateLimitError);
  });
});
