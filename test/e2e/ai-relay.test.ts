// The AI gateway between a client and a stand-in for the providers, over the network: what arrives is what was sent, both ways.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import http from 'node:http';
import { describe, test, type TestContext } from 'node:test';
import { zstdCompressSync } from 'node:zlib';
import { WebSocket } from 'ws';
import { AiProvider, heardValues, sha256 } from '../support/ai-provider.ts';
import { ask } from '../support/ask.ts';
import { deserted } from '../support/backends.ts';
import { Gateway, type GatewaySettings } from '../support/gateway.ts';
import { startTinyproxy } from '../support/proxies.ts';

const TOKEN = 'a-token-of-alice-1';
const USERS = [
  { name: 'alice', token: TOKEN, may: ['ai'] },
  { name: 'bob', token: 'a-token-of-bob-123', may: ['gateway'] },
];
const KNOWN = { 'X-Sluice-Token': TOKEN };

interface Stage {
  readonly provider: AiProvider;
  readonly gateway: Gateway;
}

interface Wanted extends Omit<GatewaySettings, 'ai'> {
  readonly ai?: object;
  readonly claude?: object;
  readonly chatgpt?: object;
}

function settings(provider: string, { ai, claude, chatgpt, ...rest }: Wanted = {}): GatewaySettings {
  const providers = {
    claude: { base: provider, ...claude },
    chatgpt: { base: `${provider}/backend-api/codex`, ...chatgpt },
  };
  return { users: USERS, ...rest, ai: { enabled: true, ...ai, providers } };
}

async function stage(t: TestContext, wanted: Wanted = {}): Promise<Stage> {
  const provider = await AiProvider.open(t);
  return { provider, gateway: await Gateway.open(t, settings(provider.url, wanted)) };
}

interface Got {
  readonly status: number;
  readonly rawHeaders: readonly string[];
  readonly body: Buffer;
}

/** Sends octets, and keeps those that come. */
async function send(
  url: string,
  fields: readonly (readonly [string, string])[],
  body: Buffer,
  signal?: AbortSignal,
): Promise<Got> {
  const all = [['Host', new URL(url).host], ...fields, ['Content-Length', String(body.length)]].flat();
  const request = http.request(url, { method: 'POST', headers: all, agent: false, ...(signal && { signal }) });
  // Whoever waits for the answer is told.
  request.on('error', () => {});
  request.end(body);
  const [answer] = (await once(request, 'response')) as [http.IncomingMessage];
  const parts: Buffer[] = [];
  for await (const part of answer) parts.push(part as Buffer);
  return { status: answer.statusCode ?? 0, rawHeaders: answer.rawHeaders, body: Buffer.concat(parts) };
}

const streamOf = (size: number): Buffer =>
  Buffer.from(JSON.stringify({ model: 'm', stream: true, pad: randomBytes(size).toString('base64') }));

const saidBy = (provider: AiProvider): string => sha256(Buffer.concat(provider.last.said));

