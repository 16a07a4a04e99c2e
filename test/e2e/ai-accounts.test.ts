// The AI gateway with several accounts of a provider: which one a request goes with, what happens when one is limited, refused or signed
// out, and that a conversation stays where it is.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test, type TestContext } from 'node:test';
import Anthropic from '@anthropic-ai/sdk';
import { WebSocket } from 'ws';
import { answerBy, type Answers, credentialsHeard, limitedPlan } from '../support/ai-accounts.ts';
import { AiProvider, heardValues, type Plan, sha256 } from '../support/ai-provider.ts';
import { Gateway } from '../support/gateway.ts';
import { claudeDocument } from '../support/store-documents.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { tokenStandIn, type TokenStandIn } from '../support/token-endpoint.ts';

const TOKEN = 'a-token-of-alice-1';
const USERS = [
  { name: 'alice', token: TOKEN, may: ['ai'] },
  { name: 'bob', token: 'a-token-of-bob-1234', may: ['ai'] },
];
const HOUR_MS = 3_600_000;
const KEYS = [
  { id: 'one', api_key: 'sk-one' },
  { id: 'two', api_key: 'sk-two' },
];

interface Stage {
  readonly provider: AiProvider;
  readonly gateway: Gateway;
  readonly answers: Answers;
  /** Resolves with the status, when the answer has come whole. */
  readonly ask: (session?: string, fields?: Readonly<Record<string, string>>) => Promise<number>;
}

async function stage(t: TestContext, claude: object, more: object = {}): Promise<Stage> {
  const provider = await AiProvider.open(t);
  const answers: Answers = {};
  answerBy(provider, answers);
  const providers = { claude: { base: provider.url, ...claude } };
  const gateway = await Gateway.open(t, { users: USERS, ai: { enabled: true, providers, ...more } });
  const ask: Stage['ask'] = async (session = '', fields = {}) => {
    const answer = await post(gateway, session, fields);
    await answer.arrayBuffer();
    return answer.status;
  };
  return { provider, gateway, answers, ask };
}

function post(
  gateway: Gateway,
  session: string,
  fields: Readonly<Record<string, string>> = {},
  body = '{"model":"m"}',
): Promise<Response> {
  const named = session === '' ? {} : { 'x-claude-code-session-id': session };
  const headers = { authorization: `Bearer ${TOKEN}`, ...named, ...fields };
  return fetch(`${gateway.url}/claude/v1/messages`, { method: 'POST', headers, body });
}

/** As Claude Code is told how much of a subscription is used. */
function used(share: number, resetsInMs = HOUR_MS): Plan {
  return {
    fields: {
      'anthropic-ratelimit-unified-status': 'allowed',
      'anthropic-ratelimit-unified-5h-utilization': String(share),
      'anthropic-ratelimit-unified-5h-reset': String(Math.round((Date.now() + resetsInMs) / 1000)),
    },
  };
}

