// What a node has of a table that nodes share: a copy in a SQLite database of its own. Rule: each row is kept as it was heard of last, with whether the
// shared table is known to have it; a row that was removed leaves its version behind, so that nobody brings it back.
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { whole } from './data-file.ts';

export interface CopiedRow {
  readonly key: string;
  readonly text: string;
  /** It was read so from the shared table, which has lost nothing since. */
  readonly isKnown: boolean;
}

/** How far a node has read a shared table. */
export interface SeenTable {
  readonly age: string;
  readonly place: number;
  /** Of the row at that place. */
  readonly key: string;
}

const TABLES = `
  CREATE TABLE IF NOT EXISTS copied_rows (
    place TEXT NOT NULL, key TEXT NOT NULL, text TEXT NOT NULL, is_known INTEGER NOT NULL, PRIMARY KEY (place, key)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS copied_rows_in_doubt ON copied_rows (place, key) WHERE is_known = 0;
  CREATE TABLE IF NOT EXISTS copied_tables (
    place TEXT PRIMARY KEY, age TEXT NOT NULL, at INTEGER NOT NULL, key TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;
`;

export class RowCopy {
  readonly #database: DatabaseSync;
  readonly #table: string;
  readonly #find: StatementSync;
  readonly #put: StatementSync;
  readonly #see: StatementSync;

  constructor(database: DatabaseSync, table: string) {
    database.exec(TABLES);
    this.#database = database;
    this.#table = table;
    this.#find = database.prepare('SELECT key, text, is_known FROM copied_rows WHERE place = ? AND key = ?');
    this.#put = database.prepare('INSERT OR REPLACE INTO copied_rows VALUES (?, ?, ?, ?)');
    this.#see = database.prepare('INSERT OR REPLACE INTO copied_tables VALUES (?, ?, ?, ?)');
  }

  find(key: string): CopiedRow | null {
    const row = this.#find.get(this.#table, key);
    return row === undefined ? null : copied(row);
  }

  put({ key, text, isKnown }: CopiedRow): void {
    this.#put.run(this.#table, key, text, isKnown ? 1 : 0);
  }

  all(): CopiedRow[] {
    const select = 'SELECT key, text, is_known FROM copied_rows WHERE place = ? ORDER BY key';
    return this.#database.prepare(select).all(this.#table).map(copied);
  }

  /** Of those that the shared table may not have, after that key. */
  doubted(after: string, most: number): CopiedRow[] {
    const where = 'place = ? AND is_known = 0 AND key > ?';
    // By itself SQLite would go through all rows.
    const from = 'copied_rows INDEXED BY copied_rows_in_doubt';
    const select = `SELECT key, text, is_known FROM ${from} WHERE ${where} ORDER BY key LIMIT ?`;
    return this.#database.prepare(select).all(this.#table, after, most).map(copied);
  }

  /** The shared table has lost something. */
  doubtAll(): void {
    this.#database.prepare('UPDATE copied_rows SET is_known = 0 WHERE place = ?').run(this.#table);
  }

  /** null: it has never been read. */
  seen(): SeenTable | null {
    const row = this.#database.prepare('SELECT age, at, key FROM copied_tables WHERE place = ?').get(this.#table);
    return row === undefined ? null : { age: String(row['age']), place: Number(row['at']), key: String(row['key']) };
  }

  see({ age, place, key }: SeenTable): void {
    this.#see.run(this.#table, age, place, key);
  }

  /** All of it or nothing. */
  whole<T>(work: () => T): T {
    return whole(this.#database, work);
  }
}

function copied(row: Readonly<Record<string, unknown>>): CopiedRow {
  return { key: String(row['key']), text: String(row['text']), isKnown: row['is_known'] === 1 };
}
