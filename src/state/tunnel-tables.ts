// The tables of the tunnel server's database. Rule: a step that was ever released stays as it is; what comes later is a step of its own,
// so that a file of any earlier Sluice is brought up to date when it is opened.
import type { DatabaseSync } from 'node:sqlite';
import { newerVersion, versionOf } from './data-file.ts';

const STEPS: readonly string[] = [
  `CREATE TABLE accounts (
     id TEXT PRIMARY KEY, email TEXT NOT NULL, created_at_ms INTEGER NOT NULL,
     token_id TEXT NOT NULL UNIQUE, token_sha256 TEXT NOT NULL
   ) STRICT, WITHOUT ROWID;
   CREATE TABLE names (name TEXT PRIMARY KEY, account TEXT NOT NULL, held_until_ms INTEGER) STRICT, WITHOUT ROWID;`,
  `ALTER TABLE accounts ADD COLUMN last_used_at_ms INTEGER;
   ALTER TABLE accounts ADD COLUMN expires_at_ms INTEGER;
   CREATE INDEX accounts_by_email ON accounts (email);
   CREATE TABLE account_limits (account TEXT PRIMARY KEY, limits TEXT NOT NULL) STRICT, WITHOUT ROWID;
   CREATE TABLE account_use (
     account TEXT PRIMARY KEY, day INTEGER NOT NULL, bytes INTEGER NOT NULL, requests INTEGER NOT NULL
   ) STRICT, WITHOUT ROWID;
   CREATE TABLE invitations (
     id TEXT PRIMARY KEY, sha256 TEXT NOT NULL UNIQUE, note TEXT NOT NULL, made_at_ms INTEGER NOT NULL,
     expires_at_ms INTEGER NOT NULL, used_at_ms INTEGER, account TEXT
   ) STRICT, WITHOUT ROWID;
   CREATE TABLE hostnames (
     hostname TEXT NOT NULL, account TEXT NOT NULL, challenge TEXT NOT NULL, made_at_ms INTEGER NOT NULL,
     verified_at_ms INTEGER, checked_at_ms INTEGER, problem TEXT, PRIMARY KEY (hostname, account)
   ) STRICT, WITHOUT ROWID;`,
];

export function prepareTunnelTables(database: DatabaseSync): void {
  const version = versionOf(database);
  if (version > STEPS.length) throw newerVersion();
  for (const [index, step] of STEPS.entries()) {
    if (index >= version) database.exec(`BEGIN IMMEDIATE; ${step} PRAGMA user_version = ${index + 1}; COMMIT;`);
  }
}
