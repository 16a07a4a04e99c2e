import assert from 'node:assert/strict';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { temporaryFolder } from '../../../test/support/temporary-folder.ts';
import { TokenCopy } from './token-copy.ts';
import type { IssuedToken } from './token-file.ts';

function token(id: string): IssuedToken {
  return { id, user: 'a', sha256: 'a'.repeat(64), may: ['ai'], isOfConfig: true, madeAtMs: 1 };
}

test('what the node had is carried over the first time and never again, in a file for this user alone', (t) => {
  const folder = temporaryFolder(t);
  const first = new TokenCopy(folder, [token('one')]);
  assert.deepEqual(first.tokens(), [token('one')]);
  first.close();
  const again = new TokenCopy(folder, [token('one'), token('two')]);
  t.after(() => again.close());
  assert.deepEqual(again.tokens(), [token('one')]);
  assert.equal(statSync(join(folder, 'shared-tokens.db')).mode & 0o777, 0o600);
});
