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

const SECOND_VERSION = `
  ${FIRST_VERSION}
  CREATE TABLE usage_days (
    day INTEGER NOT NULL, provider TEXT NOT NULL, user TEXT NOT NULL, account TEXT NOT NULL, model TEXT NOT NULL,
    requests INTEGER NOT NULL, unknown INTEGER NOT NULL, input INTEGER NOT NULL, output INTEGER NOT NULL,
    cache_read INTEGER NOT NULL, cache_write INTEGER NOT NULL, PRIMARY KEY (day, provider, user, account, model)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE usage_sessions (
    day INTEGER NOT NULL, provider TEXT NOT NULL, user TEXT NOT NULL, account TEXT NOT NULL, model TEXT NOT NULL,
    session TEXT NOT NULL, requests INTEGER NOT NULL, unknown INTEGER NOT NULL, input INTEGER NOT NULL, output INTEGER NOT NULL,
    cache_read INTEGER NOT NULL, cache_write INTEGER NOT NULL, PRIMARY KEY (day, session, provider, user, account, model)
  ) STRICT, WITHOUT ROWID;
  INSERT INTO usage_days VALUES (0, 'claude', 'ann', 'team', 'm-1', 1, 0, 1, 2, 3, 4);
  INSERT INTO usage_sessions VALUES (0, 'claude', 'ann', 'team', 'm-1', 's-1', 1, 0, 1, 2, 3, 4);
  PRAGMA user_version = 2;
`;

test('a file of the second version knows from then on what came from the cache', (t) => {
  const path = join(temporaryFolder(t), 'usage.db');
  const database = new DatabaseSync(path);
  database.exec(SECOND_VERSION);
  database.close();
  const file = new UsageFile(path);
  const tokens = { input: 0, output: 0, cacheRead: 0, cacheWrite: 0 };
  file.add([{ atMs: 7, ...NAMES, isKnown: true, isCached: true, ...tokens }]);
  for (const key of ['account', 'session'] as const) {
    const [sum] = file.sums({ ...DAYS, by: [key] });
    assert.partialDeepStrictEqual(sum, { requests: 2, cached: 1, input: 1, cacheWrite: 4 });
  }
  assert.partialDeepStrictEqual(file.sums({ fromMs: 1, toMs: 8, by: [] })[0], { requests: 1, cached: 1 });
  file.close();
});

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
        { keys: { day: '1970-01-01', [key]: NAMES[key] }, ...counts, unknown: 2, cached: 0 },
        { keys: { day: '1970-01-02', [key]: NAMES[key] }, ...counts, unknown: 0, cached: 0 },
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
