// The file of what has been used, a SQLite database in the data folder. Rule: one writer, the main thread of the process that has the
// folder; only its owner can read it, and what is older than it is to be kept goes.
import { chmodSync, closeSync, mkdirSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync, type SQLInputValue, type SQLOutputValue } from 'node:sqlite';
import { SluiceError } from '../core/errors.ts';

/** One request, as it is kept. */
export interface UsageRow {
  readonly atMs: number;
  readonly provider: string;
  readonly user: string;
  readonly account: string;
  readonly model: string;
  readonly session: string;
  readonly isKnown: boolean;
  readonly input: number;
  readonly output: number;
  readonly cacheRead: number;
  readonly cacheWrite: number;
}

/** What sums are made by. The day is that of UTC. */
export type UsageKey = 'day' | 'provider' | 'user' | 'account' | 'model' | 'session';

export interface UsageSum {
  /** Those that were asked for. */
  readonly keys: Readonly<Partial<Record<UsageKey, string>>>;
  readonly model: string;
  readonly requests: number;
  /** Of these requests nobody knows what they have used. */
  readonly unknown: number;
  readonly input: number;
  readonly output: number;
  readonly cacheRead: number;
  readonly cacheWrite: number;
}

export interface UsageQuestion {
  readonly fromMs: number;
  /** Not included. */
  readonly toMs: number;
  readonly by: readonly UsageKey[];
}

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS usage (
    at_ms INTEGER NOT NULL, provider TEXT NOT NULL, user TEXT NOT NULL, account TEXT NOT NULL, model TEXT NOT NULL,
    session TEXT NOT NULL, is_known INTEGER NOT NULL, input INTEGER NOT NULL, output INTEGER NOT NULL,
    cache_read INTEGER NOT NULL, cache_write INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX IF NOT EXISTS usage_at ON usage (at_ms);
`;
const INSERT = 'INSERT INTO usage VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)';
/** A newer Sluice would have another. */
const VERSION = 1;

const COLUMNS: Readonly<Record<UsageKey, string>> = {
  day: "strftime('%Y-%m-%d', at_ms / 1000, 'unixepoch')",
  provider: 'provider',
  user: 'user',
  account: 'account',
  model: 'model',
  session: 'session',
};

export class UsageFile {
  private readonly database: DatabaseSync;

  constructor(path: string) {
    this.database = opened(path);
  }

  /** All of them, or none. */
  add(rows: readonly UsageRow[]): void {
    const insert = this.database.prepare(INSERT);
    this.database.exec('BEGIN IMMEDIATE');
    try {
      for (const row of rows) insert.run(...valuesOf(row));
      this.database.exec('COMMIT');
    } catch (error) {
      this.database.exec('ROLLBACK');
      throw error;
    }
  }

  /** Apart by model in any case: models have prices. */
  sums({ fromMs, toMs, by }: UsageQuestion): UsageSum[] {
    const columns = by.map((key) => `${COLUMNS[key]} AS by_${key}`);
    const groups = [...by.map((key) => `by_${key}`), 'model'];
    const select = this.database.prepare(
      `SELECT ${[...columns, 'model'].join(', ')}, count(*) AS requests, sum(1 - is_known) AS unknown,
        sum(input) AS input, sum(output) AS output, sum(cache_read) AS cache_read, sum(cache_write) AS cache_write
      FROM usage WHERE at_ms >= ? AND at_ms < ? GROUP BY ${groups.join(', ')} ORDER BY ${groups.join(', ')}`,
    );
    return select.all(fromMs, toMs).map((row) => sumOf(row, by));
  }

  forgetBefore(atMs: number): void {
    this.database.prepare('DELETE FROM usage WHERE at_ms < ?').run(atMs);
  }

  close(): void {
    this.database.close();
  }
}

function opened(path: string): DatabaseSync {
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    // SQLite gives the files beside it the rights that this one has.
    closeSync(openSync(path, 'a', 0o600));
    chmodSync(path, 0o600);
    const database = new DatabaseSync(path, { timeout: 2_000 });
    database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;');
    const { user_version: version } = database.prepare('PRAGMA user_version').get() ?? {};
    if (Number(version) > VERSION) throw new Error('it was written by a newer version of Sluice');
    database.exec(`${SCHEMA} PRAGMA user_version = ${VERSION};`);
    return database;
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new SluiceError('config_invalid', { message: `process.data_dir: ${path} cannot be used: ${reason}`, cause });
  }
}

function valuesOf(row: UsageRow): SQLInputValue[] {
  const { atMs, provider, user, account, model, session, isKnown, input, output, cacheRead, cacheWrite } = row;
  const names = [provider, user, account, model, session];
  const counts = [input, output, cacheRead, cacheWrite];
  return [Math.floor(atMs), ...names, isKnown ? 1 : 0, ...counts];
}

function sumOf(row: Readonly<Record<string, SQLOutputValue>>, by: readonly UsageKey[]): UsageSum {
  return {
    keys: Object.fromEntries(by.map((key) => [key, String(row[`by_${key}`])])),
    model: String(row['model']),
    requests: Number(row['requests']),
    unknown: Number(row['unknown']),
    input: Number(row['input']),
    output: Number(row['output']),
    cacheRead: Number(row['cache_read']),
    cacheWrite: Number(row['cache_write']),
  };
}
