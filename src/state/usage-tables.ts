// The tables of the file of what has been used, and how those of an older version become those of this one. Rule: a file is changed whole or
// not at all, and one of a newer version is left alone.
import type { DatabaseSync } from 'node:sqlite';
import { newerVersion, versionOf } from './data-file.ts';

/** A newer Sluice would have another. */
export const VERSION = 3;

const COUNTS = `requests INTEGER NOT NULL, unknown INTEGER NOT NULL, input INTEGER NOT NULL, output INTEGER NOT NULL,
  cache_read INTEGER NOT NULL, cache_write INTEGER NOT NULL, cached INTEGER NOT NULL DEFAULT 0`;

/** Single requests. */
const ROWS = `
  CREATE TABLE IF NOT EXISTS usage (
    at_ms INTEGER NOT NULL, provider TEXT NOT NULL, user TEXT NOT NULL, account TEXT NOT NULL, model TEXT NOT NULL,
    session TEXT NOT NULL, is_known INTEGER NOT NULL, input INTEGER NOT NULL, output INTEGER NOT NULL,
    cache_read INTEGER NOT NULL, cache_write INTEGER NOT NULL, is_cached INTEGER NOT NULL DEFAULT 0
  ) STRICT;
  CREATE INDEX IF NOT EXISTS usage_at ON usage (at_ms);
`;

/** Sessions have a table of their own: clients name them, so there may be as many as there are requests. */
const SUMS = `
  CREATE TABLE usage_days (
    day INTEGER NOT NULL, provider TEXT NOT NULL, user TEXT NOT NULL, account TEXT NOT NULL, model TEXT NOT NULL, ${COUNTS},
    PRIMARY KEY (day, provider, user, account, model)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE usage_sessions (
    day INTEGER NOT NULL, provider TEXT NOT NULL, user TEXT NOT NULL, account TEXT NOT NULL, model TEXT NOT NULL,
    session TEXT NOT NULL, ${COUNTS},
    PRIMARY KEY (day, session, provider, user, account, model)
  ) STRICT, WITHOUT ROWID;
`;

const COUNTED = `count(*), sum(1 - is_known), sum(input), sum(output), sum(cache_read), sum(cache_write), 0`;
const DAY = 'at_ms / 86400000';

/** What a file of the first version has, which had single requests only. */
const FILL = `
  INSERT INTO usage_days SELECT ${DAY}, provider, user, account, model, ${COUNTED} FROM usage GROUP BY 1, 2, 3, 4, 5;
  INSERT INTO usage_sessions
    SELECT ${DAY}, provider, user, account, model, session, ${COUNTED} FROM usage GROUP BY 1, 2, 3, 4, 5, 6;
`;

const ROWS_OF_THE_CACHE = 'ALTER TABLE usage ADD COLUMN is_cached INTEGER NOT NULL DEFAULT 0;';
const SUMS_OF_THE_CACHE = ['usage_days', 'usage_sessions']
  .map((table) => `ALTER TABLE ${table} ADD COLUMN cached INTEGER NOT NULL DEFAULT 0;`)
  .join(' ');

/** What is missing, by the version of the file. */
const STEPS: readonly string[] = [
  `${ROWS} ${SUMS}`,
  `${ROWS_OF_THE_CACHE} ${SUMS} ${FILL}`,
  `${ROWS_OF_THE_CACHE} ${SUMS_OF_THE_CACHE}`,
];

export function bringUpToDate(database: DatabaseSync): void {
  if (versionOf(database) === VERSION) return;
  database.exec('BEGIN IMMEDIATE');
  try {
    // Another process may have been faster.
    const version = versionOf(database);
    if (version > VERSION) throw newerVersion();
    if (version < VERSION) database.exec(`${STEPS[version] ?? ''} PRAGMA user_version = ${VERSION};`);
    database.exec('COMMIT');
  } catch (error) {
    database.exec('ROLLBACK');
    throw error;
  }
}
