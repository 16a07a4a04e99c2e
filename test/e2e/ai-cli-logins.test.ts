// One login that Claude Code or Codex and the AI gateway share: whoever renews it, the others go on with what they find. Rule: the
// programs are real, and so is what they do with the file and its locks; only the providers are stand-ins.
import assert from 'node:assert/strict';
import { readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, test, type TestContext } from 'node:test';
import { AiProvider, heardValues } from '../support/ai-provider.ts';
import { requirePeer } from '../support/peer.ts';
import { cliHome, startClaude, startCodex, codexWithLogin } from '../support/real-cli.ts';
import { type SluiceProcess, startSluice } from '../support/sluice-process.ts';
import { chatgptToken, claudeDocument, codexLogin } from '../support/store-documents.ts';
import { intercept } from '../support/tls-interceptor.ts';
import { type TokenStandIn, tokenStandIn } from '../support/token-endpoint.ts';

const TOKEN = 'a-token-of-alice-1';
const MINUTE_MS = 60_000;

interface Stage {
  readonly home: string;
  readonly store: string;
  readonly provider: AiProvider;
  readonly endpoint: TokenStandIn;
  /** The hosts of Anthropic, as a program finds them. */
  readonly atHome: Readonly<Record<string, string>>;
}

/** A login of Claude Code that has run out. */
async function stage(t: TestContext): Promise<Stage> {
  const provider = await AiProvider.open(t);
  const endpoint = await tokenStandIn(t);
  const home = cliHome(t);
  const store = join(home, '.claude', '.credentials.json');
  writeFileSync(store, claudeDocument(Date.now() - MINUTE_MS), { mode: 0o600 });
  const hosts = { 'platform.claude.com': endpoint.url, 'api.anthropic.com': provider.url };
  const { url, caFile } = await intercept(t, join(home, 'tmp'), hosts);
  const atHome = { HTTPS_PROXY: url, NO_PROXY: '127.0.0.1', NODE_EXTRA_CA_CERTS: caFile };
  return { home, store, provider, endpoint, atHome };
}

function startGateway(t: TestContext, { store, provider, endpoint }: Stage, folder?: string): Promise<SluiceProcess> {
  const claude = `{ base: ${provider.url}, token_url: ${endpoint.url}, credentials: { store: ${store} } }`;
  const config = `
ai: { enabled: true, providers: { claude: ${claude} } }
users: [{ name: alice, token: ${TOKEN}, may: [ai] }]
`;
  return startSluice(t, { files: { 'sluice.yaml': config }, ...(folder === undefined ? {} : { folder }) });
}

/** With its own login, and a word for the gateway. */
const through = (sluice: SluiceProcess): Record<string, string> => ({
  ANTHROPIC_BASE_URL: `${sluice.address('gateway')}/claude`,
  ANTHROPIC_CUSTOM_HEADERS: `X-Sluice-Token: ${TOKEN}`,
});

async function post(sluice: SluiceProcess): Promise<number> {
  const answer = await fetch(`${sluice.address('gateway')}/claude/v1/messages`, {
    method: 'POST',
    headers: { 'x-sluice-token': TOKEN },
    body: '{"model":"m"}',
  });
  await answer.body?.cancel();
  return answer.status;
}

const sentWith = ({ heard }: AiProvider): Set<string> =>
  new Set(heard.filter(({ method }) => method === 'POST').flatMap((each) => heardValues(each, 'authorization')));

