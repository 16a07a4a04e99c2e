import assert from 'node:assert/strict';
import { existsSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { temporaryFolder } from '../../test/support/temporary-folder.ts';
import { readKeptFile, writeKeptFile } from './kept-file.ts';

test('what is kept is there again, for this user alone, and nothing else is left', (t) => {
  const path = join(temporaryFolder(t), 'data', 'kept.json');
  assert.equal(readKeptFile(path), undefined);
  writeKeptFile(path, { a: 1 });
  writeFileSync(`${path}.${process.pid}`, 'half of one that was being written when its process ended');
  writeKeptFile(path, { a: 2 });
  assert.equal(readKeptFile(path), '{\n  "a": 2\n}\n');
  assert.deepEqual(readdirSync(dirname(path)), ['kept.json']);
  assert.deepEqual([statSync(path).mode & 0o777, statSync(dirname(path)).mode & 0o777], [0o600, 0o700]);
  writeKeptFile(path, null);
  assert.equal(existsSync(path), false);
  writeKeptFile(path, null);
});

test('one that cannot be read is said so, and where no folder can be there is none', (t) => {
  const folder = temporaryFolder(t);
  assert.throws(() => readKeptFile(folder), {
    code: 'config_invalid',
    message: /^process\.data_dir: .* cannot be read/,
  });
  writeFileSync(join(folder, 'file'), '');
  assert.equal(readKeptFile(join(folder, 'file', 'kept.json')), undefined);
});