describe('what is relayed', () => {
  test('arrives as it was sent: path, query, fields, bodies of any size, and the stream that comes back', async (t) => {
    const { provider, gateway } = await stage(t);
    const fields = [
      ['Accept', 'application/json'],
      ['anthropic-beta', 'b-2,b-1'],
      ['anthropic-version', '2023-06-01'],
      ['Authorization', 'Bearer sk-ant-oat01-own'],
      ['X-Stainless-Timeout', '600'],
      ['User-Agent', 'claude-cli/2 (external)'],
      ['X-Forwarded-For', '10.0.0.1'],
      ['Accept-Encoding', 'gzip, deflate, br, zstd'],
    ] as const;
    for (const size of [1, 90_000, 3_000_000]) {
      const body = streamOf(size);
      const got = await send(`${gateway.url}/claude/v1/messages?beta=true&x=%2F+`, [...fields, ...own()], body);
      const { last } = provider;
      assert.equal(last.target, '/v1/messages?beta=true&x=%2F+');
      assert.equal(sha256(last.body), sha256(body));
      assert.equal(sha256(got.body), saidBy(provider));
      const expected = [...fields, ['Content-Length', String(body.length)]];
      assert.deepEqual(withoutConnection(last.fields), [['Host', new URL(provider.url).host], ...expected]);
      assert.ok(!got.rawHeaders.some((name) => /^(?:content-encoding|via|vary|x-request-id|server)$/i.test(name)));
      assert.equal(got.rawHeaders[got.rawHeaders.indexOf('request-id') + 1], 'req_1');
    }
  });

  test('goes to the path of each provider, and only ChatGPT is spared what it does not know', async (t) => {
    const { provider, gateway } = await stage(t);
    const openai = await Gateway.open(t, settings(provider.url, { chatgpt: { base: provider.url } }));
    const asked = async (to: Gateway, path: string): Promise<[string, number]> => {
      await send(to.url + path, [['anthropic-beta', 'b'], ...own()], streamOf(1));
      return [provider.last.target, heardValues(provider.last, 'anthropic-beta').length];
    };
    assert.deepEqual(await asked(gateway, '/chatgpt/v1/responses'), ['/backend-api/codex/responses', 0]);
    assert.deepEqual(await asked(openai, '/chatgpt/v1/responses?a'), ['/v1/responses?a', 1]);
    assert.deepEqual(await asked(gateway, '/claude/v1/messages'), ['/v1/messages', 1]);
  });

  test('may be compressed, and is not told an encoding that the client did not ask for', async (t) => {
    const { provider, gateway } = await stage(t, { policies: { compress: { min_size: 0 } } });
    const body = zstdCompressSync(streamOf(50_000));
    const fields = [['Content-Encoding', 'zstd'], ...own()] as const;
    const got = await send(`${gateway.url}/chatgpt/v1/responses`, fields, body);
    assert.equal(sha256(provider.last.body), sha256(body));
    assert.deepEqual(heardValues(provider.last, 'accept-encoding'), []);
    assert.match(got.body.toString(), /"total_tokens":123/);
    const asking = [['Accept-Encoding', 'gzip, br, zstd'], ...own()] as const;
    const plain = await send(`${gateway.url}/claude/v1/messages`, asking, streamOf(1));
    assert.equal(sha256(plain.body), saidBy(provider));
  });

  test('errors of the provider are relayed as they are, with their fields', async (t) => {
    const { provider, gateway } = await stage(t);
    for (const status of [400, 401, 403, 404, 429, 500, 529]) {
      const body = `{"type":"error", "error":{"type":"x","message":"${status} \\u00e9 ü"}}\n`;
      provider.plans.push({ status, body, fields: { 'Retry-After': '7', 'anthropic-ratelimit-requests-limit': '1' } });
      const got = await send(`${gateway.url}/claude/v1/messages`, own(), streamOf(1));
      assert.deepEqual([got.status, got.body.toString()], [status, body]);
      assert.ok(got.rawHeaders.includes('anthropic-ratelimit-requests-limit'));
      assert.ok(got.rawHeaders.includes('Retry-After'));
    }
  });

  test('comes event by event', async (t) => {
    const { provider, gateway } = await stage(t);
    const next = Promise.withResolvers<void>();
    provider.plans.push({ beforeEvent: (index) => (index === 1 ? next.promise : Promise.resolve()) });
    const answer = await fetch(`${gateway.url}/claude/v1/messages`, {
      method: 'POST',
      body: streamOf(1),
      headers: KNOWN,
    });
    const reader = answer.body?.getReader();
    const first = await reader?.read();
    assert.match(Buffer.from(first?.value ?? []).toString(), /^event: message_start\n/);
    next.resolve();
    await reader?.cancel();
  });

  test('ends at the provider when the client goes, and is cut for the client when the provider cuts it', async (t) => {
    const { provider, gateway } = await stage(t);
    provider.plans.push({ beforeEvent: (index) => (index === 2 ? new Promise(() => {}) : Promise.resolve()) });
    const gone = new AbortController();
    const answer = await fetch(`${gateway.url}/claude/v1/messages`, {
      method: 'POST',
      body: streamOf(1),
      headers: KNOWN,
      signal: gone.signal,
    });
    await answer.body?.getReader().read();
    gone.abort();
    await provider.until(() => provider.last.wasLeft);
    provider.plans.push({ cutAfter: 3 });
    await assert.rejects(send(`${gateway.url}/claude/v1/messages`, own(), streamOf(1)), { code: 'ECONNRESET' });
  });

  test('may switch to a WebSocket', async (t) => {
    const { provider, gateway } = await stage(t);
    const url = `${gateway.url.replace(/^http/, 'ws')}/chatgpt/v1/responses`;
    const socket = new WebSocket(url, { headers: { 'X-Api-Key': TOKEN } });
    const texts: string[] = [];
    socket.on('message', (data: Buffer) => texts.push(data.toString()));
    await once(socket, 'open');
    const asked = JSON.stringify({ type: 'response.create', pad: 'x'.repeat(100_000) });
    socket.send(asked);
    while (!texts.at(-1)?.includes('response.completed')) await once(socket, 'message');
    assert.equal(sha256(provider.last.body), sha256(asked));
    assert.equal(provider.last.target, '/backend-api/codex/responses');
    assert.deepEqual(heardValues(provider.last, 'x-api-key'), []);
    socket.close();
    await once(socket, 'close');
  });

  test('may go through hops, and no other way', async (t) => {
    const proxy = await startTinyproxy(t);
    if (proxy === undefined) return;
    const { provider, gateway } = await stage(t, { hops: { out: { proxy: proxy.url } }, ai: { via: 'out' } });
    const body = streamOf(200_000);
    const got = await send(`${gateway.url}/claude/v1/messages`, own(), body);
    assert.equal(sha256(provider.last.body), sha256(body));
    assert.equal(sha256(got.body), saidBy(provider));
    const gone = { hops: { out: { proxy: await deserted(t) } }, ai: { via: 'out' } };
    const lost = await Gateway.open(t, settings(provider.url, gone));
    const failed = await send(`${lost.url}/claude/v1/messages`, own(), body);
    assert.equal(failed.status, 502);
    assert.match(failed.body.toString(), /"type":"api_error".*hop_unreachable/);
    assert.equal(provider.heard.length, 1);
  });
});

