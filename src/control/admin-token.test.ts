import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test, type TestContext } from 'node:test';
import { adminTokenFile, readToken, requireAdminToken } from './admin-token.ts';

function emptyDirectory(t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), 'sluice-token-'));
  t.after(() => rmSync(path, { recursive: true }));
  return path;
}

describe('the admin token', () => {
  test('is made once, then read again', (t) => {
    const dataDir = join(emptyDirectory(t), 'data');
    const made = requireAdminToken(dataDir);
    assert.equal(made.fresh, true);
    assert.equal(made.file, adminTokenFile(dataDir));
    assert.match(made.token, /^slc_[\w-]{43}$/);
    assert.deepEqual(requireAdminToken(dataDir), { ...made, fresh: false });
    assert.equal(readToken(made.file), made.token);
  });

  test('can be read by nobody else', { skip: process.platform === 'win32' && 'Windows has no such modes' }, (t) => {
    const dataDir = join(emptyDirectory(t), 'data');
    const { file } = requireAdminToken(dataDir);
    assert.equal(statSync(file).mode & 0o777, 0o600);
    assert.equal(statSync(dataDir).mode & 0o777, 0o700);

    chmodSync(file, 0o644);
    requireAdminToken(dataDir);
    assert.equal(statSync(file).mode & 0o777, 0o600);
  });

  test('is refused when its file is empty, rather than letting everybody in', (t) => {
    const dataDir = emptyDirectory(t);
    writeFileSync(adminTokenFile(dataDir), '\n');
    assert.throws(() => requireAdminToken(dataDir), { code: 'config_invalid', message: /admin-token is empty/ });
  });

  test('is refused when its file cannot be read', (t) => {
    assert.throws(() => readToken(join(emptyDirectory(t), 'absent')), {
      code: 'config_invalid',
      message: /cannot be read.*ENOENT/,
    });
  });

  test('does not hide why the data directory cannot be written', (t) => {
    const file = join(emptyDirectory(t), 'file');
    writeFileSync(file, '');
    assert.throws(() => requireAdminToken(join(file, 'data')), {
      code: 'config_invalid',
      message: /^process\.data_dir: the admin token cannot be kept in .*ENOTDIR/,
    });
  });
});
