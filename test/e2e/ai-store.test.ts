// The AI gateway with the login of a store, between a client and stand-ins for a provider and its token endpoint: what goes out with
// it, when it is renewed, and what is said when that is not possible.
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test, type TestContext } from 'node:test';
import { AiProvider, heardValues } from '../support/ai-provider.ts';
import { Gateway } from '../support/gateway.ts';
import { runSluice, startSluice } from '../support/sluice-process.ts';
import { claudeDocument, codexDocument, jwtUntil } from '../support/store-documents.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { type TokenStandIn, tokenStandIn } from '../support/token-endpoint.ts';

const TOKEN = 'a-token-of-alice-1';
const USERS = [{ name: 'alice', token: TOKEN, may: ['ai'] }];
const HOUR_MS = 3_600_000;
/** Whatever is secret in these tests looks like this. */
const SECRETS = /access-|refresh-|eyJ|a-token-of-alice/;

interface Stage {
  readonly provider: AiProvider;
  readonly endpoint: TokenStandIn;
  readonly gateway: Gateway;
  readonly files: { readonly claude: string; readonly chatgpt: string };
}

async function stage(t: TestContext, expiresAtMs: number): Promise<Stage> {
  const folder = temporaryFolder(t);
  const files = { claude: join(folder, '.credentials.json'), chatgpt: join(folder, 'auth.json') };
  writeFileSync(files.claude, claudeDocument(expiresAtMs), { mode: 0o600 });
  writeFileSync(files.chatgpt, codexDocument(expiresAtMs), { mode: 0o600 });
  const provider = await AiProvider.open(t);
  const endpoint = await tokenStandIn(t);
  const shared = { token_url: endpoint.url };
  const claude = { ...shared, base: provider.url, credentials: { store: files.claude } };
  const chatgpt = { ...shared, base: `${provider.url}/backend-api/codex`, credentials: { store: files.chatgpt } };
  const gateway = await Gateway.open(t, { users: USERS, ai: { enabled: true, providers: { claude, chatgpt } } });
  return { provider, endpoint, gateway, files };
}

function post(gateway: Gateway, path: string, fields: Readonly<Record<string, string>> = {}): Promise<Response> {
  const headers = { authorization: `Bearer ${TOKEN}`, ...fields };
  return fetch(gateway.url + path, { method: 'POST', headers, body: '{"model":"m"}' });
}

async function done(answer: Promise<Response>): Promise<number> {
  const { status, body } = await answer;
  await body?.cancel();
  return status;
}

