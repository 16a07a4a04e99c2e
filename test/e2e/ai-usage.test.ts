// What is used of AI providers, as whoever pays sees it: from a client's request to the admin API, over the network.
import assert from 'node:assert/strict';
import { on, once } from 'node:events';
import http from 'node:http';
import { describe, test, type TestContext } from 'node:test';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { WebSocket } from 'ws';
import type { UsageRecord } from '../../src/services/usage/usage-record.ts';
import { AiProvider } from '../support/ai-provider.ts';
import { Gateway, type GatewaySettings } from '../support/gateway.ts';
import { WorkerStage } from '../support/worker-stage.ts';

const USERS = [{ name: 'alice', token: 'a-token-of-alice-1', may: ['ai'] }];
const FIELDS = { 'X-Sluice-Token': 'a-token-of-alice-1', 'X-Claude-Code-Session-Id': 's-1' };
const CLAUDE = { input: 25, output: 15, cacheRead: 7, cacheWrite: 3 };
const CHATGPT = { input: 32, output: 87, cacheRead: 4, cacheWrite: 0 };

function settings(provider: string, claude: object = {}): GatewaySettings {
  const providers = { claude: { base: provider, ...claude }, chatgpt: { base: provider } };
  return { users: USERS, ai: { enabled: true, providers } };
}

async function stage(t: TestContext): Promise<{ readonly provider: AiProvider; readonly gateway: Gateway }> {
  const provider = await AiProvider.open(t);
  return { provider, gateway: await Gateway.open(t, settings(provider.url)) };
}

/** Its body, octet for octet. */
async function post(url: string, body: object, fields: Readonly<Record<string, string>> = FIELDS): Promise<Buffer> {
  const request = http.request(url, { method: 'POST', headers: fields, agent: false });
  request.end(JSON.stringify(body));
  const [response] = (await once(request, 'response')) as [http.IncomingMessage];
  const parts: Buffer[] = [];
  for await (const part of response) parts.push(part as Buffer);
  return Buffer.concat(parts);
}

async function usedBy(gateway: Gateway): Promise<UsageRecord> {
  await gateway.until(() => gateway.used.length === 1, 'that somebody has used something');
  return gateway.used[0]!;
}

/** As Codex does: one connection for several answers. */
async function talk(t: TestContext, gateway: Gateway): Promise<WebSocket> {
  const headers = { 'X-Sluice-Token': 'a-token-of-alice-1', 'session-id': 's-2' };
  const socket = new WebSocket(`${gateway.url.replace(/^http/, 'ws')}/chatgpt/v1/responses`, { headers });
  socket.on('error', () => {});
  t.after(() => socket.terminate());
  await once(socket, 'open');
  return socket;
}

/** How it has ended, and of which model it is. */
async function answered(socket: WebSocket, model: string): Promise<string> {
  socket.send(JSON.stringify({ type: 'response.create', model }));
  for await (const [data] of on(socket, 'message')) {
    const { type, response } = JSON.parse(String(data)) as { type: string; response?: { model: string } };
    if (type === 'response.completed') return `completed ${response?.model}`;
  }
  return 'cut';
}

