// The ports of TCP tunnels and whose they are, in the database of the accounts. Rule: one row for each port that somebody has.
import type { DatabaseSync, StatementSync } from 'node:sqlite';

/** A port that somebody has. */
export interface TunnelPortRow {
  readonly port: number;
  readonly account: string;
  /** null: its client is connected. */
  readonly heldUntilMs: number | null;
}

const TABLE = `
  CREATE TABLE IF NOT EXISTS ports (
    port INTEGER PRIMARY KEY, account TEXT NOT NULL, held_until_ms INTEGER
  ) STRICT, WITHOUT ROWID;
`;

export class TunnelPorts {
  readonly #database: DatabaseSync;
  readonly #keep: StatementSync;

  constructor(database: DatabaseSync) {
    database.exec(TABLE);
    this.#database = database;
    this.#keep = database.prepare('INSERT OR REPLACE INTO ports VALUES (?, ?, ?)');
  }

  ports(): TunnelPortRow[] {
    const rows = this.#database.prepare('SELECT port, account, held_until_ms AS heldUntilMs FROM ports').all();
    return rows.map(({ port, account, heldUntilMs }) => {
      return {
        port: Number(port),
        account: String(account),
        heldUntilMs: heldUntilMs === null ? null : Number(heldUntilMs),
      };
    });
  }

  keepPort({ port, account, heldUntilMs }: TunnelPortRow): void {
    this.#keep.run(port, account, heldUntilMs);
  }

  dropPort(port: number): void {
    this.#database.prepare('DELETE FROM ports WHERE port = ?').run(port);
  }
}
