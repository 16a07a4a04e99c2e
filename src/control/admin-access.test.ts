import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test, type TestContext } from 'node:test';
import type { UserConfig } from '../config/schema/users.ts';
import { loadConfig, type LoadedConfig } from '../config/load.ts';
import { AdminAccess } from './admin-access.ts';
import { adminTokenFile } from './admin-token.ts';

interface Settings {
  readonly token?: string;
  readonly users?: readonly UserConfig[];
}

async function configIn(dataDir: string, { token, users = [] }: Settings = {}): Promise<LoadedConfig> {
  const env = { SLUICE_PROCESS__DATA_DIR: dataDir, ...(token === undefined ? {} : { SLUICE_ADMIN__TOKEN: token }) };
  const loaded = await loadConfig({ files: [], env, cwd: dataDir });
  return { ...loaded, config: { ...loaded.config, users } };
}

function user(name: string, may: UserConfig['may'], token: Pick<UserConfig, 'token' | 'token_sha256'>): UserConfig {
  return { name, may, ...token, limits: {} };
}

function dataDirectory(t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), 'sluice-access-'));
  t.after(() => rmSync(path, { recursive: true }));
  return path;
}

describe('access to the admin API', () => {
  test('is by a token that is made and kept when the config sets none', async (t) => {
    const loaded = await configIn(dataDirectory(t));
    const access = new AdminAccess(loaded, 'run');
    assert.equal(access.kept?.fresh, true);
    assert.equal(access.tokens(loaded).findHolder(access.kept?.token ?? ''), 'admin');
    assert.equal(access.tokens(loaded).findHolder('run'), 'sluice command');
    assert.equal(new AdminAccess(loaded, 'run').kept?.fresh, false);
  });

  test('is by the token of the config alone when it sets one, and none is made', async (t) => {
    const dataDir = dataDirectory(t);
    const loaded = await configIn(dataDir, { token: 'mine' });
    const access = new AdminAccess(loaded, 'run');
    assert.equal(access.kept, null);
    assert.equal(existsSync(adminTokenFile(dataDir)), false);
    assert.equal(access.tokens(loaded).findHolder('mine'), 'admin');
  });

  test('is for users who may admin, by token or by its hash, and for no others', async (t) => {
    const hash = '3fc4ccfe745870e2c0d99f71f30ff0656c8dedd41cc1d7d3d376b0dbe685e2f3';
    const users = [
      user('alice', ['admin', 'ai'], { token: 'one', token_sha256: null }),
      user('bob', ['admin'], { token: null, token_sha256: hash }),
      user('carol', ['ai'], { token: 'three', token_sha256: null }),
    ];
    const loaded = await configIn(dataDirectory(t), { token: 'mine', users });
    const tokens = new AdminAccess(loaded, 'run').tokens(loaded);
    assert.deepEqual(
      ['one', 'two', 'three', hash].map((token) => tokens.findHolder(token)),
      ['alice', 'bob', undefined, undefined],
    );
  });

  test('follows the config in force, in both directions', async (t) => {
    const dataDir = dataDirectory(t);
    const before = await configIn(dataDir, { token: 'old' });
    const access = new AdminAccess(before, 'run');
    assert.equal(access.tokens(before), access.tokens(before));
    const after = await configIn(dataDir, { token: 'new' });
    assert.deepEqual(
      ['old', 'new'].map((token) => access.tokens(after).findHolder(token)),
      [undefined, 'admin'],
    );
    const without = await configIn(dataDir);
    assert.equal(access.tokens(without).findHolder('new'), undefined);
    assert.equal(existsSync(adminTokenFile(dataDir)), true);
  });
});