describe('an account that is limited', () => {
  for (const status of [429, 529]) {
    test(`hands its request over to another one, whole and unseen, after ${status}`, async (t) => {
      const { provider, gateway, answers } = await stage(t, { credentials: KEYS });
      answers['sk-one'] = { ...limitedPlan({ 'retry-after': '60' }), status };
      const body = JSON.stringify({ model: 'm', text: 'wörld '.repeat(20_000) });
      const answer = await post(gateway, 's', {}, body);
      assert.deepEqual([answer.status, answer.headers.get('retry-after')], [200, null]);
      await answer.arrayBuffer();
      assert.deepEqual(credentialsHeard(provider), ['sk-one', 'sk-two']);
      for (const heard of provider.heard) assert.equal(sha256(heard.body), sha256(body));
      assert.deepEqual(
        gateway.used.map(({ account }) => account),
        ['two'],
      );
    });
  }

  test('is left alone for as long as it says, and its conversation stays where it went', async (t) => {
    const { provider, answers, ask } = await stage(t, { credentials: KEYS });
    answers['sk-one'] = limitedPlan({ 'retry-after': '3600' });
    assert.equal(await ask('s'), 200);
    delete answers['sk-one'];
    for (const session of ['s', 's', 'other', 'third']) assert.equal(await ask(session), 200);
    assert.deepEqual(credentialsHeard(provider).slice(1), ['sk-two', 'sk-two', 'sk-two', 'sk-two', 'sk-two']);
  });

  test('comes back when its time is over', async (t) => {
    const { provider, answers, ask } = await stage(t, { credentials: KEYS });
    answers['sk-one'] = limitedPlan({ 'retry-after-ms': '1' });
    answers['sk-two'] = limitedPlan({ 'retry-after': '3600' });
    assert.equal(await ask('s'), 429);
    delete answers['sk-one'];
    while ((await ask('t')) !== 200);
    assert.equal(credentialsHeard(provider).at(-1), 'sk-one');
  });

  test('has its answer passed on as it is when the others are limited too', async (t) => {
    const { provider, gateway, answers } = await stage(t, { credentials: KEYS });
    answers['sk-one'] = limitedPlan({ 'retry-after': '90' });
    answers['sk-two'] = { ...limitedPlan({ 'retry-after': '30', 'x-own': '1' }), body: '{"type":"error","of":"two"}' };
    for (const asked of [['sk-one', 'sk-two'], ['sk-two']]) {
      provider.heard.length = 0;
      const answer = await post(gateway, 's');
      const told = ['retry-after', 'x-own'].map((name) => answer.headers.get(name));
      assert.deepEqual([answer.status, await answer.text(), ...told], [429, '{"type":"error","of":"two"}', '30', '1']);
      assert.deepEqual(credentialsHeard(provider), asked);
    }
  });

  test('for one of its models alone hands over that request, and takes others', async (t) => {
    const { provider, answers, ask } = await stage(t, { credentials: KEYS });
    const unified = 'anthropic-ratelimit-unified';
    const ofModel = { [`${unified}-status`]: 'rejected', [`${unified}-5h-utilization`]: '0.2' };
    answers['sk-one'] = limitedPlan({ ...ofModel, [`${unified}-7d-utilization`]: '0.4', 'retry-after': '9000' });
    assert.equal(await ask('s'), 200);
    delete answers['sk-one'];
    for (const session of ['s', 't']) assert.equal(await ask(session), 200);
    assert.deepEqual(credentialsHeard(provider), ['sk-one', 'sk-two', 'sk-two', 'sk-one']);
  });

  test('has its answer passed on when the body is too large to be kept', async (t) => {
    const { provider, answers, ask } = await stage(t, { credentials: KEYS }, { resend_body: 4 });
    answers['sk-one'] = limitedPlan();
    assert.equal(await ask('s'), 429);
    assert.equal(await ask('s'), 200);
    assert.deepEqual(credentialsHeard(provider), ['sk-one', 'sk-two']);
  });

  test('is nobody else’s business once something of an answer is with the client', async (t) => {
    const { provider, gateway } = await stage(t, { credentials: KEYS });
    provider.plans.push({ cutAfter: 2 });
    const answer = await post(gateway, 's', {}, '{"model":"m","stream":true}');
    assert.equal(answer.status, 200);
    await assert.rejects(answer.text());
    assert.equal(provider.heard.length, 1);
  });

  test('is not seen by the library of the provider', async (t) => {
    const { provider, gateway, answers } = await stage(t, { credentials: KEYS });
    answers['sk-one'] = limitedPlan({ 'retry-after': '60' });
    const client = new Anthropic({ baseURL: `${gateway.url}/claude`, authToken: TOKEN, apiKey: null, maxRetries: 0 });
    const stream = client.messages.stream({ model: 'm', max_tokens: 10, messages: [{ role: 'user', content: 'hi' }] });
    assert.partialDeepStrictEqual((await stream.finalMessage()).content, [{ type: 'text', text: 'Hello, wörld' }]);
    assert.deepEqual(credentialsHeard(provider), ['sk-one', 'sk-two']);
  });

  test('is asked all the same when it is the only one', async (t) => {
    const { provider, answers, ask } = await stage(t, { credentials: KEYS.slice(0, 1) });
    answers['sk-one'] = limitedPlan({ 'retry-after': '60' });
    assert.deepEqual([await ask(), await ask()], [429, 429]);
    assert.deepEqual(credentialsHeard(provider), ['sk-one', 'sk-one']);
  });
});

