// Claude Code and Codex with a gateway on another machine, which takes TLS: by whatever version of HTTP they choose.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test, type TestContext } from 'node:test';
import { AiProvider } from '../support/ai-provider.ts';
import { scriptOf } from '../support/ai-script.ts';
import { CertificateAuthority } from '../support/certificate-authority.ts';
import { type AccessLine, Gateway } from '../support/gateway.ts';
import { requirePeer } from '../support/peer.ts';
import { cliHome, startClaude, startCodex, codexWithToken, codexWithLogin } from '../support/real-cli.ts';
import { codexLogin } from '../support/store-documents.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const TOKEN = 'a-token-of-alice-1';
const HOUR_MS = 3_600_000;

interface Stage {
  readonly provider: AiProvider;
  readonly gateway: Gateway;
  /** Whom the programs have to trust. */
  readonly ca: string;
}

async function stage(t: TestContext, auth: 'users' | 'none' = 'users'): Promise<Stage | undefined> {
  if (requirePeer(t, 'openssl') === undefined) return undefined;
  const provider = await AiProvider.open(t);
  const authority = new CertificateAuthority(temporaryFolder(t));
  const { certFile, keyFile } = authority.issue('gateway', 'IP:127.0.0.1');
  const claude = { base: provider.url, credentials: { api_key: 'sk-ours' } };
  const chatgpt = auth === 'users' ? claude : { base: `${provider.url}/backend-api/codex` };
  const gateway = await Gateway.open(t, {
    gateway: { tls: { cert: certFile, key: keyFile } },
    users: [{ name: 'alice', token: TOKEN, may: ['ai'] }],
    ai: { enabled: true, auth, providers: { claude, chatgpt } },
  });
  return { provider, gateway, ca: authority.certificate.certFile };
}

const versionsOf = (lines: readonly AccessLine[]): Set<unknown> =>
  new Set(lines.map((line) => line['network.protocol.version']));

describe('over TLS', () => {
  test('Claude Code works by HTTP/1.1', async (t) => {
    const command = requirePeer(t, 'claude');
    const all = command === undefined ? undefined : await stage(t);
    if (command === undefined || all === undefined) return;
    const { gateway, ca } = all;
    const own = { ANTHROPIC_BASE_URL: `${gateway.url}/claude`, ANTHROPIC_AUTH_TOKEN: TOKEN };
    const prompt = scriptOf({ tool: 'Bash', input: { command: 'echo hi' } }, { text: 'Done' });
    const args = ['--allowedTools', 'Bash'];
    const env = { ...own, NODE_EXTRA_CA_CERTS: ca };
    const claude = startClaude(t, command, { home: cliHome(t), args, prompt, env });
    assert.partialDeepStrictEqual(await claude.last('result'), { is_error: false, result: 'Done' });
    assert.deepEqual(versionsOf(await gateway.accessLines(2)), new Set(['1.1']));
  });

  test('Codex works by HTTP/2, and its requests end with it', async (t) => {
    const command = requirePeer(t, 'codex');
    const all = command === undefined ? undefined : await stage(t);
    if (command === undefined || all === undefined) return;
    const { provider, gateway, ca } = all;
    const prompt = scriptOf({ tool: 'exec_command', input: { cmd: 'echo hi' } }, { text: 'Done' });
    const start = {
      config: codexWithToken(gateway.url, 'ALICE_TOKEN'),
      env: { ALICE_TOKEN: TOKEN, SSL_CERT_FILE: ca },
    };
    const codex = startCodex(t, command, { ...start, home: cliHome(t), prompt });
    await codex.last('turn.completed');
    assert.deepEqual(versionsOf(await gateway.accessLines(2)), new Set(['2']));

    const reached = Promise.withResolvers<void>();
    const stay = (): Promise<void> => {
      reached.resolve();
      return new Promise(() => {});
    };
    provider.plans.push({ beforeEvent: (index) => (index === 4 ? stay() : Promise.resolve()) });
    const interrupted = startCodex(t, command, { ...start, home: cliHome(t), prompt: 'hi' });
    await reached.promise;
    interrupted.signal('SIGINT');
    await provider.until(() => provider.last.wasLeft);
  });

  test('Codex gets its WebSocket', async (t) => {
    const command = requirePeer(t, 'codex');
    const all = command === undefined ? undefined : await stage(t, 'none');
    if (command === undefined || all === undefined) return;
    const { provider, gateway, ca } = all;
    const home = cliHome(t);
    writeFileSync(join(home, '.codex', 'auth.json'), codexLogin(Date.now() + HOUR_MS), { mode: 0o600 });
    const config = codexWithLogin(gateway.url, provider.url);
    const codex = startCodex(t, command, { home, config, env: { SSL_CERT_FILE: ca }, prompt: 'hi' });
    await codex.last('turn.completed');
    const asked = provider.heard.filter(({ target }) => target.endsWith('/responses'));
    assert.deepEqual(
      asked.map(({ method }) => method),
      ['GET'],
    );
    await gateway.until(() => gateway.used.length === 2, 'that its answers are counted');
  });
});