function own(): [string, string][] {
  return Object.entries(KNOWN);
}

function withoutConnection(fields: readonly (readonly [string, string])[]): readonly (readonly [string, string])[] {
  return fields.filter(([name]) => name.toLowerCase() !== 'connection');
}

describe('who may come', () => {
  test('is a user who may, by any of the fields that the programs of the providers can send', async (t) => {
    const { provider, gateway } = await stage(t, { claude: { credentials: { api_key: 'sk-ours' } } });
    const fields = [{ 'x-api-key': TOKEN }, { authorization: `Bearer ${TOKEN}` }, KNOWN] as const;
    for (const headers of fields) {
      const { status } = await ask(`${gateway.url}/claude/v1/models`, { headers });
      assert.equal(status, 200);
      assert.deepEqual(heardValues(provider.last, 'x-api-key'), ['sk-ours']);
      assert.deepEqual(heardValues(provider.last, 'authorization'), []);
      assert.ok(!JSON.stringify(provider.last.fields).includes(TOKEN));
    }
    const [line] = await gateway.accessLines(1);
    assert.equal(line?.['user.name'], 'alice');
  });

  test('is told in the words of the provider when it may not', async (t) => {
    const { provider, gateway } = await stage(t);
    for (const [path, headers, status, body] of [
      ['/claude/v1/messages', {}, 401, { type: 'error', error: { type: 'authentication_error' } }],
      ['/claude/v1/messages', { 'x-api-key': 'a-token-of-bob-123' }, 403, { error: { type: 'permission_error' } }],
      ['/chatgpt/v1/responses', {}, 401, { error: { code: 'invalid_api_key', type: 'invalid_request_error' } }],
      ['/claude/v2/x', KNOWN, 404, { type: 'error', error: { type: 'not_found_error' } }],
      ['/chatgpt', KNOWN, 404, { error: { code: 'route_not_found', param: null } }],
    ] as const) {
      const answer = await ask(gateway.url + path, { method: 'POST', headers });
      assert.equal(answer.status, status, path);
      assert.partialDeepStrictEqual(JSON.parse(answer.body), body);
    }
    assert.equal(provider.heard.length, 0);
  });

  test('is anybody where nobody is asked for', async (t) => {
    const { provider, gateway } = await stage(t, { ai: { auth: 'none' } });
    assert.equal((await ask(`${gateway.url}/claude/v1/models`, { headers: { 'x-api-key': 'theirs' } })).status, 200);
    assert.deepEqual(heardValues(provider.last, 'x-api-key'), ['theirs']);
  });

  test('passes the guards of the gateway first, and no other policy of it', async (t) => {
    const policies = {
      auth: 'users',
      headers: { request: { set: { 'X-Added': '1' } } },
      rate_limit: { rate: 0.001, burst: 1 },
    };
    const { provider, gateway } = await stage(t, { gateway: { policies } });
    const url = `${gateway.url}/claude/v1/models`;
    assert.equal((await ask(url, { headers: KNOWN })).status, 200);
    assert.deepEqual(heardValues(provider.last, 'x-added'), []);
    const refused = await ask(url, { headers: KNOWN });
    assert.equal(refused.status, 429);
    assert.match(refused.body, /"type":"rate_limit_error"/);
    assert.ok(Number(refused.headers['retry-after']) > 0);
    const denied = await stage(t, { policies: { acl: { deny: ['127.0.0.1'] } } });
    assert.equal((await ask(`${denied.gateway.url}/claude/v1/models`, { headers: KNOWN })).status, 403);
  });
});

