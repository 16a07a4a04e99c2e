// Answers of providers of AI that are given again: who asks the same gets the same bytes, and the provider is not asked. Rule of the tests:
// what counts is what the provider has heard.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import http from 'node:http';
import { describe, test, type TestContext } from 'node:test';
import { brotliCompressSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { AiProvider, type Plan } from '../support/ai-provider.ts';
import { Gateway, type GatewaySettings } from '../support/gateway.ts';

const ALICE = 'a-token-of-alice-1';
const BOB = 'a-token-of-bob-123';
const USERS = [
  { name: 'alice', token: ALICE, may: ['ai'] },
  { name: 'bob', token: BOB, may: ['ai'] },
];
const KEY = { credentials: { api_key: 'sk-ours' } };

interface Stage {
  readonly provider: AiProvider;
  readonly gateway: Gateway;
}

interface Wanted {
  readonly cache?: object | false;
  readonly claude?: object;
  readonly chatgpt?: object;
  readonly ai?: object;
  readonly users?: readonly object[];
}

function settings(
  base: string,
  { cache = {}, claude = KEY, chatgpt = KEY, ai, users = USERS }: Wanted,
): GatewaySettings {
  const providers = { claude: { base, ...claude }, chatgpt: { base, ...chatgpt } };
  return { users, ai: { enabled: true, cache, providers, ...ai } };
}

async function stage(t: TestContext, wanted: Wanted = {}): Promise<Stage> {
  const provider = await AiProvider.open(t);
  return { provider, gateway: await Gateway.open(t, settings(provider.url, wanted)) };
}

interface Asked {
  readonly path?: string;
  readonly token?: string;
  readonly fields?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
}

interface Got {
  readonly status: number;
  /** What the gateway says of its cache; empty: nothing. */
  readonly cache: string;
  readonly fields: http.IncomingHttpHeaders;
  readonly body: Buffer;
}

const QUESTION = JSON.stringify({ model: 'm-1', messages: ['hi'] });
const STREAM = JSON.stringify({ model: 'm-1', messages: ['hi'], stream: true });

async function ask({ gateway }: Stage, asked: Asked = {}): Promise<Got> {
  const { path = '/claude/v1/messages', token = ALICE, fields = {}, body = QUESTION } = asked;
  const headers = { 'x-sluice-token': token, 'content-type': 'application/json', ...fields };
  const request = http.request(gateway.url + path, { method: 'POST', headers, agent: false });
  // Whoever waits for the answer is told.
  request.on('error', () => {});
  request.end(body);
  const [answer] = (await once(request, 'response')) as [http.IncomingMessage];
  const parts: Buffer[] = [];
  for await (const part of answer) parts.push(part as Buffer);
  const { statusCode: status = 0, headers: all } = answer;
  return { status, cache: String(all['x-sluice-cache'] ?? ''), fields: all, body: Buffer.concat(parts) };
}

/** What the cache says of each of these, one after the other. */
async function results(on: Stage, ...all: readonly Asked[]): Promise<string[]> {
  const said: string[] = [];
  for (const asked of all) said.push((await ask(on, asked)).cache);
  return said;
}

describe('a request that was answered before', () => {
  test('gets the same bytes and fields without the provider, and says how old they are', async (t) => {
    const on = await stage(t);
    for (const body of [QUESTION, STREAM]) {
      const heard = on.provider.heard.length;
      const first = await ask(on, { body });
      const again = await ask(on, { body });
      assert.deepEqual([first.cache, again.cache], ['miss', 'hit']);
      assert.equal(on.provider.heard.length, heard + 1);
      assert.deepEqual(again.body, first.body);
      const { age, 'x-sluice-cache': _cache, date: _date, ...same } = again.fields;
      const { 'x-sluice-cache': _first, date: _before, ...fields } = first.fields;
      assert.deepEqual(same, fields);
      assert.equal(age, '0');
    }
  });

  test('may have been one of any kind that is answered with what a model says', async (t) => {
    const on = await stage(t);
    const chat = [{ id: 'c', model: 'm-1', choices: [{ delta: { content: 'data: [DONE]' } }] }];
    const chunks = `${chat.map((one) => `data: ${JSON.stringify(one)}\n\n`).join('')}data: [DONE]\n\n`;
    const plans: Readonly<Record<string, Plan>> = {
      '/chatgpt/v1/chat/completions': { status: 200, body: chunks, fields: { 'content-type': 'text/event-stream' } },
      '/chatgpt/v1/embeddings': { status: 200, body: '{"object":"list","data":[]}\n' },
    };
    const usual = ['/claude/v1/messages?beta=true', '/claude/v1/messages/count_tokens', '/chatgpt/v1/responses'];
    const paths = [...usual, ...Object.keys(plans)];
    for (const path of paths) {
      const plan = plans[path];
      if (plan !== undefined) on.provider.plans.push(plan);
      assert.deepEqual(await results(on, { path }, { path }), ['miss', 'hit'], path);
    }
    assert.equal(on.provider.heard.length, paths.length);
    assert.equal((await ask(on, { path: '/claude/v1/messages/batches' })).cache, '');
  });

  test('may be one in another dialect than that of the provider', async (t) => {
    const on = await stage(t);
    const asked = { path: '/claude/v1/chat/completions' };
    for (const stream of [false, true]) {
      const body = JSON.stringify({ model: 'm-1', stream, messages: [{ role: 'user', content: 'hi' }] });
      const first = await ask(on, { ...asked, body });
      const again = await ask(on, { ...asked, body });
      assert.deepEqual([first.cache, again.cache], ['miss', 'hit']);
      assert.match(first.body.toString(), stream ? /data: \[DONE\]\n\n$/ : /"choices"/);
      assert.deepEqual(again.body, first.body);
      assert.equal(on.gateway.used.at(-1)?.model, 'm-1');
    }
    assert.equal(on.provider.heard.length, 2);
  });

  test('is counted as such, at no cost, with what it has saved', async (t) => {
    const on = await stage(t);
    const fields = { 'x-claude-code-session-id': 's-1' };
    for (let i = 0; i < 3; i += 1) await ask(on, { fields, body: STREAM });
    const [first, ...hits] = on.gateway.used;
    assert.partialDeepStrictEqual(first, { input: 25, output: 15, model: 'm-1' });
    assert.equal(first?.isCached, undefined);
    assert.equal(hits.length, 2);
    const { atMs: _at, ...hit } = hits[0]!;
    const nothing = { input: 0, output: 0, cacheRead: 0, cacheWrite: 0 };
    const owner = { provider: 'claude', user: 'alice', account: '', session: 's-1', model: 'm-1' };
    assert.deepEqual(hit, { ...owner, isKnown: true, isCached: true, ...nothing });
    const { gateway } = on;
    const counts = ['hit', 'miss'].map((result) => gateway.metric('sluice_ai_cache_requests_total', { result }));
    assert.deepEqual(counts, [2, 1]);
    assert.equal(gateway.metric('sluice_ai_requests_total', { usage: 'cached' }), 2);
    assert.equal(gateway.metric('sluice_ai_cache_saved_tokens_total', { type: 'output' }), 30);
    assert.equal(gateway.metric('sluice_ai_cache_saved_tokens_total', { type: 'input' }), 70);
    assert.equal(gateway.metric('sluice_ai_cache_answers'), 1);
    assert.ok(gateway.metric('sluice_ai_cache_bytes') > 1000);
  });

  test('is not the same when anything is different that an answer depends on', async (t) => {
    const on = await stage(t);
    const others: Asked[] = [
      {},
      { body: `${QUESTION} ` },
      { path: '/claude/v1/messages?beta=true' },
      { fields: { 'anthropic-version': '2023-06-01' } },
      { fields: { 'anthropic-beta': 'a' } },
      { fields: { accept: 'text/event-stream' } },
      { fields: { 'accept-encoding': 'gzip' } },
      { fields: { 'content-type': 'application/json; charset=utf-8' } },
      { path: '/chatgpt/v1/responses' },
      { token: BOB },
    ];
    const misses = await results(on, ...others);
    assert.deepEqual(new Set(misses), new Set(['miss']));
    const same = await results(on, ...others);
    assert.deepEqual(new Set(same), new Set(['hit']));
    const fields = { 'user-agent': 'another', 'x-stainless-retry-count': '1', 'x-claude-code-session-id': 's' };
    assert.deepEqual(await results(on, { fields }), ['hit']);
  });

  test('is read through its encoding, and kept as it came', async (t) => {
    const on = await stage(t);
    const bodies = { gzip: gzipSync, br: brotliCompressSync, zstd: zstdCompressSync };
    const large = JSON.stringify({ type: 'message', pad: Array.from({ length: 60_000 }, (_, i) => i * 7919) });
    for (const [encoding, encode] of Object.entries(bodies)) {
      const fields = { 'accept-encoding': encoding };
      const body = encode('{"type":"message","model":"m-9","usage":{"output_tokens":3}}');
      on.provider.plans.push({ body, fields: { 'content-encoding': encoding } });
      assert.deepEqual(await results(on, { fields }, { fields }), ['miss', 'hit']);
      const again = await ask(on, { fields });
      assert.deepEqual([again.body, again.fields['content-encoding']], [body, encoding]);
      assert.equal(on.gateway.used.at(-1)?.model, 'm-9');
      const asked = { fields, body: zstdCompressSync(QUESTION) };
      on.provider.plans.push({ body: encode(large), fields: { 'content-encoding': encoding } });
      const kept = on.gateway.metric('sluice_ai_cache_answers');
      assert.equal((await ask(on, { ...asked, fields: { ...fields, 'content-encoding': 'zstd' } })).cache, 'miss');
      await on.gateway.until(() => on.gateway.metric('sluice_ai_cache_answers') > kept, 'that it is kept');
      assert.equal((await ask(on, { ...asked, fields: { ...fields, 'content-encoding': 'zstd' } })).cache, 'hit');
    }
  });
});

describe('what a request may wish', () => {
  test('is to be left out, to be asked anew, or to get nothing that is older', async (t) => {
    const on = await stage(t);
    const say = (wish: string): Asked => ({ fields: { 'cache-control': wish } });
    const wishes = [
      'no-store',
      'no-store',
      'max-age=60',
      'max-age=60',
      'no-cache',
      'max-age=0',
      'x, no-store, no-cache',
    ];
    const all = await results(on, ...wishes.map(say));
    assert.deepEqual(all, ['bypass', 'bypass', 'miss', 'hit', 'refresh', 'miss', 'bypass']);
    on.provider.plans.push({ status: 200, body: '{"type":"message","content":"new"}' });
    await ask(on, say('no-cache'));
    assert.equal((await ask(on)).body.toString(), '{"type":"message","content":"new"}');
  });
});

describe('what is not kept', () => {
  const PLANS: readonly [what: string, plan: Plan, body: string][] = [
    ['an error', { status: 429, body: '{"type":"error"}' }, QUESTION],
    ['an error that is said with 200', { body: '{"type":"error","error":{"type":"overloaded_error"}}' }, QUESTION],
    ['a response that goes on in the background', { body: '{"object":"response","status":"queued"}' }, QUESTION],
    ['what is no JSON', { body: '<html>' }, QUESTION],
    ['half of a JSON', { body: '{"type":"message",' }, QUESTION],
    ['another kind of answer', { body: 'audio', fields: { 'content-type': 'audio/mpeg' } }, QUESTION],
    ['an encoding that nobody knows', { body: '{}', fields: { 'content-encoding': 'snappy' } }, QUESTION],
    ['an encoding that is none', { body: '{}', fields: { 'content-encoding': 'gzip' } }, QUESTION],
    [
      'a stream that ends before its end',
      { body: 'event: message_start\ndata: {}\n\n', fields: { 'content-type': 'text/event-stream' } },
      STREAM,
    ],
    [
      'a stream that tells of an error',
      {
        body: 'event: error\ndata: {"type":"error"}\n\nevent: message_stop\ndata: {}\n\n',
        fields: { 'content-type': 'text/event-stream' },
      },
      STREAM,
    ],
  ];
  for (const [what, plan, body] of PLANS) {
    test(`is ${what}`, async (t) => {
      const on = await stage(t);
      on.provider.plans.push(plan);
      const said = await results(on, { body }, { body }, { body });
      assert.deepEqual(said, ['miss', 'miss', 'hit']);
      assert.equal(on.provider.heard.length, 2);
    });
  }

  test('is a stream that the provider cuts', async (t) => {
    const on = await stage(t);
    on.provider.plans.push({ cutAfter: 3 });
    await assert.rejects(ask(on, { body: STREAM }));
    assert.deepEqual(await results(on, { body: STREAM }), ['miss']);
    await on.gateway.until(() => on.gateway.metric('sluice_ai_cache_answers') === 1, 'that only the whole one is kept');
  });

  test('is a stream that its client leaves', async (t) => {
    const on = await stage(t);
    const gate = Promise.withResolvers<void>();
    on.provider.plans.push({ beforeEvent: (index) => (index === 3 ? gate.promise : Promise.resolve()) });
    const headers = { 'x-sluice-token': ALICE, 'content-type': 'application/json' };
    const url = `${on.gateway.url}/claude/v1/messages`;
    const request = http.request(url, { method: 'POST', headers, agent: false });
    request.on('error', () => {});
    request.end(STREAM);
    const [answer] = (await once(request, 'response')) as [http.IncomingMessage];
    await once(answer, 'data');
    request.destroy();
    await on.provider.until(() => on.provider.heard[0]?.wasLeft === true);
    gate.resolve();
    assert.equal(on.gateway.metric('sluice_ai_cache_answers'), 0);
    await on.gateway.until(() => on.gateway.metric('sluice_ai_cache_bytes') === 0, 'that its memory is free');
    assert.deepEqual(await results(on, { body: STREAM }), ['miss']);
  });

  test('is what depends on a conversation that the provider keeps, and what runs in the background', async (t) => {
    const on = await stage(t);
    for (const more of [{ conversation: 'conv_1' }, { container: 'c' }, { background: true }]) {
      const body = JSON.stringify({ model: 'm', ...more });
      assert.deepEqual(await results(on, { body }, { body }), ['bypass', 'bypass']);
    }
    const body = JSON.stringify({ model: 'm', conversation: null, container: null, background: false });
    assert.deepEqual(await results(on, { body }, { body }), ['miss', 'hit']);
  });

  test('is a request that is too long, however its length is said', async (t) => {
    const on = await stage(t, { cache: { max_request: '1KiB' } });
    const fits = JSON.stringify({ pad: 'x'.repeat(1024 - 10) });
    assert.equal(fits.length, 1024);
    assert.deepEqual(await results(on, { body: fits }, { body: fits }), ['miss', 'hit']);
    const body = `${fits} `;
    const chunked = { body, fields: { 'transfer-encoding': 'chunked' } };
    assert.deepEqual(await results(on, { body }, { body }, chunked, chunked), ['bypass', 'bypass', 'bypass', 'bypass']);
    assert.equal(on.provider.last.body.toString(), body);
  });

  test('is more than there is memory for: what was not asked for longest goes', async (t) => {
    const on = await stage(t, { cache: { max_memory: '64KiB' } });
    const answerOf = (size: number): Plan => ({ body: JSON.stringify({ type: 'message', pad: 'x'.repeat(size) }) });
    const question = (n: number): Asked => ({ body: JSON.stringify({ n }) });
    for (let n = 0; n < 20; n += 1) {
      on.provider.plans.push(answerOf(6000));
      await ask(on, question(n));
      if (n > 0) assert.equal((await ask(on, question(0))).cache, 'hit');
    }
    assert.ok(on.gateway.metric('sluice_ai_cache_bytes') <= 64 * 1024);
    assert.deepEqual(await results(on, question(19), question(1)), ['hit', 'miss']);
    on.provider.plans.push(answerOf(9000), answerOf(9000));
    assert.deepEqual(await results(on, question(50), question(50)), ['miss', 'miss']);
  });
});

describe('those that ask the same at the same time', () => {
  /** So many ask, and the first of them is answered when all are there. */
  async function together(on: Stage, count: number, plan: Plan): Promise<string[]> {
    const gate = Promise.withResolvers<void>();
    on.provider.plans.push({ ...plan, beforeHead: () => gate.promise });
    const all = Array.from({ length: count }, () => ask(on));
    await on.gateway.until(() => on.gateway.metric('sluice_http_requests_in_flight') === count, 'that all ask');
    await on.provider.until(() => on.provider.heard.length > 0);
    gate.resolve();
    return (await Promise.all(all)).map(({ status, cache }) => `${status} ${cache}`).toSorted();
  }

  test('wait for the first of them, and get its answer', async (t) => {
    const on = await stage(t);
    assert.deepEqual(await together(on, 4, {}), ['200 hit', '200 hit', '200 hit', '200 miss']);
    assert.equal(on.provider.heard.length, 1);
  });

  test('go on themselves when that is none', async (t) => {
    const on = await stage(t);
    const body = '{"type":"error"}';
    assert.deepEqual(await together(on, 3, { status: 500, body }), ['200 miss', '200 miss', '500 miss']);
    assert.equal(on.provider.heard.length, 3);
  });

  test('do not wait for a stream', async (t) => {
    const on = await stage(t);
    const gate = Promise.withResolvers<void>();
    on.provider.plans.push({ beforeHead: () => gate.promise });
    const first = ask(on, { body: STREAM });
    await on.provider.until(() => on.provider.heard.length === 1);
    assert.equal((await ask(on, { body: STREAM })).cache, 'miss');
    gate.resolve();
    assert.equal((await first).cache, 'miss');
  });

  test('do not wait for one that has left', async (t) => {
    const on = await stage(t);
    on.provider.plans.push({ beforeHead: () => new Promise(() => {}) });
    const headers = { 'x-sluice-token': ALICE, 'content-type': 'application/json' };
    const leader = http.request(`${on.gateway.url}/claude/v1/messages`, { method: 'POST', headers, agent: false });
    leader.on('error', () => {});
    leader.end(QUESTION);
    await on.provider.until(() => on.provider.heard.length === 1);
    const second = ask(on);
    await on.gateway.until(() => on.gateway.metric('sluice_http_requests_in_flight') === 2, 'that it waits');
    leader.destroy();
    assert.deepEqual([(await second).cache, on.provider.heard.length], ['miss', 2]);
  });
});

describe('whose answers they are', () => {
  test('they can be those of all users, if the configuration says so', async (t) => {
    const on = await stage(t, { cache: { shared: true } });
    assert.deepEqual(await results(on, {}, { token: BOB }), ['miss', 'hit']);
    assert.equal(on.gateway.used.at(-1)?.user, 'bob');
  });

  test('never those of another credential, where clients have their own', async (t) => {
    const on = await stage(t, { cache: { shared: true }, claude: {} });
    const own = (key: string): Asked => ({ fields: { 'x-api-key': key } });
    assert.deepEqual(await results(on, own('k-1'), own('k-2'), own('k-1')), ['miss', 'miss', 'hit']);
  });

  test('those of one provider can be kept when others are not', async (t) => {
    const on = await stage(t, { cache: false, claude: { ...KEY, cache: { ttl: '1h' } } });
    const path = '/chatgpt/v1/responses';
    assert.deepEqual(await results(on, {}, {}, { path }, { path }), ['miss', 'hit', '', '']);
  });

  test('nobody is given any where nothing is said of a cache, and nothing is added to answers', async (t) => {
    const on = await stage(t, { cache: false });
    assert.deepEqual(await results(on, {}, {}), ['', '']);
    assert.equal(on.provider.heard.length, 2);
  });
});

test('answers stay over a reload, unless what they depend on is different', async (t) => {
  const on = await stage(t);
  await ask(on);
  await on.gateway.apply(settings(on.provider.url, { cache: { ttl: '1h' } }));
  assert.equal((await ask(on)).cache, 'hit');
  await on.gateway.apply(settings(on.provider.url, { claude: { ...KEY, headers: { 'X-Team': 'a' } } }));
  assert.equal((await ask(on)).cache, 'miss');
  await on.gateway.apply(settings(on.provider.url, { cache: false }));
  await on.gateway.apply(settings(on.provider.url, {}));
  assert.equal((await ask(on)).cache, 'miss');
});

test('an answer that is too old is not given', async (t) => {
  t.mock.timers.enable({ apis: ['Date'], now: Date.now() });
  const on = await stage(t, { cache: { ttl: '10m' } });
  await ask(on);
  t.mock.timers.tick(599_000);
  const known = await ask(on);
  assert.deepEqual([known.cache, known.fields.age], ['hit', '599']);
  assert.equal((await ask(on, { fields: { 'cache-control': 'max-age=598' } })).cache, 'miss');
  t.mock.timers.tick(600_000);
  assert.equal((await ask(on)).cache, 'miss');
});

test('a client that is slow to read makes a kept answer wait for it', async (t) => {
  const on = await stage(t, { cache: { max_memory: '256MiB' } });
  const pad = 'x'.repeat(24 * 1024 * 1024);
  on.provider.plans.push({ body: JSON.stringify({ type: 'message', pad }) });
  await ask(on);
  const headers = { 'x-sluice-token': ALICE, 'content-type': 'application/json' };
  const request = http.request(`${on.gateway.url}/claude/v1/messages`, { method: 'POST', headers, agent: false });
  request.end(QUESTION);
  const [answer] = (await once(request, 'response')) as [http.IncomingMessage];
  assert.equal(answer.headers['x-sluice-cache'], 'hit');
  const other = await ask(on, { body: STREAM });
  assert.equal(other.status, 200);
  assert.equal(on.gateway.metric('sluice_http_requests_in_flight'), 1);
  let size = 0;
  for await (const part of answer) size += (part as Buffer).length;
  assert.equal(size, Number(answer.headers['content-length']));
});
