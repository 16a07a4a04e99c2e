import assert from 'node:assert/strict';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { temporaryFolder } from '../../test/support/temporary-folder.ts';
import { writeNewFile } from './new-file.ts';

test('a file that is there is overwritten only by force, and a secret one is for its owner alone', (t) => {
  const file = join(temporaryFolder(t), 'a');
  writeFileSync(file, 'mine', { mode: 0o644 });
  assert.throws(() => writeNewFile(file, 'new', { as: 'a', force: false }), /a is there already.*--force/);
  assert.equal(readFileSync(file, 'utf8'), 'mine');
  writeNewFile(file, 'new', { as: 'a', force: true, secret: true });
  assert.equal(readFileSync(file, 'utf8'), 'new');
  if (process.platform !== 'win32') assert.equal(statSync(file).mode & 0o777, 0o600);
  assert.throws(() => writeNewFile(join(file, 'b'), '', { as: 'b', force: true }), /Cannot write b/);
});