describe('a login that has run out', () => {
  test('is renewed once by four of Claude Code and the gateway, all at the same time', async (t) => {
    const command = requirePeer(t, 'claude');
    if (command === undefined || requirePeer(t, 'openssl') === undefined) return;
    const all = await stage(t);
    const { home, store, provider, endpoint, atHome } = all;
    const sluice = await startGateway(t, all);
    // Long enough for all of them to come to it.
    endpoint.gate = endpoint.askedTimes(1).then(() => sleep(3_000));
    const envs = [atHome, atHome, { ...atHome, ...through(sluice) }, { ...atHome, ...through(sluice) }];
    const runs = envs.map((env) => startClaude(t, command, { home, env, prompt: 'hi' }));
    assert.equal(await post(sluice), 200);
    for (const run of runs) assert.partialDeepStrictEqual(await run.last('result'), { is_error: false });
    assert.equal(endpoint.asked.length, 1);
    assert.deepEqual(sentWith(provider), new Set(['Bearer access-1']));
    assert.partialDeepStrictEqual(JSON.parse(readFileSync(store, 'utf8')), {
      claudeAiOauth: { accessToken: 'access-1', refreshToken: 'refresh-1' },
      mcpOAuth: { kept: true },
    });
    assert.equal(statSync(store).mode & 0o777, 0o600);
  });

  test('that the provider does not accept is renewed while Claude Code waits to try again', async (t) => {
    const command = requirePeer(t, 'claude');
    if (command === undefined || requirePeer(t, 'openssl') === undefined) return;
    const all = await stage(t);
    const { store, provider, endpoint } = all;
    writeFileSync(store, claudeDocument(Date.now() + 60 * MINUTE_MS), { mode: 0o600 });
    const sluice = await startGateway(t, all);
    const body = '{"type":"error","error":{"type":"authentication_error","message":"revoked"}}';
    provider.planOf = (heard) => {
      return heardValues(heard, 'authorization').includes('Bearer access-0') ? { status: 401, body } : undefined;
    };
    const env = { ANTHROPIC_BASE_URL: `${sluice.address('gateway')}/claude`, ANTHROPIC_AUTH_TOKEN: TOKEN };
    const claude = startClaude(t, command, { home: cliHome(t), env, prompt: 'hi' });
    const result = await claude.last('result');
    assert.partialDeepStrictEqual(result, { is_error: false });
    assert.deepEqual(sentWith(provider), new Set(['Bearer access-0', 'Bearer access-1']));
    assert.equal(endpoint.asked.length, 1);
  });

  for (const next of ['the next start', 'Claude Code'] as const) {
    test(`is not lost when the gateway is killed while it renews: ${next} does it`, async (t) => {
      const command = requirePeer(t, 'claude');
      if (command === undefined || requirePeer(t, 'openssl') === undefined) return;
      const all = await stage(t);
      const { home, store, provider, endpoint, atHome } = all;
      const before = readFileSync(store, 'utf8');
      const gate = Promise.withResolvers<void>();
      endpoint.gate = gate.promise;
      const killed = await startGateway(t, all);
      const asked = post(killed).catch(() => 0);
      await endpoint.askedTimes(1);
      killed.signal('SIGKILL');
      await Promise.all([killed.ended, asked]);
      assert.equal(readFileSync(store, 'utf8'), before);
      gate.resolve();
      if (next === 'Claude Code') {
        aMinutePasses(home);
        const claude = startClaude(t, command, { home, env: atHome, prompt: 'hi' });
        assert.partialDeepStrictEqual(await claude.last('result'), { is_error: false });
      } else assert.equal(await post(await startGateway(t, all, killed.folder)), 200);
      assert.deepEqual(sentWith(provider), new Set(['Bearer access-1']));
      assert.deepEqual(
        endpoint.asked.map(({ refresh_token }) => refresh_token),
        ['refresh-0', 'refresh-0'],
      );
      assert.match(readFileSync(store, 'utf8'), /"refresh-1".*"kept":true/);
      assert.equal(statSync(store).mode & 0o777, 0o600);
    });
  }
});

describe('a login of ChatGPT', () => {
  test('that the gateway renews early is renewed by none of three of Codex, meanwhile and after', async (t) => {
    const command = requirePeer(t, 'codex');
    if (command === undefined) return;
    const provider = await AiProvider.open(t);
    const endpoint = await tokenStandIn(t);
    const renewed = chatgptToken(Date.now() + 60 * MINUTE_MS);
    endpoint.reply = [200, { access_token: renewed, id_token: renewed, refresh_token: 'refresh-1' }];
    const gate = Promise.withResolvers<void>();
    endpoint.gate = gate.promise;
    const home = cliHome(t);
    const store = join(home, '.codex', 'auth.json');
    const old = codexLogin(Date.now() + 8 * MINUTE_MS);
    writeFileSync(store, old, { mode: 0o600 });
    const base = `${provider.url}/backend-api/codex`;
    const chatgpt = `{ base: ${base}, token_url: ${endpoint.url}, credentials: { store: ${store} } }`;
    const yaml = `ai: { enabled: true, auth: none, providers: { chatgpt: ${chatgpt} } }`;
    const sluice = await startSluice(t, { files: { 'sluice.yaml': yaml } });
    await endpoint.askedTimes(1);

    const config = codexWithLogin(sluice.address('gateway'), provider.url);
    const env = { CODEX_REFRESH_TOKEN_URL_OVERRIDE: endpoint.url };
    const threeRun = async (): Promise<void> => {
      const runs = [1, 2, 3].map(() => startCodex(t, command, { home, config, env, prompt: 'hi' }));
      for (const run of runs) await run.last('turn.completed');
    };
    // What they ask about the account itself goes past the gateway.
    const own = (): Set<string> => {
      const asked = provider.heard.filter(({ target }) => target.includes('/wham/'));
      return new Set(asked.flatMap((each) => heardValues(each, 'authorization')));
    };
    await threeRun();
    assert.equal(readFileSync(store, 'utf8'), old);
    assert.deepEqual([own().size, own().has(`Bearer ${renewed}`)], [1, false]);

    gate.resolve();
    while (!readFileSync(store, 'utf8').includes('refresh-1')) await new Promise(setImmediate);
    provider.heard.length = 0;
    await threeRun();
    assert.deepEqual(own(), new Set([`Bearer ${renewed}`]));
    assert.equal(endpoint.asked.length, 1);
    assert.equal(statSync(store).mode & 0o777, 0o600);

    // This is where they would have gone.
    writeFileSync(store, codexLogin(Date.now() - MINUTE_MS), { mode: 0o600 });
    sluice.signal('SIGTERM');
    await sluice.ended;
    const alone = startCodex(t, command, { home, config, env, prompt: 'hi' });
    await endpoint.askedTimes(2);
    alone.signal('SIGKILL');
  });
});

/** For the locks that somebody who was killed has left. Another Sluice sees at once that they are nobody's any more. */
function aMinutePasses(home: string): void {
  const then = new Date(Date.now() - 60_001);
  for (const lock of [join(home, '.claude', '.oauth_refresh.lock'), join(home, '.claude.lock')]) {
    utimesSync(lock, then, then);
  }
}
