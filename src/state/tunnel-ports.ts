// The ports of TCP tunnels and whose they are, in the database of the accounts. Rule: one row for each port that somebody has.
import type { DatabaseSync, SQLOutputValue, StatementSync } from 'node:sqlite';

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

const SELECT = 'SELECT port, account, held_until_ms AS heldUntilMs FROM ports';

export class TunnelPorts {
  readonly #database: DatabaseSync;
  readonly #keep: StatementSync;

  constructor(database: DatabaseSync) {
    database.exec(TABLE);
    this.#database = database;
    this.#keep = database.prepare('INSERT OR REPLACE INTO ports VALUES (?, ?, ?)');
  }

  ports(): TunnelPortRow[] {
    return this.#database.prepare(SELECT).all().map(portRow);
  }

  find(port: number): TunnelPortRow | null {
    const row = this.#database.prepare(`${SELECT} WHERE port = ?`).get(port);
    return row === undefined ? null : portRow(row);
  }

  keepPort({ port, account, heldUntilMs }: TunnelPortRow): void {
    this.#keep.run(port, account, heldUntilMs);
  }

  dropPort(port: number): void {
    this.#database.prepare('DELETE FROM ports WHERE port = ?').run(port);
  }
}

function portRow({ port, account, heldUntilMs }: Record<string, SQLOutputValue>): TunnelPortRow {
  return {
    port: Number(port),
    account: String(account),
    heldUntilMs: heldUntilMs === null ? null : Number(heldUntilMs),
  };
}
