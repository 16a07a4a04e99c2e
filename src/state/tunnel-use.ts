// What accounts of the tunnel server may have of their own, and what they have used today. Rule: limits are kept as they were given; what
// they mean is for others to say.
import type { DatabaseSync, StatementSync } from 'node:sqlite';

export interface TunnelUseRow {
  readonly account: string;
  /** Since 1970. */
  readonly day: number;
  readonly bytes: number;
  readonly requests: number;
}

export class TunnelUseTable {
  readonly #database: DatabaseSync;
  readonly #keep: StatementSync;
  readonly #find: StatementSync;

  constructor(database: DatabaseSync) {
    this.#database = database;
    this.#keep = database.prepare('INSERT OR REPLACE INTO account_use VALUES (?, ?, ?, ?)');
    this.#find = database.prepare('SELECT day, bytes, requests FROM account_use WHERE account = ?');
  }

  /** JSON, of those who have any. */
  limits(): Map<string, string> {
    const rows = this.#database.prepare('SELECT account, limits FROM account_limits').all();
    return new Map(rows.map(({ account, limits }) => [String(account), String(limits)]));
  }

  limitsOf(account: string): string | null {
    const row = this.#database.prepare('SELECT limits FROM account_limits WHERE account = ?').get(account);
    return row === undefined ? null : String(row['limits']);
  }

  /** null: none of its own any more. */
  setLimits(account: string, limits: string | null): void {
    if (limits === null) this.#database.prepare('DELETE FROM account_limits WHERE account = ?').run(account);
    else this.#database.prepare('INSERT OR REPLACE INTO account_limits VALUES (?, ?)').run(account, limits);
  }

  find(account: string): TunnelUseRow | null {
    const row = this.#find.get(account);
    if (row === undefined) return null;
    const [day, bytes, requests] = [row['day'], row['bytes'], row['requests']].map(Number);
    return { account, day: day ?? 0, bytes: bytes ?? 0, requests: requests ?? 0 };
  }

  /** All of them or none. */
  keepUses(rows: readonly TunnelUseRow[]): void {
    if (rows.length === 0) return;
    this.#database.exec('BEGIN IMMEDIATE');
    for (const { account, day, bytes, requests } of rows) this.#keep.run(account, day, bytes, requests);
    this.#database.exec('COMMIT');
  }

  remove(account: string): void {
    this.setLimits(account, null);
    this.#database.prepare('DELETE FROM account_use WHERE account = ?').run(account);
  }
}
