// Several processes that share a login, as the programs of the providers and Sluice do. Rule: each of them is real, and nothing is waited
// for by the clock.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { claudeStore } from '../../src/services/credentials/claude-store.ts';
import { CredentialStore } from '../../src/services/credentials/credential-store.ts';
import { requestToken } from '../../src/services/credentials/token-request.ts';
import { claudeDocument, codexDocument, jwtUntil } from '../support/store-documents.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { endpointAt, type TokenStandIn, tokenStandIn } from '../support/token-endpoint.ts';

const USER = fileURLToPath(new URL('../support/store-user.ts', import.meta.url));

type Kind = 'claude' | 'codex';

interface Stage {
  readonly file: string;
  readonly endpoint: TokenStandIn;
}

/** A login that has run out. */
async function stage(t: TestContext, kind: Kind): Promise<Stage> {
  const folder = join(temporaryFolder(t), 'home');
  mkdirSync(folder);
  const file = join(folder, kind === 'claude' ? '.credentials.json' : 'auth.json');
  const expiresAtMs = Date.now() - 60_000;
  writeFileSync(file, kind === 'claude' ? claudeDocument(expiresAtMs) : codexDocument(expiresAtMs), { mode: 0o600 });
  return { file, endpoint: await tokenStandIn(t) };
}

/** What is left beside the file: locks, drafts. */
function leftovers(file: string): string[] {
  const folder = join(file, '..');
  return [...readdirSync(folder), ...readdirSync(join(folder, '..'))].filter((name) => /lock|new/.test(name));
}

interface Run {
  readonly output: Promise<string>;
  kill(): void;
}

function run(t: TestContext, kind: Kind, { file, endpoint }: Stage): Run {
  const child = spawn(process.execPath, [USER, kind, file, endpoint.url, '8'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (part: string) => (text += part));
  const output = new Promise<string>((resolve) => {
    child.once('close', () => resolve(text.trim()));
  });
  t.after(async () => {
    child.kill('SIGKILL');
    await output;
  });
  return { output, kill: () => void child.kill('SIGKILL') };
}

describe('several processes', () => {
  for (const kind of ['claude', 'codex'] as const) {
    test(`with eight calls each at once renew a login of ${kind} exactly once`, async (t) => {
      const all = await stage(t, kind);
      const { endpoint, file } = all;
      const fresh = jwtUntil(Date.now() + 3_600_000);
      if (kind === 'codex') endpoint.reply = [200, { access_token: fresh, refresh_token: 'refresh-1' }];
      const gate = Promise.withResolvers<void>();
      endpoint.gate = gate.promise;
      const runs = [1, 2, 3, 4].map(() => run(t, kind, all));
      await endpoint.askedTimes(1);
      gate.resolve();
      const expected = JSON.stringify(Array.from({ length: 8 }, () => (kind === 'codex' ? fresh : 'access-1')));
      for (const { output } of runs) assert.equal(await output, expected);
      assert.equal(endpoint.asked.length, 1);
      assert.deepEqual(leftovers(file), []);
    });
  }

  test('lose no login when one is killed while it renews, and its lock is free after a minute at the latest', async (t) => {
    const all = await stage(t, 'claude');
    const { endpoint, file } = all;
    const before = readFileSync(file, 'utf8');
    const gate = Promise.withResolvers<void>();
    endpoint.gate = gate.promise;
    const killed = run(t, 'claude', all);
    await endpoint.askedTimes(1);
    killed.kill();
    await killed.output;
    assert.equal(readFileSync(file, 'utf8'), before);
    gate.resolve();
    const locks = [join(file, '..', '.oauth_refresh.lock'), `${join(file, '..')}.lock`];
    for (const lock of locks) assert.ok(statSync(lock).isDirectory());
    const at = endpointAt(endpoint.url);
    const store = new CredentialStore({ file, format: claudeStore, ask: (question) => requestToken(at, question) });
    t.after(() => store.close());
    const found = store.require();
    // As if a minute had passed.
    const then = new Date(Date.now() - 60_001);
    for (const lock of locks) utimesSync(lock, then, then);
    assert.equal((await found).accessToken, 'access-1');
    assert.deepEqual(leftovers(file), []);
  });
});
