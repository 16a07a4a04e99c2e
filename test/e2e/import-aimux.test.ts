// What was ai-mux yesterday: its file, in both shapes, becomes one of Sluice with which the same logins go to the same places.
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test, type TestContext } from 'node:test';
import { AiProvider, heardValues } from '../support/ai-provider.ts';
import { runSluice, type SluiceProcess, startSluice } from '../support/sluice-process.ts';
import { claudeDocument, codexDocument } from '../support/store-documents.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { tokenStandIn } from '../support/token-endpoint.ts';

const TOKEN = 'a-long-token-of-alice';
const HOUR_MS = 3_600_000;

/** A state folder as ai-mux has it, with both logins. */
function stateFolder(t: TestContext, expiresAtMs: number): string {
  const folder = temporaryFolder(t);
  for (const [name, file, text] of [
    ['claude', '.credentials.json', claudeDocument(expiresAtMs)],
    ['chatgpt', 'auth.json', codexDocument(expiresAtMs)],
  ] as const) {
    mkdirSync(join(folder, name), { mode: 0o700 });
    writeFileSync(join(folder, name, file), text, { mode: 0o600 });
  }
  return folder;
}

/** Imports the file, checks what came of it, and starts with it. */
async function startWith(t: TestContext, name: string, text: string): Promise<SluiceProcess> {
  const imported = await runSluice(t, ['import', name, '-o', 'sluice.yaml'], { files: { [name]: text } });
  assert.equal(imported.code, 0, imported.stderr);
  const { folder } = imported;
  const checked = await runSluice(t, ['config', 'validate'], { folder });
  assert.equal(checked.code, 0, checked.stderr);
  return startSluice(t, { folder });
}

describe('a file of ai-mux that was imported', () => {
  test('starts with the users and the logins that it had', async (t) => {
    const state = stateFolder(t, Date.now() + HOUR_MS);
    const yaml = `listen: ":8080"
state_dir: ${state}
log_level: warn
request_timeout: 90
refresh_check_interval: 10m
users:
  - { name: alice, token: ${TOKEN} }
tls: { enabled: false }
providers: [claude, chatgpt]
`;
    const sluice = await startWith(t, 'config.yaml', yaml);
    const { ai } = JSON.parse(await sluice.admin('/api/v1/config').then((answer) => answer.text())).config;
    assert.equal(ai.request_timeout, 90_000);
    const answer = await sluice.admin('/api/v1/ai/accounts');
    const { accounts } = (await answer.json()) as { accounts: { provider: string; file: string; state: string }[] };
    assert.deepEqual(
      accounts.map(({ provider, file, state: how }) => [provider, file, how]),
      [
        ['claude', join(state, 'claude/.credentials.json'), 'ok'],
        ['chatgpt', join(state, 'chatgpt/auth.json'), 'ok'],
      ],
    );
    const stranger = await fetch(`${sluice.address('gateway')}/claude/v1/messages`, { method: 'POST', body: '{}' });
    assert.equal(stranger.status, 401);
  });

  test('in the earlier shape asks the same base, renews at the same endpoint, and sends the same fields', async (t) => {
    const provider = await AiProvider.open(t);
    const endpoint = await tokenStandIn(t);
    const file = join(stateFolder(t, Date.now() - 1), 'claude/.credentials.json');
    const json = JSON.stringify({
      Listen: '127.0.0.1:0',
      AnthropicBase: provider.url,
      OAuthTokenEndpoint: endpoint.url,
      BetaHeader: 'oauth-beta-of-ours',
      ExtraHeaders: { 'X-Team': 'core' },
      CredentialPath: file,
      RequestTimeout: '60s',
      Users: [{ Name: 'alice', Token: TOKEN }],
    });
    const sluice = await startWith(t, 'config.json', json);
    const headers = { authorization: `Bearer ${TOKEN}` };
    const url = `${sluice.address('gateway')}/claude/v1/messages?beta=true`;
    const answer = await fetch(url, { method: 'POST', headers, body: '{"model":"m"}' });
    assert.equal(answer.status, 200);
    await answer.body?.cancel();
    const { last } = provider;
    assert.equal(last.target, '/v1/messages?beta=true');
    assert.deepEqual(heardValues(last, 'authorization'), ['Bearer access-1']);
    assert.deepEqual(heardValues(last, 'anthropic-beta'), ['oauth-beta-of-ours']);
    assert.deepEqual(heardValues(last, 'x-team'), ['core']);
    assert.equal(endpoint.asked.length, 1);
    assert.match(readFileSync(file, 'utf8'), /"refresh-1"/);
  });
});
