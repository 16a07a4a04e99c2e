import assert from 'node:assert/strict';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { prepareTunnelTables } from './tunnel-tables.ts';

test('a file of the first version keeps what it has and gets what is new', () => {
  const database = new DatabaseSync(':memory:');
  database.exec(`
    CREATE TABLE accounts (
      id TEXT PRIMARY KEY, email TEXT NOT NULL, created_at_ms INTEGER NOT NULL,
      token_id TEXT NOT NULL UNIQUE, token_sha256 TEXT NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE names (name TEXT PRIMARY KEY, account TEXT NOT NULL, held_until_ms INTEGER) STRICT, WITHOUT ROWID;
    INSERT INTO accounts VALUES ('a', 'a@b.c', 1, 't', 's');
    PRAGMA user_version = 1;`);
  prepareTunnelTables(database);
  prepareTunnelTables(database);
  const [row] = database.prepare('SELECT email, expires_at_ms AS expires FROM accounts').all();
  assert.deepEqual({ ...row }, { email: 'a@b.c', expires: null });
  database.exec('PRAGMA user_version = 99');
  assert.throws(() => prepareTunnelTables(database), /newer version/);
});
