// The accounts of the tunnel server and their names, a SQLite database in the data folder. Rule: of a token its digest is kept and nothing else, and an
// account is found by the id of its token over a unique index, however many there are.
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { newerVersion, openDataFile, versionOf } from './data-file.ts';

export interface TunnelAccountRow {
  readonly id: string;
  readonly email: string;
  readonly createdAtMs: number;
  readonly tokenId: string;
  /** SHA-256 of the secret, in lower-case hexadecimal. */
  readonly tokenSha256: string;
}

/** A name that somebody has. */
export interface TunnelNameRow {
  readonly name: string;
  readonly account: string;
  /** null: its client is connected. */
  readonly heldUntilMs: number | null;
}

/** A newer Sluice would have another. */
const VERSION = 1;

const TABLES = `
  CREATE TABLE accounts (
    id TEXT PRIMARY KEY, email TEXT NOT NULL, created_at_ms INTEGER NOT NULL,
    token_id TEXT NOT NULL UNIQUE, token_sha256 TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE names (name TEXT PRIMARY KEY, account TEXT NOT NULL, held_until_ms INTEGER) STRICT, WITHOUT ROWID;
  PRAGMA user_version = ${VERSION};
`;
const COLUMNS = 'id, email, created_at_ms AS createdAtMs, token_id AS tokenId, token_sha256 AS tokenSha256';

export class TunnelAccountFile {
  readonly #database: DatabaseSync;
  readonly #find: StatementSync;
  readonly #keepName: StatementSync;

  constructor(path: string) {
    this.#database = openDataFile(path, create);
    this.#find = this.#database.prepare(`SELECT ${COLUMNS} FROM accounts WHERE token_id = ?`);
    this.#keepName = this.#database.prepare('INSERT OR REPLACE INTO names VALUES (?, ?, ?)');
  }

  add({ id, email, createdAtMs, tokenId, tokenSha256 }: TunnelAccountRow): void {
    const insert = this.#database.prepare('INSERT INTO accounts VALUES (?, ?, ?, ?, ?)');
    insert.run(id, email, createdAtMs, tokenId, tokenSha256);
  }

  findByTokenId(tokenId: string): TunnelAccountRow | null {
    const row = this.#find.get(tokenId);
    if (row === undefined) return null;
    return {
      id: String(row['id']),
      email: String(row['email']),
      createdAtMs: Number(row['createdAtMs']),
      tokenId: String(row['tokenId']),
      tokenSha256: String(row['tokenSha256']),
    };
  }

  /** The token of before is worth nothing any more. */
  setToken(id: string, { tokenId, tokenSha256 }: Pick<TunnelAccountRow, 'tokenId' | 'tokenSha256'>): void {
    const update = this.#database.prepare('UPDATE accounts SET token_id = ?, token_sha256 = ? WHERE id = ?');
    update.run(tokenId, tokenSha256, id);
  }

  names(): TunnelNameRow[] {
    const rows = this.#database.prepare('SELECT name, account, held_until_ms AS heldUntilMs FROM names').all();
    return rows.map(({ name, account, heldUntilMs }) => {
      return {
        name: String(name),
        account: String(account),
        heldUntilMs: heldUntilMs === null ? null : Number(heldUntilMs),
      };
    });
  }

  keepName({ name, account, heldUntilMs }: TunnelNameRow): void {
    this.#keepName.run(name, account, heldUntilMs);
  }

  dropName(name: string): void {
    this.#database.prepare('DELETE FROM names WHERE name = ?').run(name);
  }

  close(): void {
    this.#database.close();
  }
}

function create(database: DatabaseSync): void {
  const version = versionOf(database);
  if (version > VERSION) throw newerVersion();
  if (version < VERSION) database.exec(`BEGIN IMMEDIATE; ${TABLES} COMMIT;`);
}