describe('a conversation', () => {
  test('stays on its account, and others take turns', async (t) => {
    const { provider, ask } = await stage(t, { credentials: KEYS });
    for (const session of ['a', 'b', 'a', 'b', 'b', 'a', 'c', 'a']) await ask(session);
    const heard = credentialsHeard(provider);
    assert.deepEqual(heard.slice(0, 2), ['sk-one', 'sk-two']);
    assert.deepEqual(heard.slice(2), ['sk-one', 'sk-two', 'sk-two', 'sk-one', 'sk-one', 'sk-one']);
  });

  test('is what Codex calls so, and without a name what its user asks', async (t) => {
    const { provider, ask } = await stage(t, { credentials: KEYS });
    const bob = { authorization: 'Bearer a-token-of-bob-1234' };
    for (const fields of [{ 'session-id': 'x' }, { session_id: 'y' }, { 'session-id': 'x' }]) await ask('', fields);
    for (const fields of [{}, bob, {}, bob]) await ask('', fields);
    const heard = credentialsHeard(provider);
    assert.deepEqual(heard, ['sk-one', 'sk-two', 'sk-one', 'sk-one', 'sk-two', 'sk-one', 'sk-two']);
    await ask('x', bob);
    assert.equal(credentialsHeard(provider).at(-1), 'sk-one', 'that of bob is another one');
  });

  test('gets the account that has the most left, and stays there whatever becomes of it', async (t) => {
    const { provider, answers, ask } = await stage(t, { credentials: KEYS, strategy: 'quota' });
    answers['sk-one'] = used(0.95);
    answers['sk-two'] = used(0.1);
    for (const session of ['on-one', 'on-two', 'new', 'newer', 'on-one', 'newest']) await ask(session);
    const heard = ['sk-one', 'sk-two', 'sk-two', 'sk-two', 'sk-one', 'sk-two'];
    assert.deepEqual(credentialsHeard(provider), heard);
    answers['sk-two'] = used(0.99);
    for (const session of ['on-two', 'new', 'one-more']) await ask(session);
    assert.deepEqual(credentialsHeard(provider).slice(heard.length), ['sk-two', 'sk-two', 'sk-one']);
  });

  test('gets an account whose quota has begun anew', async (t) => {
    const { provider, answers, ask } = await stage(t, { credentials: KEYS, strategy: 'quota' });
    answers['sk-one'] = used(0.95, -5_000);
    answers['sk-two'] = used(0.5);
    for (const session of ['a', 'b', 'c']) await ask(session);
    assert.deepEqual(credentialsHeard(provider), ['sk-one', 'sk-two', 'sk-one']);
  });

  test('gets an account by its weight', async (t) => {
    const [one, two] = KEYS;
    const credentials = [{ ...one, weight: 3 }, two];
    const { provider, ask } = await stage(t, { credentials, strategy: 'weighted' });
    for (let index = 0; index < 8; index++) await ask(`s-${index}`);
    assert.equal(credentialsHeard(provider).filter((key) => key === 'sk-one').length, 6);
  });

  test('keeps its account over a reload, and so does what is known of the others', async (t) => {
    const { provider, gateway, answers, ask } = await stage(t, { credentials: KEYS, strategy: 'quota' });
    answers['sk-one'] = used(0.2);
    answers['sk-two'] = used(0.9);
    for (const session of ['on-one', 'on-two']) await ask(session);
    answers['sk-one'] = limitedPlan({ 'retry-after': '3600' });
    await ask('on-one');
    provider.heard.length = 0;
    const claude = { base: provider.url, credentials: [...KEYS, { api_key: 'sk-new' }], strategy: 'quota' };
    await gateway.apply({ users: USERS, ai: { enabled: true, providers: { claude } } });
    for (const session of ['on-two', 'fresh']) await ask(session);
    assert.deepEqual(credentialsHeard(provider), ['sk-two', 'sk-new']);
  });
});

