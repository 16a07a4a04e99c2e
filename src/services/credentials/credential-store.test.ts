import assert from 'node:assert/strict';
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  watch,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, test, type TestContext } from 'node:test';
import { claudeDocument, codexDocument, jwtUntil } from '../../../test/support/store-documents.ts';
import { temporaryFolder } from '../../../test/support/temporary-folder.ts';
import { endpointAt, type TokenStandIn, tokenStandIn } from '../../../test/support/token-endpoint.ts';
import { claudeStore } from './claude-store.ts';
import { codexStore } from './codex-store.ts';
import { CredentialStore } from './credential-store.ts';
import type { StoreFormat } from './store-format.ts';
import { requestToken } from './token-request.ts';

const MINUTE_MS = 60_000;

interface Stage {
  readonly file: string;
  readonly endpoint: TokenStandIn;
  readonly store: CredentialStore;
  /** What the store takes for the time. */
  readonly clock: { nowMs: number };
}

async function stage(t: TestContext, minutesLeft: number, format: StoreFormat = claudeStore): Promise<Stage> {
  const folder = join(temporaryFolder(t), 'home');
  mkdirSync(folder);
  const file = join(folder, format === claudeStore ? '.credentials.json' : 'auth.json');
  const clock = { nowMs: Date.now() };
  const expiresAt = clock.nowMs + minutesLeft * MINUTE_MS;
  const document = format === claudeStore ? claudeDocument(expiresAt) : codexDocument(expiresAt);
  writeFileSync(file, document, { mode: 0o600 });
  const endpoint = await tokenStandIn(t);
  return { file, endpoint, clock, store: storeAt(t, { file, endpoint, clock }, format) };
}

function storeAt(
  t: TestContext,
  { file, endpoint, clock }: Omit<Stage, 'store'>,
  format = claudeStore,
): CredentialStore {
  const at = endpointAt(endpoint.url);
  const ask = requestToken.bind(null, at);
  const store = new CredentialStore({ file, format, ask, nowMs: () => clock.nowMs, random: () => 0 });
  t.after(() => store.close());
  return store;
}

function written(file: string): Record<string, Record<string, unknown>> {
  return JSON.parse(readFileSync(file, 'utf8')) as Record<string, Record<string, unknown>>;
}

/** What is left beside the file: locks, drafts. */
function leftovers(file: string): string[] {
  const folder = join(file, '..');
  return [...readdirSync(folder), ...readdirSync(join(folder, '..'))].filter((name) => /lock|new/.test(name));
}

