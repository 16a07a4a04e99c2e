import assert from 'node:assert/strict';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, test } from 'node:test';
import { temporaryFolder } from '../../test/support/temporary-folder.ts';
import { UsageFile } from './usage-file.ts';
import { DAY_MS } from './usage-row.ts';
import { bringUpToDate, VERSION } from './usage-tables.ts';

const DAYS = { fromMs: 0, toMs: 1000 * DAY_MS };
const NAMES = { provider: 'claude', user: 'ann', account: 'team', model: 'm-1', session: 's-1' };

const FIRST_VERSION = `
  CREATE TABLE usage (
    at_ms INTEGER NOT NULL, provider TEXT NOT NULL, user TEXT NOT NULL, account TEXT NOT NULL, model TEXT NOT NULL,
    session TEXT NOT NULL, is_known INTEGER NOT NULL, input INTEGER NOT NULL, output INTEGER NOT NULL,
    cache_read INTEGER NOT NULL, cache_write INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX usage_at ON usage (at_ms);
  PRAGMA user_version = 1;
`;

describe('a file of the first version', () => {
  test('has the sums of what is in it, from then on', (t) => {
    const path = join(temporaryFolder(t), 'usage.db');
    const database = new DatabaseSync(path);
    database.exec(FIRST_VERSION);
    const insert = database.prepare('INSERT INTO usage VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)');
    for (const day of [0, 0, 1]) insert.run(day * DAY_MS + 7, 'claude', 'ann', 'team', 'm-1', 's-1', day, 1, 2, 3, 4);
    database.close();
    const file = new UsageFile(path);
    file.add([{ atMs: DAY_MS + 8, ...NAMES, isKnown: true, input: 1, output: 2, cacheRead: 3, cacheWrite: 4 }]);
    const counts = { requests: 2, input: 2, output: 4, cacheRead: 6, cacheWrite: 8, model: 'm-1' };
    for (const key of ['account', 'session'] as const) {
      assert.deepEqual(file.sums({ ...DAYS, by: ['day', key] }), [
        { keys: { day: '1970-01-01', [key]: NAMES[key] }, ...counts, unknown: 2 },
        { keys: { day: '1970-01-02', [key]: NAMES[key] }, ...counts, unknown: 0 },
      ]);
    }
    file.close();
    const again = new UsageFile(path);
    assert.equal(again.sums({ ...DAYS, by: [] })[0]?.requests, 4);
    again.close();
  });
});

test('a file whose tables cannot be made is as it was', () => {
  const database = new DatabaseSync(':memory:');
  database.exec('CREATE TABLE usage_sessions (day)');
  assert.throws(() => bringUpToDate(database), /already exists/);
  const tables = database.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'").all();
  assert.deepEqual(
    tables.map(({ name }) => name),
    ['usage_sessions'],
  );
  database.exec('DROP TABLE usage_sessions');
  bringUpToDate(database);
  bringUpToDate(database);
  assert.equal(database.prepare('PRAGMA user_version').get()?.['user_version'], VERSION);
  database.close();
});