describe('an account that is refused', () => {
  test('is left out, and the client hears nothing of it', async (t) => {
    const { provider, answers, ask } = await stage(t, { credentials: KEYS });
    answers['sk-one'] = { status: 401, body: '{}' };
    for (const session of ['s', 's', 't']) assert.equal(await ask(session), 200);
    assert.deepEqual(credentialsHeard(provider), ['sk-one', 'sk-two', 'sk-two', 'sk-two']);
  });

  test('may be right: what no account may do is the fault of the request', async (t) => {
    const { provider, answers, ask } = await stage(t, { credentials: KEYS });
    answers['sk-one'] = { status: 403, body: '{}' };
    answers['sk-two'] = { status: 403, body: '{}' };
    assert.equal(await ask('s'), 403);
    delete answers['sk-two'];
    assert.equal(await ask('t'), 200);
    assert.deepEqual(credentialsHeard(provider), ['sk-one', 'sk-two', 'sk-one', 'sk-two']);
    // It was not the request.
    assert.equal(await ask('u'), 200);
    assert.equal(credentialsHeard(provider).at(-1), 'sk-two');
  });

  test('has its answer passed on when there is no other', async (t) => {
    const { provider, gateway, answers } = await stage(t, { credentials: KEYS });
    answers['sk-one'] = { status: 401, body: '{"of":"one"}' };
    answers['sk-two'] = { status: 401, body: '{"of":"two"}' };
    const answer = await post(gateway, 's');
    assert.deepEqual([answer.status, await answer.text()], [401, '{"of":"two"}']);
    // They are asked in turn, so that it is seen when one of them is good again.
    assert.equal(await (await post(gateway, 's')).text(), '{"of":"one"}');
    assert.equal(await (await post(gateway, 's')).text(), '{"of":"two"}');
    delete answers['sk-one'];
    for (let index = 0; index < 3; index++) assert.equal((await post(gateway, 's')).status, 200);
    assert.deepEqual(credentialsHeard(provider).slice(4), ['sk-one', 'sk-one', 'sk-one']);
  });
});

interface MixedStage extends Stage {
  readonly endpoint: TokenStandIn;
}

/** A login, and a key. */
async function mixed(t: TestContext, expiresAtMs: number): Promise<MixedStage> {
  const store = join(temporaryFolder(t), '.credentials.json');
  writeFileSync(store, claudeDocument(expiresAtMs), { mode: 0o600 });
  const endpoint = await tokenStandIn(t);
  const credentials = [{ id: 'mine', store }, KEYS[1]];
  return { ...(await stage(t, { credentials, token_url: endpoint.url })), endpoint };
}

