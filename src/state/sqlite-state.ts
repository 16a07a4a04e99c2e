// What nodes would share, in a SQLite database in the data folder: for processes of one machine, and for what is to outlive a process. Rule: there
// is no file before there is something to keep; every change is one transaction.
import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import type { DatabaseSync, SQLInputValue, SQLOutputValue } from 'node:sqlite';
import { openDataFile, whole } from './data-file.ts';
import { lend } from './lend.ts';
import { occupy } from './occupy.ts';
import type {
  Claimed,
  HeldLease,
  Lease,
  LeaseWish,
  Listening,
  Loan,
  LoanWish,
  LogBounds,
  LogItem,
  NodeEntry,
  Places,
  PlaceWish,
  RowSwap,
  SharedState,
  TablePage,
  TableRow,
} from './shared-state.ts';

const TABLES = `
  CREATE TABLE IF NOT EXISTS buckets (key TEXT PRIMARY KEY, paid_at_ms REAL NOT NULL) STRICT, WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS places (
    room TEXT NOT NULL, owner TEXT NOT NULL, held INTEGER NOT NULL, until_ms REAL NOT NULL, PRIMARY KEY (room, owner)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS leases (
    name TEXT PRIMARY KEY, owner TEXT NOT NULL, value TEXT NOT NULL, fence INTEGER NOT NULL, until_ms REAL NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS kept (key TEXT PRIMARY KEY, value TEXT NOT NULL, until_ms REAL NOT NULL) STRICT, WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS table_rows (
    place TEXT NOT NULL, key TEXT NOT NULL, text TEXT NOT NULL, at INTEGER NOT NULL, PRIMARY KEY (place, key)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS table_rows_in_order ON table_rows (place, at);
  CREATE TABLE IF NOT EXISTS table_ages (place TEXT PRIMARY KEY, age TEXT NOT NULL, last INTEGER NOT NULL) STRICT, WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS notes (
    board TEXT NOT NULL, key TEXT NOT NULL, text TEXT NOT NULL, PRIMARY KEY (board, key)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS items (
    log TEXT NOT NULL, id INTEGER NOT NULL, value TEXT NOT NULL, until_ms REAL NOT NULL, PRIMARY KEY (log, id)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS nodes (id TEXT PRIMARY KEY, address TEXT NOT NULL, until_ms REAL NOT NULL) STRICT, WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS said (place INTEGER PRIMARY KEY AUTOINCREMENT, channel TEXT NOT NULL, value TEXT NOT NULL) STRICT;
`;

/** Other processes are not heard otherwise. */
const LISTEN_EVERY_MS = 100;
/** What was said longer ago was heard by all who were there. */
const SAID_KEPT = 1_000;

type Row = Record<string, SQLOutputValue>;

export class SqliteState implements SharedState {
  readonly server: string | null = null;
  readonly isUp = true;
  readonly #path: string;
  readonly #now: () => number;
  readonly #ears = new Set<Listening>();
  #database: DatabaseSync | null = null;

  constructor(path: string, now: () => number = Date.now) {
    this.#path = path;
    this.#now = now;
  }

  async borrow(wishes: readonly LoanWish[]): Promise<readonly Loan[]> {
    return this.#whole(() => wishes.map((wish) => this.#borrow(wish)));
  }

  #borrow(wish: LoanWish): Loan {
    const known = this.#first('SELECT paid_at_ms FROM buckets WHERE key = ?', wish.bucket)?.['paid_at_ms'];
    const { loan, paidAtMs } = lend(wish, Number(known ?? 0), this.#now());
    this.#run('INSERT OR REPLACE INTO buckets VALUES (?, ?)', wish.bucket, paidAtMs);
    return loan;
  }

  async occupy(wishes: readonly PlaceWish[], ttlMs: number): Promise<readonly Places[]> {
    return this.#whole(() => wishes.map((wish) => this.#occupy(wish, ttlMs)));
  }

