// The file of what agents have done, a SQLite database in the data folder: their runs, and every line that they have printed. Rule: one
// writer, the main thread of the process that has the folder; only its owner can read it, and lines are kept byte for byte.
import type { DatabaseSync, SQLInputValue, SQLOutputValue, StatementSync } from 'node:sqlite';
import { newerVersion, openDataFile, versionOf } from './data-file.ts';

export type AgentStatus = 'queued' | 'running' | 'ok' | 'error' | 'denied' | 'stopped' | 'timeout' | 'crashed';

/** In tokens, none of them counted twice. */
export interface AgentTokens {
  readonly input: number;
  readonly output: number;
  readonly cacheRead: number;
  readonly cacheWrite: number;
}

/** One run of an agent, as it is kept. */
export interface AgentRunRow {
  readonly id: string;
  readonly kind: string;
  /** Empty: nobody was asked who it was. */
  readonly user: string;
  /** As the agent names its session; empty as long as it has not. */
  readonly session: string;
  readonly status: AgentStatus;
  readonly pid: number | null;
  readonly model: string;
  readonly cwd: string;
  /** The batch that it was started with, or empty, and its place there. */
  readonly batch: string;
  readonly place: number;
  readonly queuedAtMs: number;
  readonly startedAtMs: number | null;
  readonly endedAtMs: number | null;
  readonly exitCode: number | null;
  readonly signal: string | null;
  /** In one sentence, why it ended as it did; empty when there is nothing to say. */
  readonly reason: string;
  readonly tokens: AgentTokens | null;
  /** In US dollars, as the agent says it. */
  readonly cost: number | null;
}

export interface AgentEvent {
  /** From 1 on, for each run. */
  readonly number: number;
  /** What the line says that it is; `raw`: it is no JSON. */
  readonly type: string;
  /** Without its line break. */
  readonly line: Buffer;
}

export interface NewAgentEvent extends AgentEvent {
  readonly run: string;
}

/** An event of one of several runs, in the order in which they were kept. */
export interface PlacedAgentEvent extends AgentEvent {
  readonly run: string;
  readonly sequence: number;
}

export interface RunQuestion {
  /** null: of all of them. */
  readonly user: string | null;
  readonly status?: AgentStatus;
  readonly batch?: string;
  readonly session?: string;
  readonly limit: number;
}

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS runs (
    id TEXT NOT NULL PRIMARY KEY, kind TEXT NOT NULL, user TEXT NOT NULL, session TEXT NOT NULL, status TEXT NOT NULL, pid INTEGER,
    model TEXT NOT NULL, cwd TEXT NOT NULL, batch TEXT NOT NULL, place INTEGER NOT NULL, queued_ms INTEGER NOT NULL,
    started_ms INTEGER, ended_ms INTEGER, exit_code INTEGER, signal TEXT, reason TEXT NOT NULL, input INTEGER, output INTEGER,
    cache_read INTEGER, cache_write INTEGER, cost REAL
  ) STRICT;
  CREATE INDEX IF NOT EXISTS runs_queued ON runs (queued_ms);
  CREATE INDEX IF NOT EXISTS runs_session ON runs (session);
  CREATE INDEX IF NOT EXISTS runs_batch ON runs (batch) WHERE batch <> '';
  CREATE TABLE IF NOT EXISTS events (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT, run TEXT NOT NULL, number INTEGER NOT NULL, type TEXT NOT NULL, line BLOB NOT NULL
  ) STRICT;
  CREATE UNIQUE INDEX IF NOT EXISTS events_of ON events (run, number);