describe('logins and keys together', () => {
  test('each put in their own, and nothing of the other', async (t) => {
    const { provider, answers, ask } = await mixed(t, Date.now() + HOUR_MS);
    answers['access-0'] = limitedPlan();
    const theirs = { 'anthropic-beta': 'a-1,b-2', 'x-api-key': 'theirs' };
    assert.equal(await ask('s', theirs), 200);
    const [first, second] = provider.heard;
    assert.ok(first !== undefined && second !== undefined);
    assert.deepEqual(heardValues(first, 'anthropic-beta'), ['a-1,b-2,oauth-2025-04-20']);
    assert.deepEqual([heardValues(first, 'authorization'), heardValues(first, 'x-api-key')], [['Bearer access-0'], []]);
    assert.deepEqual(heardValues(second, 'anthropic-beta'), ['a-1,b-2']);
    assert.deepEqual([heardValues(second, 'authorization'), heardValues(second, 'x-api-key')], [[], ['sk-two']]);
  });

  test('a login that is refused is renewed for the same request', async (t) => {
    const { provider, answers, ask, endpoint } = await mixed(t, Date.now() + HOUR_MS);
    answers['access-0'] = { status: 401, body: '{}' };
    assert.deepEqual([await ask('s'), await ask('s')], [200, 200]);
    assert.deepEqual(credentialsHeard(provider), ['access-0', 'access-1', 'access-1']);
    assert.equal(endpoint.asked.length, 1);
  });

  test('a login that is dead is passed over, within the request and afterwards', async (t) => {
    const { provider, answers, ask, endpoint } = await mixed(t, Date.now() + HOUR_MS);
    endpoint.reply = [400, { error: 'invalid_grant' }];
    answers['access-0'] = { status: 401, body: '{}' };
    for (const session of ['s', 's', 't']) assert.equal(await ask(session), 200);
    assert.deepEqual(credentialsHeard(provider), ['access-0', 'sk-two', 'sk-two', 'sk-two']);
    assert.equal(endpoint.asked.length, 1);
  });

  test('a login that has run out and cannot be renewed is never sent', async (t) => {
    const { provider, ask, endpoint } = await mixed(t, Date.now() - 1);
    endpoint.reply = [500, {}];
    for (const session of ['s', 't']) assert.equal(await ask(session), 200);
    assert.deepEqual(credentialsHeard(provider), ['sk-two', 'sk-two']);
  });

  test('only keys are used for clients that speak the dialect of OpenAI', async (t) => {
    const { provider, gateway, ask } = await mixed(t, Date.now() + HOUR_MS);
    for (let index = 0; index < 3; index++) {
      const headers = { authorization: `Bearer ${TOKEN}` };
      const body = '{"model":"m","messages":[{"role":"user","content":"hi"}]}';
      const answer = await fetch(`${gateway.url}/claude/v1/chat/completions`, { method: 'POST', headers, body });
      assert.equal(answer.status, 200, await answer.text());
    }
    assert.equal(await ask(''), 200);
    assert.equal(await ask('s'), 200);
    assert.deepEqual(credentialsHeard(provider), ['sk-two', 'sk-two', 'sk-two', 'access-0', 'sk-two']);
  });
});

test('what ChatGPT says of limits on a WebSocket counts for the next conversation', async (t) => {
  const provider = await AiProvider.open(t);
  const chatgpt = { base: provider.url, credentials: KEYS, strategy: 'quota' };
  const gateway = await Gateway.open(t, { users: USERS, ai: { enabled: true, providers: { chatgpt } } });
  const resetsAt = Math.round(Date.now() / 1000) + 3600;
  const limits = { primary: { used_percent: 95, window_minutes: 300, reset_at: resetsAt } };
  provider.plans.push({ events: [`data: ${JSON.stringify({ type: 'codex.rate_limits', rate_limits: limits })}`] });
  const headers = { authorization: `Bearer ${TOKEN}`, 'session-id': 'a' };
  const socket = new WebSocket(`${gateway.url.replace('http', 'ws')}/chatgpt/v1/responses`, { headers });
  t.after(() => socket.terminate());
  await once(socket, 'open');
  socket.send('{"type":"response.create","model":"m","input":[]}');
  await once(socket, 'message');
  for (const session of ['b', 'c']) {
    const fields = { ...headers, 'session-id': session };
    const answer = await fetch(`${gateway.url}/chatgpt/v1/responses`, { method: 'POST', headers: fields, body: '{}' });
    assert.equal(answer.status, 200, await answer.text());
  }
  assert.deepEqual(credentialsHeard(provider), ['sk-one', 'sk-two', 'sk-two']);
});