describe('the paths of the providers', () => {
  test('themselves are answered here to whoever opens a connection, and asked of nobody', async (t) => {
    const { provider, gateway } = await stage(t);
    for (const path of ['/claude', '/claude/', '/chatgpt/v1']) {
      assert.equal((await ask(gateway.url + path, { method: 'HEAD' })).status, 200);
    }
    assert.equal(provider.heard.length, 0);
  });

  test('come after routes and before the default backend, and are not there unless switched on', async (t) => {
    const provider = await AiProvider.open(t);
    const routes = [{ match: { path: '/claude/v1/models' }, to: { respond: { status: 418 } } }];
    const gateway = { default_backend: provider.url, routes };
    const on = await Gateway.open(t, settings(provider.url, { gateway }));
    assert.equal((await ask(`${on.url}/claude/v1/models`)).status, 418);
    assert.equal((await ask(`${on.url}/claude/v1/messages`)).status, 401);
    for (const off of [
      settings(provider.url, { gateway, ai: { enabled: false } }),
      settings(provider.url, { gateway: { ...gateway, own_paths: false } }),
    ]) {
      await ask(`${(await Gateway.open(t, off)).url}/claude/v1/messages`);
      assert.equal(provider.last.target, '/claude/v1/messages');
    }
  });

  test('take 32 MiB whatever the gateway takes, and not more', async (t) => {
    const { provider, gateway } = await stage(t, { limits: { body: '1MiB' } });
    const url = `${gateway.url}/claude/v1/messages`;
    const body = Buffer.alloc(32 * 1024 * 1024, 'x');
    assert.equal((await send(url, own(), body)).status, 200);
    assert.equal(sha256(provider.last.body), sha256(body));
    const headers = { ...KNOWN, 'Content-Length': String(body.length + 1) };
    const request = http.request(url, { method: 'POST', headers, agent: false });
    request.on('error', () => {});
    request.flushHeaders();
    const [answer] = (await once(request, 'response')) as [http.IncomingMessage];
    assert.equal(answer.statusCode, 413);
    request.destroy();
  });

  test('wait for the head of an answer as long as is said', async (t) => {
    const { provider, gateway } = await stage(t, { ai: { request_timeout: '50ms' } });
    const late = Promise.withResolvers<void>();
    provider.plans.push({ beforeHead: () => late.promise });
    const got = await send(`${gateway.url}/claude/v1/messages`, own(), streamOf(1));
    late.resolve();
    assert.equal(got.status, 504);
    assert.match(got.body.toString(), /"type":"timeout_error"/);
  });

  test('have configured fields go along', async (t) => {
    const { provider, gateway } = await stage(t, { claude: { headers: { 'X-Team': 'a' } } });
    await ask(`${gateway.url}/claude/v1/models`, { headers: { ...KNOWN, 'x-team': 'b' } });
    assert.deepEqual(heardValues(provider.last, 'x-team'), ['a']);
  });
});