  #occupy(wish: PlaceWish, ttlMs: number): Places {
    const { room, owner, taken } = wish;
    this.#run('DELETE FROM places WHERE room = ? AND (owner = ? OR until_ms <= ?)', room, owner, this.#now());
    const others = this.#first('SELECT total(held) AS held FROM places WHERE room = ?', room)?.['held'];
    const places = occupy(wish, Number(others ?? 0));
    const held = taken + places.granted;
    if (held > 0) this.#run('INSERT INTO places VALUES (?, ?, ?, ?)', room, owner, held, this.#now() + ttlMs);
    return places;
  }

  async claim({ name, owner, value, ttlMs, takesOver }: LeaseWish): Promise<Claimed> {
    return this.#whole(() => {
      // Also one that is over: the next fence is larger.
      const last = this.#first('SELECT * FROM leases WHERE name = ?', name);
      const isHeld = last !== undefined && Number(last['until_ms']) > this.#now() && last['owner'] !== owner;
      if (isHeld && Number(last['fence']) !== takesOver) return { lease: leaseOf(last), isMine: false };
      const fence = Math.max(Number(last?.['fence'] ?? 0) + 1, Math.floor(this.#now()));
      this.#run('INSERT OR REPLACE INTO leases VALUES (?, ?, ?, ?, ?)', name, owner, value, fence, this.#now() + ttlMs);
      return { lease: { name, owner, value, fence }, isMine: true };
    });
  }

  async renew(leases: readonly HeldLease[], ttlMs: number): Promise<readonly boolean[]> {
    const set = 'UPDATE leases SET until_ms = ? WHERE name = ? AND fence = ? AND until_ms > ?';
    return this.#whole(() => {
      const nowMs = this.#now();
      return leases.map(({ name, fence }) => this.#run(set, nowMs + ttlMs, name, fence, nowMs) === 1);
    });
  }

  /** Its row stays, for its fence. */
  async release({ name, fence }: HeldLease): Promise<boolean> {
    const set = 'UPDATE leases SET until_ms = 0 WHERE name = ? AND fence = ? AND until_ms > ?';
    return this.#run(set, name, fence, this.#now()) === 1;
  }

  async holder(name: string): Promise<Lease | null> {
    const row = this.#first('SELECT * FROM leases WHERE name = ? AND until_ms > ?', name, this.#now());
    return row === undefined ? null : leaseOf(row);
  }

  async put(key: string, value: string, ttlMs: number): Promise<void> {
    this.#run('DELETE FROM kept WHERE until_ms <= ?', this.#now());
    this.#run('INSERT OR REPLACE INTO kept VALUES (?, ?, ?)', key, value, this.#now() + ttlMs);
  }

  async get(key: string): Promise<string | null> {
    const row = this.#first('SELECT value FROM kept WHERE key = ? AND until_ms > ?', key, this.#now());
    return row === undefined ? null : String(row['value']);
  }

  async bind(key: string, value: string, ttlMs: number): Promise<string> {
    return this.#whole(() => {
      const row = this.#first('SELECT value FROM kept WHERE key = ? AND until_ms > ?', key, this.#now());
      const bound = row === undefined ? value : String(row['value']);
      this.#run('INSERT OR REPLACE INTO kept VALUES (?, ?, ?)', key, bound, this.#now() + ttlMs);
      return bound;
    });
  }

  async drop(key: string): Promise<void> {
    this.#run('DELETE FROM kept WHERE key = ?', key);
  }

  async row(table: string, key: string): Promise<string | null> {
    const row = this.#first('SELECT text FROM table_rows WHERE place = ? AND key = ?', table, key);
    return row === undefined ? null : String(row['text']);
  }

  async swapRow(table: string, key: string, { before, after }: RowSwap): Promise<number | null> {
    return this.#whole(() => {
      const known = this.#first('SELECT text FROM table_rows WHERE place = ? AND key = ?', table, key);
      if ((known === undefined ? null : String(known['text'])) !== before) return null;
      this.#run('INSERT OR IGNORE INTO table_ages VALUES (?, ?, 0)', table, randomUUID());
      this.#run('UPDATE table_ages SET last = max(last + 1, ?) WHERE place = ?', Math.floor(this.#now()), table);
      const at = Number(this.#first('SELECT last FROM table_ages WHERE place = ?', table)?.['last']);
      this.#run('INSERT OR REPLACE INTO table_rows VALUES (?, ?, ?, ?)', table, key, after, at);
      return at;
    });
  }

  async rowsAfter(table: string, place: number, most: number): Promise<TablePage> {
    const age = String(this.#first('SELECT age FROM table_ages WHERE place = ?', table)?.['age'] ?? '');
    const select = 'SELECT key, text, at FROM table_rows WHERE place = ? AND at > ? ORDER BY at LIMIT ?';
    const rows = this.#all(select, table, place, most).map(({ key, text, at }): TableRow => {
      return { key: String(key), text: String(text), place: Number(at) };
    });
    return { age, rows };
  }

  async pin(board: string, key: string, note: string): Promise<void> {
    this.#run('INSERT OR REPLACE INTO notes VALUES (?, ?, ?)', board, key, note);
  }

  async unpin(board: string, key: string): Promise<boolean> {
    return this.#run('DELETE FROM notes WHERE board = ? AND key = ?', board, key) === 1;
  }

  async pinned(board: string): Promise<ReadonlyMap<string, string>> {
    const notes = this.#all('SELECT key, text FROM notes WHERE board = ?', board);
    return new Map(notes.map(({ key, text }) => [String(key), String(text)]));
  }

  async append(log: string, items: readonly LogItem[], { most, ttlMs }: LogBounds): Promise<void> {
    if (items.length === 0) return;
    this.#whole(() => {
      this.#run('DELETE FROM items WHERE log = ? AND until_ms <= ?', log, this.#now());
      const newest = Number(this.#first('SELECT max(id) AS id FROM items WHERE log = ?', log)?.['id'] ?? -1);
      for (const { id, text } of items) {
        if (id > newest) this.#run('INSERT OR IGNORE INTO items VALUES (?, ?, ?, 0)', log, id, text);
      }
      this.#run('UPDATE items SET until_ms = ? WHERE log = ?', this.#now() + ttlMs, log);
      const rest = 'SELECT id FROM items WHERE log = ?1 ORDER BY id DESC LIMIT -1 OFFSET ?2';
      this.#run(`DELETE FROM items WHERE log = ?1 AND id IN (${rest})`, log, most);
    });
  }

  async readAfter(log: string, id: number, most: number): Promise<readonly LogItem[]> {
    const select = 'SELECT id, value FROM items WHERE log = ? AND id > ? AND until_ms > ? ORDER BY id LIMIT ?';
    const rows = this.#all(select, log, id, this.#now(), most);
    return rows.map((row) => ({ id: Number(row['id']), text: String(row['value']) }));
  }

  async publish(channel: string, text: string): Promise<void> {
    this.#run('INSERT INTO said (channel, value) VALUES (?, ?)', channel, text);
    this.#run('DELETE FROM said WHERE place <= (SELECT max(place) FROM said) - ?', SAID_KEPT);
  }

  hear(channel: string, heard: (text: string) => void, onUp: () => void = () => {}): Listening {
    let place = this.#lastPlace();
    const listen = (): void => {
      for (const row of this.#all('SELECT * FROM said WHERE channel = ? AND place > ?', channel, place)) {
        place = Number(row['place']);
        heard(String(row['value']));
      }
    };
    const timer = setInterval(listen, LISTEN_EVERY_MS).unref();
    queueMicrotask(onUp);
    const listening = { close: () => clearInterval(timer) };
    this.#ears.add(listening);
    return listening;
  }

  async standUp({ id, address }: NodeEntry, ttlMs: number): Promise<readonly NodeEntry[]> {
    this.#run('DELETE FROM nodes WHERE until_ms <= ?', this.#now());
    this.#run('INSERT OR REPLACE INTO nodes VALUES (?, ?, ?)', id, address, this.#now() + ttlMs);
    return this.nodes();
  }

  async standDown(id: string): Promise<void> {
    this.#run('DELETE FROM nodes WHERE id = ?', id);
  }

  async nodes(): Promise<readonly NodeEntry[]> {
    const rows = this.#all('SELECT id, address FROM nodes WHERE until_ms > ?', this.#now());
    return rows.map((row) => ({ id: String(row['id']), address: String(row['address']) }));
  }

  close(): void {
    for (const listening of this.#ears) listening.close();
    this.#database?.close();
    this.#database = null;
  }

  #lastPlace(): number {
    return Number(this.#first('SELECT max(place) AS place FROM said')?.['place'] ?? 0);
  }

  /** Who only asks leaves no file behind. */
  #all(sql: string, ...values: readonly SQLInputValue[]): Row[] {
    if (this.#database === null && !existsSync(this.#path)) return [];
    return this.#opened()
      .prepare(sql)
      .all(...values);
  }

  #first(sql: string, ...values: readonly SQLInputValue[]): Row | undefined {
    return this.#all(sql, ...values)[0];
  }

  #run(sql: string, ...values: readonly SQLInputValue[]): number {
    return Number(
      this.#opened()
        .prepare(sql)
        .run(...values).changes,
    );
  }

  #whole<T>(work: () => T): T {
    return whole(this.#opened(), work);
  }

  #opened(): DatabaseSync {
    this.#database ??= openDataFile(this.#path, (database) => database.exec(TABLES));
    return this.#database;
  }
}

function leaseOf({ name, owner, value, fence }: Row): Lease {
  return { name: String(name), owner: String(owner), value: String(value), fence: Number(fence) };
}