describe('the login of a store', () => {
  test('goes to Claude in place of what the client has, and its feature joins the list of the client', async (t) => {
    const { provider, gateway, endpoint } = await stage(t, Date.now() + HOUR_MS);
    const fields = { 'x-api-key': 'sk-ant-theirs', 'anthropic-beta': 'claude-code-1,thinking-2' };
    assert.equal(await done(post(gateway, '/claude/v1/messages', fields)), 200);
    assert.deepEqual(heardValues(provider.last, 'authorization'), ['Bearer access-0']);
    assert.deepEqual(heardValues(provider.last, 'x-api-key'), []);
    assert.deepEqual(heardValues(provider.last, 'anthropic-beta'), ['claude-code-1,thinking-2,oauth-2025-04-20']);
    assert.deepEqual(heardValues(provider.last, 'chatgpt-account-id'), []);
    await done(post(gateway, '/claude/v1/messages', { 'anthropic-beta': 'oauth-2025-04-20,a' }));
    assert.deepEqual(heardValues(provider.last, 'anthropic-beta'), ['oauth-2025-04-20,a']);
    assert.equal(endpoint.asked.length, 0);
  });

  test('goes to ChatGPT with its account', async (t) => {
    const { provider, gateway } = await stage(t, Date.now() + HOUR_MS);
    const fields = { 'chatgpt-account-id': 'theirs', 'anthropic-beta': 'a' };
    assert.equal(await done(post(gateway, '/chatgpt/v1/responses', fields)), 200);
    assert.equal(provider.last.target, '/backend-api/codex/responses');
    assert.match(heardValues(provider.last, 'authorization').join(), /^Bearer eyJ/);
    assert.deepEqual(heardValues(provider.last, 'chatgpt-account-id'), ['account-1']);
    assert.deepEqual(heardValues(provider.last, 'anthropic-beta'), []);
  });

  test('that has run out is renewed once, and requests wait for it', async (t) => {
    const { provider, gateway, endpoint, files } = await stage(t, Date.now() - 1);
    const gate = Promise.withResolvers<void>();
    endpoint.gate = gate.promise;
    const answers = Array.from({ length: 8 }, () => done(post(gateway, '/claude/v1/messages')));
    await endpoint.askedTimes(1);
    assert.equal(provider.heard.length, 0);
    gate.resolve();
    assert.deepEqual(new Set(await Promise.all(answers)), new Set([200]));
    for (const heard of provider.heard) assert.deepEqual(heardValues(heard, 'authorization'), ['Bearer access-1']);
    assert.equal(endpoint.asked.length, 1);
    assert.match(readFileSync(files.claude, 'utf8'), /"refresh-1"/);
  });

  test('that is refused is renewed, and the same request sent again with it', async (t) => {
    const { provider, gateway, endpoint, files } = await stage(t, Date.now() + HOUR_MS);
    const body = '{"type":"error","error":{"type":"authentication_error"}}';
    provider.plans.push({ status: 401, body });
    assert.equal(await done(post(gateway, '/claude/v1/messages', { 'anthropic-beta': 'a' })), 200);
    assert.equal(endpoint.asked.length, 1);
    assert.match(readFileSync(files.claude, 'utf8'), /"access-1"/);
    const sent = provider.heard.map((heard) => [...heardValues(heard, 'authorization'), heard.body.toString()]);
    assert.deepEqual(sent, [
      ['Bearer access-0', '{"model":"m"}'],
      ['Bearer access-1', '{"model":"m"}'],
    ]);
    assert.deepEqual(heardValues(provider.last, 'anthropic-beta'), ['a,oauth-2025-04-20']);
    // It was renewed a moment ago: what is refused now is not a matter of its age.
    provider.plans.push({ status: 401, body });
    const refused = await post(gateway, '/claude/v1/messages');
    assert.deepEqual([refused.status, await refused.text()], [401, body]);
    assert.equal(endpoint.asked.length, 1);
  });

  test('that cannot be renewed is told in the words of the provider, and nothing secret is said anywhere', async (t) => {
    const { provider, gateway, endpoint } = await stage(t, Date.now() - 1);
    endpoint.reply = [400, { error: 'invalid_grant', error_description: 'refresh-0 access-0' }];
    const answer = await post(gateway, '/claude/v1/messages');
    assert.equal(answer.status, 503);
    const text = await answer.text();
    assert.match(text, /^\{"type":"error","error":\{"type":"overloaded_error","message":".*credential_unavailable/);
    const other = await post(gateway, '/chatgpt/v1/responses');
    assert.equal(other.status, 503);
    assert.equal(provider.heard.length, 0);
    assert.doesNotMatch([text, await other.text(), JSON.stringify(gateway.said)].join(), SECRETS);
  });

  test('is not sent where an answer of the provider points', async (t) => {
    const { provider, gateway } = await stage(t, Date.now() + HOUR_MS);
    const other = await AiProvider.open(t);
    provider.plans.push({ status: 307, fields: { location: `${other.url}/v1/messages` }, body: '' });
    const headers = { authorization: `Bearer ${TOKEN}` };
    const answer = await fetch(`${gateway.url}/claude/v1/messages`, { method: 'POST', headers, redirect: 'manual' });
    assert.equal(answer.status, 307);
    assert.equal(other.heard.length, 0);
  });
});

test('with two workers one renewal serves all, and the command line shows the account', async (t) => {
  const provider = await AiProvider.open(t);
  const endpoint = await tokenStandIn(t);
  const fresh = jwtUntil(Date.now() + 8 * HOUR_MS);
  endpoint.reply = [200, { access_token: fresh, refresh_token: 'refresh-1' }];
  const config = `process: { workers: 2 }
users: [{ name: alice, token: ${TOKEN}, may: [ai] }]
ai:
  enabled: true
  providers:
    chatgpt: { base: "${provider.url}/codex", token_url: "${endpoint.url}", credentials: { id: mine, store: auth.json } }
`;
  const files = { 'sluice.yaml': config, 'auth.json': codexDocument(Date.now() - 1) };
  const sluice = await startSluice(t, { files });
  const url = sluice.address('gateway');
  const headers = { authorization: `Bearer ${TOKEN}` };
  const asked = Array.from({ length: 8 }, () =>
    done(fetch(`${url}/chatgpt/v1/responses`, { method: 'POST', headers, body: '{}' })),
  );
  assert.deepEqual(new Set(await Promise.all(asked)), new Set([200]));
  for (const heard of provider.heard) assert.deepEqual(heardValues(heard, 'authorization'), [`Bearer ${fresh}`]);
  assert.equal(endpoint.asked.length, 1);
  const shown = await runSluice(t, ['ai', 'accounts'], { folder: sluice.folder });
  assert.equal(shown.code, 0, shown.stderr);
  assert.match(
    shown.stdout,
    /^chatgpt\/mine {2}ok, holds for 7h 59m {2}\S+auth\.json\n {2}8 requests\n\nThe login of a subscription/,
  );
  assert.doesNotMatch(sluice.stdout + sluice.stderr + shown.stdout, SECRETS);
});

test('explain tells of the login, and reads nothing for it', async (t) => {
  const claude = '{ credentials: { store: .credentials.json } }';
  const files = { 'sluice.yaml': `ai:\n  enabled: true\n  auth: none\n  providers:\n    claude: ${claude}\n` };
  const url = 'http://127.0.0.1:8080/claude/v1/messages';
  const { code, stdout, stderr } = await runSluice(t, ['explain', url, '--door', 'gateway'], { files });
  assert.equal(code, 0, stderr);
  assert.match(stdout, /ai-store +sends the login of the store/);
});

test('a login is refused a way to somebody else when the configuration is read', async (t) => {
  const claude = '{ base: "https://llm.example", credentials: { store: .credentials.json } }';
  const files = { 'sluice.yaml': `ai:\n  enabled: true\n  providers:\n    claude: ${claude}\n` };
  const { code, stderr, stdout } = await runSluice(t, ['config', 'validate'], { files });
  assert.notEqual(code, 0);
  assert.match(stdout + stderr, /sluice\.yaml:4:\d+[^]*would go to llm\.example, and is for api\.anthropic\.com/);
});