describe('what is used of a provider of AI', () => {
  test('is counted for the user, the model and the session, in streams and whole answers of both', async (t) => {
    const provider = await AiProvider.open(t);
    for (const [path, tokens, name] of [
      ['/claude/v1/messages?beta=true', CLAUDE, 'claude'],
      ['/chatgpt/v1/responses', CHATGPT, 'chatgpt'],
    ] as const) {
      for (const stream of [true, false]) {
        const gateway = await Gateway.open(t, settings(provider.url));
        const body = await post(`${gateway.url}${path}`, { model: 'model-7', stream });
        assert.deepEqual(body, Buffer.concat(provider.last.said));
        const { atMs: _, ...record } = await usedBy(gateway);
        const owner = { provider: name, user: 'alice', account: '', model: 'model-7', session: 's-1' };
        assert.deepEqual(record, { ...owner, isKnown: true, ...tokens });
        assert.equal(gateway.metric('sluice_ai_tokens_total', { provider: name, type: 'output' }), tokens.output);
        assert.equal(gateway.metric('sluice_ai_requests_total', { provider: name, usage: 'known' }), 1);
      }
    }
  });

  test('is counted of chats, of streams where their client asks for it', async (t) => {
    const provider = await AiProvider.open(t);
    for (const [body, isKnown] of [
      [{ stream: false }, true],
      [{ stream: true, stream_options: { include_usage: true } }, true],
      [{ stream: true }, false],
    ] as const) {
      const gateway = await Gateway.open(t, settings(provider.url));
      await post(`${gateway.url}/chatgpt/v1/chat/completions`, { model: 'model-7', ...body });
      const counts = isKnown ? CHATGPT : { input: 0, output: 0, cacheRead: 0, cacheWrite: 0 };
      assert.partialDeepStrictEqual(await usedBy(gateway), { model: 'model-7', isKnown, ...counts });
    }
  });

  test('is counted of everything else that says so: embeddings, older completions, and what Codex shortens', async (t) => {
    for (const [path, answer, counts] of [
      ['embeddings', { model: 'e-1', usage: { prompt_tokens: 9, total_tokens: 9 } }, { model: 'e-1', input: 9 }],
      ['completions', { model: 'c-1', usage: { prompt_tokens: 9, completion_tokens: 3 } }, { input: 9, output: 3 }],
      ['responses/compact', { usage: { input_tokens: 9, output_tokens: 3 } }, { model: '', input: 9, output: 3 }],
    ] as const) {
      const { provider, gateway } = await stage(t);
      provider.plans.push({ status: 200, body: JSON.stringify(answer) });
      await post(`${gateway.url}/chatgpt/v1/${path}`, {});
      assert.partialDeepStrictEqual(await usedBy(gateway), { isKnown: true, ...counts });
    }
  });

  test('is read from a copy where the provider compresses', async (t) => {
    const plain = JSON.stringify({ model: 'm', content: [], usage: { input_tokens: 1, output_tokens: 2 } });
    for (const [encoding, encode] of [
      ['gzip', gzipSync],
      ['zstd', zstdCompressSync],
    ] as const) {
      const { provider, gateway } = await stage(t);
      const body = encode(plain);
      provider.plans.push({ body, fields: { 'content-encoding': encoding } });
      const fields = { ...FIELDS, 'Accept-Encoding': 'gzip, deflate, br, zstd' };
      assert.deepEqual(await post(`${gateway.url}/claude/v1/messages`, {}, fields), body);
      assert.partialDeepStrictEqual(await usedBy(gateway), { model: 'm', isKnown: true, input: 1, output: 2 });
    }
  });

  test('is what was seen, when the client has gone before the end', async (t) => {
    const { provider, gateway } = await stage(t);
    const { promise, resolve } = Promise.withResolvers<void>();
    t.after(() => resolve());
    provider.plans.push({ beforeEvent: (index) => (index === 2 ? promise : Promise.resolve()) });
    const request = http.request(`${gateway.url}/claude/v1/messages`, {
      method: 'POST',
      headers: FIELDS,
      agent: false,
    });
    request.on('error', () => {});
    request.end(JSON.stringify({ model: 'model-7', stream: true }));
    const [response] = (await once(request, 'response')) as [http.IncomingMessage];
    response.on('error', () => {});
    await once(response, 'data');
    request.destroy();
    assert.partialDeepStrictEqual(await usedBy(gateway), { model: 'model-7', isKnown: true, input: 25, output: 1 });
  });

  test('is with the account that has our key, and nothing where the provider refuses', async (t) => {
    const provider = await AiProvider.open(t);
    const credentials = { id: 'team', api_key: 'key-of-the-team' };
    const gateway = await Gateway.open(t, settings(provider.url, { credentials }));
    provider.plans.push({ status: 529, body: '{"type":"error"}' });
    await post(`${gateway.url}/claude/v1/messages`, {});
    await post(`${gateway.url}/claude/v1/messages/count_tokens`, {});
    assert.deepEqual(gateway.used, []);
    await post(`${gateway.url}/claude/v1/messages`, {});
    assert.equal((await usedBy(gateway)).account, 'team');
  });

  test('is not known when the client has gone before there was an answer', async (t) => {
    const { provider, gateway } = await stage(t);
    const { promise, resolve } = Promise.withResolvers<void>();
    t.after(() => resolve());
    provider.plans.push({ beforeHead: () => promise });
    const request = http.request(`${gateway.url}/claude/v1/messages`, {
      method: 'POST',
      headers: FIELDS,
      agent: false,
    });
    request.on('error', () => {});
    request.end(JSON.stringify({ model: 'model-7' }));
    await provider.until(() => provider.heard.length === 1 && provider.last.body.length > 0);
    request.destroy();
    assert.partialDeepStrictEqual(await usedBy(gateway), { user: 'alice', session: 's-1', isKnown: false, input: 0 });
    assert.equal(gateway.metric('sluice_ai_requests_total', { provider: 'claude', usage: 'unknown' }), 1);
  });

  test('is counted on a WebSocket for each answer, however its messages are compressed', async (t) => {
    for (const perMessageDeflate of [
      false,
      { threshold: 0 },
      { threshold: 0, serverNoContextTakeover: true, serverMaxWindowBits: 9 },
      { threshold: 500 },
    ]) {
      const provider = await AiProvider.open(t, undefined, { perMessageDeflate });
      const gateway = await Gateway.open(t, settings(provider.url));
      const socket = await talk(t, gateway);
      assert.equal(socket.extensions, perMessageDeflate === false ? '' : 'permessage-deflate');
      for (const model of ['model-7', 'model-8']) assert.equal(await answered(socket, model), `completed ${model}`);
      await gateway.until(() => gateway.used.length === 2, 'that both answers are counted');
      socket.terminate();
      const owner = { provider: 'chatgpt', user: 'alice', account: '', session: 's-2', isKnown: true };
      for (const [index, model] of ['model-7', 'model-8'].entries()) {
        const { atMs: _, ...record } = gateway.used[index]!;
        assert.deepEqual(record, { ...owner, model, ...CHATGPT });
      }
      assert.equal(gateway.metric('sluice_ai_tokens_total', { model: 'model-8', type: 'output' }), 87);
    }
  });

  test('is said to be unknown of what a WebSocket had begun when one of its sides went away', async (t) => {
    for (const leaves of ['client', 'provider']) {
      const provider = await AiProvider.open(t, undefined, { perMessageDeflate: { threshold: 0 } });
      const gateway = await Gateway.open(t, settings(provider.url));
      const socket = await talk(t, gateway);
      await answered(socket, 'model-7');
      const { promise, resolve } = Promise.withResolvers<void>();
      t.after(() => resolve());
      if (leaves === 'client')
        provider.plans.push({ beforeEvent: (index) => (index === 3 ? promise : Promise.resolve()) });
      else provider.plans.push({ cutAfter: 3 });
      socket.send(JSON.stringify({ type: 'response.create', model: 'model-8' }));
      for await (const [data] of on(socket, 'message')) if (String(data).includes('output_item.added')) break;
      if (leaves === 'client') socket.terminate();
      await gateway.until(() => gateway.used.length === 2, 'that what was begun is counted');
      assert.partialDeepStrictEqual(gateway.used[0]!, { model: 'model-7', isKnown: true, ...CHATGPT });
      assert.partialDeepStrictEqual(gateway.used[1]!, { model: 'model-8', isKnown: false, output: 0 });
    }
  });

  test('comes from workers to the main thread', async (t) => {
    const provider = await AiProvider.open(t);
    const workers = await WorkerStage.open(t, 2, settings(provider.url));
    for (let i = 0; i < 8; i += 1) await post(`${workers.url}/claude/v1/messages`, { stream: true });
    await workers.until(() => workers.used.length === 8, 'that all of it has arrived');
    assert.ok(workers.used.every(({ user, output }) => user === 'alice' && output === 15));
  });
});
