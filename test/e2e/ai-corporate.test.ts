// Providers behind the proxy of a company: a real proxy that wants a login, and TLS with the provider inside. Rule: everything that is for a
// provider goes that way, the renewal of a login included, and nothing goes another.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test, type TestContext } from 'node:test';
import { AiProvider, heardValues, sha256 } from '../support/ai-provider.ts';
import { CertificateAuthority } from '../support/certificate-authority.ts';
import { type RunningProxy, startSquid, startTinyproxy } from '../support/proxies.ts';
import { type SluiceProcess, startSluice } from '../support/sluice-process.ts';
import { claudeDocument } from '../support/store-documents.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { type TokenStandIn, tokenStandIn } from '../support/token-endpoint.ts';

const TOKEN = 'a-token-of-alice-1';
const LOGIN = { username: 'corp-user', password: 'corp-pass' };

interface Stage {
  readonly provider: AiProvider;
  readonly endpoint: TokenStandIn;
  readonly sluice: SluiceProcess;
}

const HAS_RUN_OUT = Date.now() - 1;
const HOLDS = Date.now() + 3_600_000;

/** A login, and everything that it is for behind TLS of an authority that Sluice is told of. */
async function stage(t: TestContext, ai: { hops: string; via: string; expiresAtMs: number }): Promise<Stage> {
  const folder = temporaryFolder(t);
  const authority = new CertificateAuthority(folder);
  const tls = authority.issue('provider', 'IP:127.0.0.1');
  const provider = await AiProvider.open(t, tls);
  const endpoint = await tokenStandIn(t, tls);
  const config = `users: [{ name: alice, token: ${TOKEN}, may: [ai] }]
hops: ${ai.hops}
ai:
  enabled: true
  via: ${ai.via}
  providers:
    claude: { base: "${provider.url}", token_url: "${endpoint.url}", credentials: { store: login/store.json } }
`;
  const files = { 'sluice.yaml': config, 'login/store.json': claudeDocument(ai.expiresAtMs) };
  const sluice = await startSluice(t, { files, env: { NODE_EXTRA_CA_CERTS: authority.certificate.certFile } });
  return { provider, endpoint, sluice };
}

function ask({ sluice }: Stage): Promise<Response> {
  return fetch(`${sluice.address('gateway')}/claude/v1/messages`, {
    method: 'POST',
    headers: { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'm', stream: true, pad: 'x'.repeat(100_000) }),
  });
}

const portOf = (url: string): string => new URL(url).port;

async function assertWentThrough(all: Stage, proxy: RunningProxy): Promise<void> {
  const { provider, endpoint, sluice } = all;
  const answer = await ask(all);
  const body = Buffer.from(await answer.arrayBuffer());
  assert.equal(answer.status, 200, body.toString());
  assert.equal(sha256(body), sha256(Buffer.concat(provider.last.said)));
  assert.deepEqual(heardValues(provider.last, 'authorization'), ['Bearer access-1']);
  assert.deepEqual(heardValues(provider.last, 'proxy-authorization'), []);
  assert.equal(endpoint.asked.length, 1);
  assert.match(readFileSync(join(sluice.folder, 'login/store.json'), 'utf8'), /"refresh-1"/);
  await proxy.logs(new RegExp(`CONNECT 127\\.0\\.0\\.1:${portOf(endpoint.url)}`));
  await proxy.logs(new RegExp(`CONNECT 127\\.0\\.0\\.1:${portOf(provider.url)}`));
}

describe('providers behind the proxy of a company', () => {
  test('are reached through it with its login, by TLS that it cannot see into, and logins are renewed through it', async (t) => {
    const proxy = await startSquid(t, { auth: { scheme: 'basic', ...LOGIN } });
    if (proxy === undefined) return;
    const all = await stage(t, {
      hops: `{ corporate: { proxy: "${proxy.url}" } }`,
      via: 'corporate',
      expiresAtMs: HAS_RUN_OUT,
    });
    await assertWentThrough(all, proxy);
    assert.match(proxy.log, /corp-user/);
    assert.doesNotMatch(proxy.log, /access-|refresh-|a-token-of/);
    const said = all.sluice.stdout + all.sluice.stderr;
    assert.doesNotMatch(said, /corp-pass|access-|refresh-|a-token-of/);
  });

  test('are reached through a chain of proxies', async (t) => {
    const first = await startTinyproxy(t, LOGIN);
    const second = await startSquid(t, { auth: { scheme: 'digest', ...LOGIN } });
    if (first === undefined || second === undefined) return;
    const hops = `{ first: { proxy: "${first.url}" }, second: { proxy: "${second.url}", auth: digest } }`;
    const all = await stage(t, { hops, via: '[first, second]', expiresAtMs: HAS_RUN_OUT });
    await assertWentThrough(all, second);
    await first.logs(new RegExp(`CONNECT 127\\.0\\.0\\.1:${second.port}`));
  });

  test('are not reached past it: not when it refuses, and not when it is gone', async (t) => {
    const proxy = await startSquid(t, { auth: { scheme: 'basic', ...LOGIN } });
    if (proxy === undefined) return;
    const hops = `{ corporate: { proxy: "${proxy.url.replace('corp-pass', 'wrong-pass')}" } }`;
    const unrenewed = await stage(t, { hops, via: 'corporate', expiresAtMs: HAS_RUN_OUT });
    const fresh = await stage(t, { hops, via: 'corporate', expiresAtMs: HOLDS });
    assert.match(await failureOf(unrenewed), /credential_unavailable/);
    assert.match(await failureOf(fresh), /hop_auth_failed/);
    proxy.signal('SIGKILL');
    assert.match(await failureOf(fresh), /hops_exhausted|hop_unreachable/);
    for (const { provider, endpoint } of [unrenewed, fresh]) {
      assert.deepEqual([provider.heard.length, endpoint.asked.length], [0, 0]);
    }
  });
});

async function failureOf(all: Stage): Promise<string> {
  const answer = await ask(all);
  assert.ok(answer.status >= 500, String(answer.status));
  return answer.text();
}