`;
const SAVE = `INSERT OR REPLACE INTO runs VALUES (${Array.from({ length: 21 }, () => '?').join(', ')})`;
const ADD = 'INSERT INTO events (run, number, type, line) VALUES (?, ?, ?, ?)';
/** A newer Sluice would have another. */
const VERSION = 1;
/** Of one page, so that a long run is not read into memory whole. */
const PAGE_EVENTS = 64;
const NO_TOKENS: AgentTokens = { input: 0, output: 0, cacheRead: 0, cacheWrite: 0 };
const PAGE_BYTES = 1024 * 1024;

export class AgentEvents {
  private readonly database: DatabaseSync;
  private readonly saving: StatementSync;
  private readonly adding: StatementSync;
  private readonly paging: StatementSync;
  private readonly batchPaging: StatementSync;

  constructor(path: string) {
    this.database = openDataFile(path, create);
    this.saving = this.database.prepare(SAVE);
    this.adding = this.database.prepare(ADD);
    this.paging = this.database.prepare(
      'SELECT number, type, line FROM events WHERE run = ? AND number > ? ORDER BY number LIMIT ?',
    );
    this.batchPaging = this.database.prepare(
      `SELECT sequence, run, number, type, line FROM events
      WHERE run IN (SELECT id FROM runs WHERE batch = ?) AND sequence > ? ORDER BY sequence LIMIT ?`,
    );
  }

  /** As it is now, in place of what it was. */
  save(run: AgentRunRow): void {
    this.saving.run(...valuesOf(run));
  }

  /** All of them, and the runs as they are now, or nothing. Returns the places of the events in the order of all events. */
  add(events: readonly NewAgentEvent[], runs: readonly AgentRunRow[] = []): number[] {
    this.database.exec('BEGIN IMMEDIATE');
    try {
      for (const run of runs) this.save(run);
      const places = events.map(({ run, number, type, line }) => {
        return Number(this.adding.run(run, number, type, line).lastInsertRowid);
      });
      this.database.exec('COMMIT');
      return places;
    } catch (error) {
      this.database.exec('ROLLBACK');
      throw error;
    }
  }

  /** Some of those that follow the event of that number, at least one if there is one. */
  eventsAfter(run: string, number: number): AgentEvent[] {
    return pageOf(this.paging.iterate(run, number, PAGE_EVENTS), eventOf);
  }

  batchEventsAfter(batch: string, sequence: number): PlacedAgentEvent[] {
    return pageOf(this.batchPaging.iterate(batch, sequence, PAGE_EVENTS), (row) => {
      return { ...eventOf(row), run: String(row['run']), sequence: Number(row['sequence']) };
    });
  }

  /** 0: it has said nothing. */
  lastNumber(run: string): number {
    const row = this.database.prepare('SELECT max(number) AS last FROM events WHERE run = ?').get(run);
    return Number(row?.['last'] ?? 0);
  }

  /** Of the events of all runs. */
  lastSequence(): number {
    return Number(this.database.prepare('SELECT max(sequence) AS last FROM events').get()?.['last'] ?? 0);
  }

  find(id: string): AgentRunRow | undefined {
    const row = this.database.prepare('SELECT * FROM runs WHERE id = ?').get(id);
    return row === undefined ? undefined : runOf(row);
  }

  /** The newest first; those of a batch in their order. */
  runs({ user, status, batch, session, limit }: RunQuestion): AgentRunRow[] {
    const wanted = Object.entries({ user, status, batch, session }).filter(
      (entry): entry is [string, string] => typeof entry[1] === 'string',
    );
    const where = wanted.map(([column]) => `${column} = ?`).join(' AND ') || 'true';
    const order = batch === undefined ? 'queued_ms DESC, rowid DESC' : 'place';
    const select = this.database.prepare(`SELECT * FROM runs WHERE ${where} ORDER BY ${order} LIMIT ?`);
    return select.all(...wanted.map(([, value]) => value), limit).map(runOf);
  }

  /** Who ran a session last. */
  sessionOwner(kind: string, session: string): AgentRunRow | undefined {
    const row = this.database
      .prepare('SELECT * FROM runs WHERE kind = ? AND session = ? ORDER BY queued_ms DESC LIMIT 1')
      .get(kind, session);
    return row === undefined ? undefined : runOf(row);
  }

  /** What all runs of a session have used. */
  sessionTotals(kind: string, session: string): { readonly tokens: AgentTokens; readonly cost: number } {
    const row = this.database
      .prepare(
        `SELECT total(input) AS input, total(output) AS output, total(cache_read) AS cache_read, total(cache_write) AS cache_write,
          total(cost) AS cost FROM runs WHERE kind = ? AND session = ?`,
      )
      .get(kind, session);
    return { tokens: tokensOf(row ?? {}) ?? NO_TOKENS, cost: Number(row?.['cost'] ?? 0) };
  }

  /** Whatever was under way when this file was left, by a process that is no more; without our own. Returns how they were. */
  endUnfinished(reason: string, nowMs: number, own: readonly string[] = []): AgentRunRow[] {
    const unfinished = "status IN ('queued', 'running') AND id NOT IN (SELECT value FROM json_each(?))";
    const ours = JSON.stringify(own);
    const rows = this.database.prepare(`SELECT * FROM runs WHERE ${unfinished}`).all(ours);
    this.database
      .prepare(`UPDATE runs SET status = 'crashed', reason = ?, ended_ms = ? WHERE ${unfinished}`)
      .run(reason, nowMs, ours);
    return rows.map(runOf);
  }

  /** Runs that had ended by then, and all that they had said. Returns how many went; there may be more. */
  forgetBefore(atMs: number, atMost: number): number {
    const old = this.database.prepare('SELECT id FROM runs WHERE ended_ms < ? LIMIT ?').all(atMs, atMost);
    for (const { id } of old) {
      this.database.prepare('DELETE FROM events WHERE run = ?').run(String(id));
      this.database.prepare('DELETE FROM runs WHERE id = ?').run(String(id));
    }
    return old.length;
  }

  close(): void {
    this.database.close();
  }
}

function create(database: DatabaseSync): void {
  if (versionOf(database) > VERSION) throw newerVersion();
  database.exec(`${SCHEMA} PRAGMA user_version = ${VERSION};`);
}

function pageOf<T extends AgentEvent>(
  rows: Iterable<Record<string, SQLOutputValue>>,
  read: (row: Record<string, SQLOutputValue>) => T,
): T[] {
  const page: T[] = [];
  let bytes = 0;
  for (const row of rows) {
    const event = read(row);
    page.push(event);
    bytes += event.line.length;
    if (bytes >= PAGE_BYTES) break;
  }
  return page;
}

function eventOf(row: Record<string, SQLOutputValue>): AgentEvent {
  const line = row['line'] as Uint8Array;
  return {
    number: Number(row['number']),
    type: String(row['type']),
    line: Buffer.from(line.buffer, line.byteOffset, line.byteLength),
  };
}

function valuesOf(run: AgentRunRow): SQLInputValue[] {
  const { id, kind, user, session, status, pid, model, cwd, batch, place, queuedAtMs, startedAtMs, endedAtMs } = run;
  const { exitCode, signal, reason, tokens, cost } = run;
  return [
    id,
    kind,
    user,
    session,
    status,
    pid,
    model,
    cwd,
    batch,
    place,
    queuedAtMs,
    startedAtMs,
    endedAtMs,
    exitCode,
    signal,
    reason,
    tokens?.input ?? null,
    tokens?.output ?? null,
    tokens?.cacheRead ?? null,
    tokens?.cacheWrite ?? null,
    cost,
  ];
}

function runOf(row: Record<string, SQLOutputValue>): AgentRunRow {
  const text = (name: string): string => String(row[name] ?? '');
  const number = (name: string): number | null => (row[name] === null ? null : Number(row[name]));
  return {
    id: text('id'),
    kind: text('kind'),
    user: text('user'),
    session: text('session'),
    status: text('status') as AgentStatus,
    pid: number('pid'),
    model: text('model'),
    cwd: text('cwd'),
    batch: text('batch'),
    place: Number(row['place']),
    queuedAtMs: Number(row['queued_ms']),
    startedAtMs: number('started_ms'),
    endedAtMs: number('ended_ms'),
    exitCode: number('exit_code'),
    signal: row['signal'] === null ? null : text('signal'),
    reason: text('reason'),
    tokens: tokensOf(row),
    cost: number('cost'),
  };
}

function tokensOf(row: Record<string, SQLOutputValue>): AgentTokens | null {
  if (row['input'] === null) return null;
  return {
    input: Number(row['input']),
    output: Number(row['output']),
    cacheRead: Number(row['cache_read']),
    cacheWrite: Number(row['cache_write']),
  };
}
