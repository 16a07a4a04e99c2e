// Opens a SQLite database in the data folder. Rule: only its owner can read it, and one that cannot be used is told by the key that
// names its folder.
import { chmodSync, closeSync, mkdirSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { SluiceError } from '../core/errors.ts';

/** `prepare` makes its tables, or throws what the matter is. */
export function openDataFile(path: string, prepare: (database: DatabaseSync) => void): DatabaseSync {
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    // SQLite gives the files beside it the rights that this one has.
    closeSync(openSync(path, 'a', 0o600));
    chmodSync(path, 0o600);
    const database = new DatabaseSync(path, { timeout: 2_000 });
    // What is committed survives the end of the process, however it ends; only the machine may take the last of it along.
    database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;');
    prepare(database);
    return database;
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new SluiceError('config_invalid', { message: `process.data_dir: ${path} cannot be used: ${reason}`, cause });
  }
}

export function versionOf(database: DatabaseSync): number {
  const { user_version: version } = database.prepare('PRAGMA user_version').get() ?? {};
  return Number(version);
}

export function newerVersion(): Error {
  return new Error('it was written by a newer version of Sluice');
}

/** All of the work or nothing; within another one it is part of that. */
export function whole<T>(database: DatabaseSync, work: () => T): T {
  if (database.isTransaction) return work();
  database.exec('BEGIN IMMEDIATE');
  try {
    const result = work();
    database.exec('COMMIT');
    return result;
  } catch (error) {
    database.exec('ROLLBACK');
    throw error;
  }
}
