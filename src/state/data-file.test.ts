import assert from 'node:assert/strict';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { temporaryFolder } from '../../test/support/temporary-folder.ts';
import { newerVersion, openDataFile, versionOf } from './data-file.ts';

describe('a database in the data folder', () => {
  test('is made with its folder, for its owner alone', (t) => {
    const path = join(temporaryFolder(t), 'data', 'a.db');
    const database = openDataFile(path, (each) => each.exec('CREATE TABLE a (b TEXT); PRAGMA user_version = 7;'));
    t.after(() => database.close());
    assert.equal(versionOf(database), 7);
    assert.equal(statSync(path).mode & 0o777, 0o600);
    assert.equal(statSync(join(path, '..')).mode & 0o777, 0o700);
  });

  test('that cannot be used is told by its path and the reason', (t) => {
    const path = join(temporaryFolder(t), 'a.db');
    const open = () =>
      openDataFile(path, () => {
        throw newerVersion();
      });
    assert.throws(open, {
      code: 'config_invalid',
      message: `process.data_dir: ${path} cannot be used: it was written by a newer version of Sluice`,
    });
  });
});
