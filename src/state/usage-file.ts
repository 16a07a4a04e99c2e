// The file of what has been used, a SQLite database in the data folder. Rule: one writer, the main thread of the process that has the
// folder; only its owner can read it, and what is older than it is to be kept goes.
import type { DatabaseSync, SQLInputValue, SQLOutputValue } from 'node:sqlite';
import { openDataFile } from './data-file.ts';
import {
  asksForWholeDays,
  DAY_MS,
  dayOf,
  type DaySum,
  daySums,
  type UsageAges,
  type UsageKey,
  type UsageQuestion,
  type UsageRow,
  type UsageSum,
} from './usage-row.ts';
import { bringUpToDate } from './usage-tables.ts';

const INSERT = 'INSERT INTO usage VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)';
const ADD = `ON CONFLICT DO UPDATE SET requests = requests + excluded.requests, unknown = unknown + excluded.unknown,
  input = input + excluded.input, output = output + excluded.output, cache_read = cache_read + excluded.cache_read,
  cache_write = cache_write + excluded.cache_write, cached = cached + excluded.cached`;
const ADD_DAY = `INSERT INTO usage_days VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ${ADD}`;
const ADD_SESSION = `INSERT INTO usage_sessions VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ${ADD}`;

/** Where a question is answered from. */
interface Source {
  readonly table: string;
  /** By what its rows are found. */
  readonly moment: 'at_ms' | 'day';
  readonly day: string;
  readonly counts: string;
}

const OF_SUMS = 'sum(requests) AS requests, sum(unknown) AS unknown, sum(cached) AS cached';
const OF_ROWS = 'count(*) AS requests, sum(1 - is_known) AS unknown, sum(is_cached) AS cached';
const DAY_TEXT = "strftime('%Y-%m-%d', day * 86400, 'unixepoch')";
const DAYS: Source = { table: 'usage_days', moment: 'day', day: DAY_TEXT, counts: OF_SUMS };
const SESSIONS: Source = { ...DAYS, table: 'usage_sessions' };
const ROWS: Source = {
  table: 'usage',
  moment: 'at_ms',
  day: "strftime('%Y-%m-%d', at_ms / 1000, 'unixepoch')",
  counts: OF_ROWS,
};

export class UsageFile {
  private readonly database: DatabaseSync;

  constructor(path: string) {
    this.database = openDataFile(path, bringUpToDate);
  }

  /** All of them with their sums, or none. */
  add(rows: readonly UsageRow[]): void {
    const { database } = this;
    database.exec('BEGIN IMMEDIATE');
    try {
      const insert = database.prepare(INSERT);
      for (const row of rows) insert.run(...valuesOf(row));
      const addDay = database.prepare(ADD_DAY);
      for (const sum of daySums(rows, false)) addDay.run(...namesOf(sum), ...countsOf(sum));
      const addSession = database.prepare(ADD_SESSION);
      for (const sum of daySums(rows, true)) addSession.run(...namesOf(sum), sum.session, ...countsOf(sum));
      database.exec('COMMIT');
    } catch (error) {
      database.exec('ROLLBACK');
      throw error;
    }
  }

  /** Apart by model in any case: models have prices. */
  sums(question: UsageQuestion): UsageSum[] {
    const { fromMs, toMs, by } = question;
    const { table, moment, day, counts } = sourceOf(question);
    const keys = by.map((key) => `${key === 'day' ? day : key} AS by_${key}`);
    const groups = [...by.map((key) => `by_${key}`), 'model'].join(', ');
    const select = this.database.prepare(
      `SELECT ${[...keys, 'model', counts].join(', ')},
        sum(input) AS input, sum(output) AS output, sum(cache_read) AS cache_read, sum(cache_write) AS cache_write
      FROM ${table} WHERE ${moment} >= ? AND ${moment} < ? GROUP BY ${groups} ORDER BY ${groups}`,
    );
    const unit = moment === 'day' ? DAY_MS : 1;
    return select.all(fromMs / unit, toMs / unit).map((row) => sumOf(row, by));
  }

  forget({ rowsBeforeMs, daysBeforeMs }: UsageAges): void {
    this.database.prepare('DELETE FROM usage WHERE at_ms < ?').run(rowsBeforeMs);
    this.database.prepare('DELETE FROM usage_sessions WHERE day < ?').run(dayOf(rowsBeforeMs));
    this.database.prepare('DELETE FROM usage_days WHERE day < ?').run(dayOf(daysBeforeMs));
  }

  close(): void {
    this.database.close();
  }
}

function sourceOf(question: UsageQuestion): Source {
  if (!asksForWholeDays(question)) return ROWS;
  return question.by.includes('session') ? SESSIONS : DAYS;
}

function valuesOf(row: UsageRow): SQLInputValue[] {
  const { atMs, provider, user, account, model, session, isKnown, isCached, input, output, cacheRead, cacheWrite } =
    row;
  const names = [provider, user, account, model, session];
  const counts = [input, output, cacheRead, cacheWrite];
  return [Math.floor(atMs), ...names, isKnown ? 1 : 0, ...counts, isCached === true ? 1 : 0];
}

function namesOf({ day, provider, user, account, model }: DaySum): SQLInputValue[] {
  return [day, provider, user, account, model];
}

function countsOf({ requests, unknown, cached, input, output, cacheRead, cacheWrite }: DaySum): SQLInputValue[] {
  return [requests, unknown, input, output, cacheRead, cacheWrite, cached];
}

function sumOf(row: Readonly<Record<string, SQLOutputValue>>, by: readonly UsageKey[]): UsageSum {
  return {
    keys: Object.fromEntries(by.map((key) => [key, String(row[`by_${key}`])])),
    model: String(row['model']),
    requests: Number(row['requests']),
    unknown: Number(row['unknown']),
    cached: Number(row['cached']),
    input: Number(row['input']),
    output: Number(row['output']),
    cacheRead: Number(row['cache_read']),
    cacheWrite: Number(row['cache_write']),
  };
}
