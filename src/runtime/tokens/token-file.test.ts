import assert from 'node:assert/strict';
import { existsSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { temporaryFolder } from '../../../test/support/temporary-folder.ts';
import { type IssuedToken, readTokens, tokenFile, writeTokens } from './token-file.ts';

const TOKEN: IssuedToken = { id: 'a', user: 'ci', sha256: '0'.repeat(64), may: ['ai'], isOfConfig: false, madeAtMs: 1 };

test('tokens are kept for this user alone, and no file is left when there are none', (t) => {
  const folder = join(temporaryFolder(t), 'data');
  assert.deepEqual(readTokens(folder), []);
  writeTokens(folder, [TOKEN]);
  assert.deepEqual(readTokens(folder), [TOKEN]);
  assert.equal(statSync(tokenFile(folder)).mode & 0o777, 0o600);
  writeTokens(folder, []);
  assert.equal(existsSync(tokenFile(folder)), false);
});

test('a file that is not understood is told, and never taken for none', (t) => {
  const folder = temporaryFolder(t);
  for (const text of [
    '{',
    '{"schema":"sluice.tokens/v2","tokens":[]}',
    '{"schema":"sluice.tokens/v1","tokens":[{"id":"a"}]}',
  ]) {
    writeFileSync(tokenFile(folder), text);
    assert.throws(() => readTokens(folder), { code: 'config_invalid' });
  }
});