describe('a login', () => {
  test('that holds for long is used as it is', async (t) => {
    const { store, endpoint } = await stage(t, 12);
    assert.ok(store.login === null);
    // Nobody has looked yet.
    assert.equal(store.report.state, 'ok');
    assert.equal((await store.require()).accessToken, 'access-0');
    assert.equal(store.report.state, 'ok');
    await store.look();
    assert.equal(endpoint.asked.length, 0);
  });

  test('is renewed ten minutes before its end, and what else is in the file stays', async (t) => {
    const { store, endpoint, file, clock } = await stage(t, 12);
    await store.require();
    clock.nowMs += 3 * MINUTE_MS;
    assert.equal(store.report.state, 'expiring');
    await store.look();
    assert.equal(store.login?.accessToken, 'access-1');
    assert.equal(store.report.state, 'ok');
    assert.deepEqual(endpoint.asked, [
      {
        grant_type: 'refresh_token',
        refresh_token: 'refresh-0',
        client_id: '9d1c250a-e61b-44d9-88ed-5944d1962f5e',
        scope: 'user:inference',
      },
    ]);
    const expiresAt = clock.nowMs + 28_800_000;
    const scopes = ['user:profile', 'user:inference'];
    const login = { accessToken: 'access-1', refreshToken: 'refresh-1', expiresAt, scopes };
    assert.deepEqual(written(file), {
      claudeAiOauth: { ...login, subscriptionType: 'max', other: [1] },
      mcpOAuth: { kept: true },
    });
    assert.equal(statSync(file).mode & 0o777, 0o600);
    assert.deepEqual(leftovers(file), []);
  });

  test('of Codex is renewed in its own file, with the account beside it', async (t) => {
    const { store, endpoint, file, clock } = await stage(t, 5, codexStore);
    assert.equal((await store.require()).accountId, 'account-1');
    endpoint.reply = [200, { access_token: jwtUntil(clock.nowMs + 60 * MINUTE_MS), refresh_token: 'refresh-1' }];
    await store.look();
    const { tokens = {}, ...rest } = written(file);
    assert.deepEqual(endpoint.asked[0]?.['refresh_token'], 'refresh-0');
    assert.deepEqual(
      [tokens['id_token'], tokens['refresh_token'], tokens['account_id'], rest['own']],
      ['id-0', 'refresh-1', 'account-1', 1],
    );
    assert.equal(rest['last_refresh'], new Date(clock.nowMs).toISOString());
    assert.match(readFileSync(file, 'utf8'), /^\{\n {2}"auth_mode"/);
    assert.equal(store.login?.refreshToken, 'refresh-1');
    assert.deepEqual(leftovers(file), []);
  });

  test('behind a link is renewed where the link leads to, and the link stays', async (t) => {
    const { file, ...rest } = await stage(t, -1);
    const link = join(temporaryFolder(t), '.credentials.json');
    symlinkSync(file, link);
    const store = storeAt(t, { ...rest, file: link });
    assert.equal((await store.require()).accessToken, 'access-1');
    assert.ok(lstatSync(link).isSymbolicLink());
    assert.equal(written(file)['claudeAiOauth']?.['accessToken'], 'access-1');
  });

  test('that another program has renewed is taken from the file', async (t) => {
    const { store, endpoint, file, clock } = await stage(t, 12);
    await store.require();
    const theirs = claudeDocument(clock.nowMs + 60 * MINUTE_MS).replace('access-0', 'access-theirs');
    writeFileSync(file, theirs);
    await store.look();
    assert.equal(store.login?.accessToken, 'access-theirs');
    assert.equal(endpoint.asked.length, 0);
  });

  test('that others can read is said to be open, and is not after a renewal', async (t) => {
    const { store, file } = await stage(t, 12);
    chmodSync(file, 0o640);
    await store.require();
    assert.equal(store.report.isOpen, true);
    await store.refused('access-0');
    assert.equal(store.report.isOpen, false);
  });
});

describe('at no instant of a renewal', () => {
  test('can others read what is in the folder, or is the file less than whole', async (t) => {
    const { store, file } = await stage(t, -1);
    const folder = join(file, '..');
    const faults: string[] = [];
    const look = (): void => {
      for (const name of readdirSync(folder)) {
        try {
          const { mode } = statSync(join(folder, name));
          if (!name.endsWith('.lock') && (mode & 0o077) !== 0) faults.push(`${name} ${mode.toString(8)}`);
        } catch {
          // It has gone in between.
        }
      }
      if (written(file)['claudeAiOauth'] === undefined) faults.push('not whole');
    };
    const watcher = watch(folder, look);
    t.after(() => watcher.close());
    const spin = setInterval(look, 0);
    await store.require();
    clearInterval(spin);
    look();
    assert.deepEqual(faults, []);
  });
});

describe('a renewal that fails', () => {
  for (const [name, reply] of [
    ['for the moment', [500, { error: 'server_error' }]],
    ['by an answer that is none', [200, 'access-secret is not JSON']],
    ['by a redirect', [307, {}, { Location: 'http://127.0.0.1:1/refresh-0' }]],
    ['by an answer without a token', [200, { token_type: 'Bearer' }]],
  ] as const) {
    test(`${name} takes nothing away, and is tried again later`, async (t) => {
      const { store, endpoint, file, clock } = await stage(t, 8);
      const before = readFileSync(file, 'utf8');
      endpoint.reply = reply;
      await store.require();
      await store.look();
      await store.look();
      assert.equal(endpoint.asked.length, 1);
      assert.equal(store.login?.accessToken, 'access-0');
      assert.equal(readFileSync(file, 'utf8'), before);
      assert.equal(store.report.state, 'expiring');
      assert.match(store.report.reason ?? '', /^the token endpoint answered/);
      assert.doesNotMatch(store.report.reason ?? '', /secret|refresh-|access-/);
      clock.nowMs += 5_000;
      await store.look();
      assert.equal(endpoint.asked.length, 2);
      clock.nowMs += 5_000;
      await store.look();
      assert.equal(endpoint.asked.length, 2);
      endpoint.reply = null;
      clock.nowMs += 5_000;
      await store.look();
      assert.equal(store.login?.accessToken, 'access-1');
      assert.equal(store.report.reason, null);
    });
  }

  test('is not tried sooner than the endpoint says', async (t) => {
    const { store, endpoint, clock } = await stage(t, 9);
    endpoint.reply = [429, {}, { 'Retry-After': '60' }];
    await store.require();
    await store.look();
    clock.nowMs += 59_000;
    await store.look();
    assert.equal(endpoint.asked.length, 1);
    clock.nowMs += 1_000;
    await store.look();
    assert.equal(endpoint.asked.length, 2);
  });

  test('for good says that its owner has to sign in again, and uses the login while it holds', async (t) => {
    const { store, endpoint, file, clock } = await stage(t, 8);
    const before = readFileSync(file, 'utf8');
    endpoint.reply = [400, { error: 'invalid_grant', error_description: 'refresh-0 is unknown' }];
    await store.require();
    await store.look();
    assert.equal(store.report.state, 'dead');
    assert.match(store.report.reason ?? '', /sign in again$/);
    assert.equal((await store.require()).accessToken, 'access-0');
    clock.nowMs += 9 * MINUTE_MS;
    await assert.rejects(store.require(), { code: 'credential_unavailable' });
    assert.equal(endpoint.asked.length, 1);
    assert.equal(readFileSync(file, 'utf8'), before);
    writeFileSync(file, claudeDocument(clock.nowMs + 60 * MINUTE_MS).replace('refresh-0', 'refresh-new'));
    await store.look();
    assert.equal(store.report.state, 'ok');
    assert.equal(store.report.reason, null);
  });

  test('for good because another program was faster takes the login of the other', async (t) => {
    const { store, endpoint, file, clock } = await stage(t, 8);
    await store.require();
    const gate = Promise.withResolvers<void>();
    endpoint.gate = gate.promise;
    endpoint.reply = [400, { error: 'invalid_grant' }];
    const looked = store.look();
    await endpoint.askedTimes(1);
    const theirs = claudeDocument(clock.nowMs + 60 * MINUTE_MS).replace('access-0', 'access-theirs');
    writeFileSync(file, theirs.replace('refresh-0', 'refresh-theirs'));
    gate.resolve();
    await looked;
    assert.equal(store.login?.accessToken, 'access-theirs');
    assert.equal(store.report.state, 'ok');
  });

  test('because nobody answers is one of the endpoint', async (t) => {
    const { file, clock, endpoint } = await stage(t, -1);
    const ask = requestToken.bind(null, endpointAt('http://127.0.0.1:1/'));
    const store = new CredentialStore({ file, format: claudeStore, ask, nowMs: () => clock.nowMs });
    t.after(() => store.close());
    await assert.rejects(store.require(), { code: 'credential_unavailable' });
    assert.equal(store.report.reason, 'the token endpoint cannot be asked (upstream_unreachable)');
    assert.equal(endpoint.asked.length, 0);
  });
});

describe('a store', () => {
  test('that could not be read for a moment keeps its login, and is well again', async (t) => {
    const { store, file } = await stage(t, 60);
    await store.require();
    const text = readFileSync(file, 'utf8');
    writeFileSync(file, '');
    await store.look();
    assert.equal(store.login?.accessToken, 'access-0');
    assert.match(store.report.reason ?? '', /does not hold a JSON object$/);
    writeFileSync(file, text);
    await store.look();
    assert.equal(store.report.reason, null);
  });

  test('whose file goes while it waits for a lock leaves no lock of its own', async (t) => {
    const { store, file } = await stage(t, -1);
    mkdirSync(`${join(file, '..')}.lock`);
    const found = store.require();
    while (!existsSync(join(file, '..', '.oauth_refresh.lock'))) await new Promise(setImmediate);
    rmSync(file);
    await assert.rejects(found, { code: 'credential_unavailable' });
    assert.deepEqual(leftovers(file), ['home.lock']);
  });

  test('that is closed while it renews waits for what it gets', async (t) => {
    const { store, endpoint, file } = await stage(t, -1);
    const gate = Promise.withResolvers<void>();
    endpoint.gate = gate.promise;
    const found = store.require();
    await endpoint.askedTimes(1);
    const closed = store.close();
    gate.resolve();
    await closed;
    assert.equal((await found).accessToken, 'access-1');
    assert.equal(written(file)['claudeAiOauth']?.['refreshToken'], 'refresh-1');
    await store.look();
    assert.equal(endpoint.asked.length, 1);
  });
});

describe('what is written', () => {
  test('is not put over a login that another program has written meanwhile', async (t) => {
    const { store, endpoint, file, clock } = await stage(t, 8);
    await store.require();
    const gate = Promise.withResolvers<void>();
    endpoint.gate = gate.promise;
    const looked = store.look();
    await endpoint.askedTimes(1);
    const theirs = claudeDocument(clock.nowMs + 60 * MINUTE_MS).replaceAll('-0', '-theirs');
    writeFileSync(file, theirs);
    gate.resolve();
    await looked;
    assert.equal(readFileSync(file, 'utf8'), theirs);
    assert.equal(store.login?.accessToken, 'access-theirs');
  });

  test('takes the place of a login that was blanked, and keeps what has changed beside it', async (t) => {
    const { store, endpoint, file } = await stage(t, 8);
    await store.require();
    const gate = Promise.withResolvers<void>();
    endpoint.gate = gate.promise;
    const looked = store.look();
    await endpoint.askedTimes(1);
    writeFileSync(file, '{"claudeAiOauth":{"accessToken":"","refreshToken":"","expiresAt":0},"mcpOAuth":{"new":1}}');
    gate.resolve();
    await looked;
    assert.equal(written(file)['claudeAiOauth']?.['refreshToken'], 'refresh-1');
    assert.deepEqual(written(file)['mcpOAuth'], { new: 1 });
  });

  test('waits until it can be written, and its refresh token is the next one that is used', async (t) => {
    const { store, endpoint, file, clock } = await stage(t, 8);
    await store.require();
    // Nobody can replace a folder by a file.
    mkdirSync(`${file}.new`);
    writeFileSync(join(`${file}.new`, 'x'), '');
    await store.look();
    assert.equal(store.login?.accessToken, 'access-1');
    assert.match(store.report.reason ?? '', /cannot be written/);
    assert.equal(written(file)['claudeAiOauth']?.['refreshToken'], 'refresh-0');
    clock.nowMs += 28_800_000;
    await store.look();
    assert.equal(store.login?.accessToken, 'access-2');
    assert.deepEqual(
      endpoint.asked.map((question) => question['refresh_token']),
      ['refresh-0', 'refresh-1'],
    );
    rmSync(`${file}.new`, { recursive: true });
    clock.nowMs += 60_000;
    await store.look();
    assert.equal(written(file)['claudeAiOauth']?.['refreshToken'], 'refresh-2');
    assert.equal(store.report.reason, null);
  });
});

describe('a login that the provider refuses', () => {
  test('is renewed once, however many requests were refused', async (t) => {
    const { store, endpoint } = await stage(t, 60);
    await store.require();
    await Promise.all(Array.from({ length: 8 }, () => store.refused('access-0')));
    assert.equal(store.login?.accessToken, 'access-1');
    await store.refused('access-0');
    await store.refused('access-1');
    assert.equal(endpoint.asked.length, 1);
  });

  test('is taken from the file if another program has renewed it', async (t) => {
    const { store, endpoint, file, clock } = await stage(t, 60);
    await store.require();
    writeFileSync(file, claudeDocument(clock.nowMs + 60 * MINUTE_MS).replace('access-0', 'access-theirs'));
    await store.refused('access-0');
    assert.equal(store.login?.accessToken, 'access-theirs');
    assert.equal(endpoint.asked.length, 0);
  });
});

describe('a file without a login', () => {
  for (const [name, text, reason] of [
    ['that is missing', null, /does not exist$/],
    ['that is no JSON', '{"claudeAiOauth":{"accessToken":"sk-ant-oat01-half', /does not hold a JSON object$/],
    ['whose owner has signed out', '{"mcpOAuth":{}}', /holds no login: sign in again$/],
  ] as const) {
    test(`${name} is dead, and says so`, async (t) => {
      const { endpoint, clock, file } = await stage(t, 1);
      const other = `${file}.other`;
      if (text !== null) writeFileSync(other, text, { mode: 0o600 });
      const store = storeAt(t, { file: other, endpoint, clock });
      await assert.rejects(store.require(), { code: 'credential_unavailable' });
      assert.equal(store.report.state, 'dead');
      assert.match(store.report.reason ?? '', reason);
      assert.doesNotMatch(store.report.reason ?? '', /sk-ant/);
      writeFileSync(other, claudeDocument(clock.nowMs + 60 * MINUTE_MS));
      assert.equal((await store.require()).accessToken, 'access-0');
      assert.equal(store.report.state, 'ok');
    });
  }
});
