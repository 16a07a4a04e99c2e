// The accounts of the tunnel server and their names, a SQLite database in the data folder. Rule: of a token its digest is kept and nothing else, and an
// account is found by the id of its token over a unique index, however many there are.
import type { DatabaseSync, SQLOutputValue, StatementSync } from 'node:sqlite';
import { openDataFile, whole } from './data-file.ts';
import { RowCopy } from './row-copy.ts';
import { TunnelHostnameTable } from './tunnel-hostnames.ts';
import { TunnelInvitationTable } from './tunnel-invitations.ts';
import { TunnelPorts } from './tunnel-ports.ts';
import { type TunnelRowTables, tunnelRowTables } from './tunnel-rows.ts';
import { prepareTunnelTables } from './tunnel-tables.ts';
import { TunnelUseTable } from './tunnel-use.ts';

export interface TunnelAccountRow {
  readonly id: string;
  readonly email: string;
  readonly createdAtMs: number;
  readonly tokenId: string;
  /** SHA-256 of the secret, in lower-case hexadecimal. */
  readonly tokenSha256: string;
  /** null: never. */
  readonly lastUsedAtMs: number | null;
  /** When its token is worth nothing any more; null: never. */
  readonly expiresAtMs: number | null;
}

export type TunnelToken = Pick<TunnelAccountRow, 'tokenId' | 'tokenSha256' | 'expiresAtMs'>;

/** A name that somebody has. */
export interface TunnelNameRow {
  readonly name: string;
  readonly account: string;
  /** null: its client is connected. */
  readonly heldUntilMs: number | null;
}

const COLUMNS = `id, email, created_at_ms AS createdAtMs, token_id AS tokenId, token_sha256 AS tokenSha256,
  last_used_at_ms AS lastUsedAtMs, expires_at_ms AS expiresAtMs`;

const PUT = `INSERT INTO accounts VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET
  email = excluded.email, created_at_ms = excluded.created_at_ms, token_id = excluded.token_id,
  token_sha256 = excluded.token_sha256, expires_at_ms = excluded.expires_at_ms`;

export class TunnelAccountFile {
  readonly invitations: TunnelInvitationTable;
  readonly use: TunnelUseTable;
  readonly ports: TunnelPorts;
  readonly hostnames: TunnelHostnameTable;
  /** The same by kinds and keys. */
  readonly rows: TunnelRowTables;
  readonly #database: DatabaseSync;
  readonly #find: StatementSync;
  readonly #findById: StatementSync;
  readonly #use: StatementSync;
  readonly #put: StatementSync;
  readonly #keepName: StatementSync;

  constructor(path: string) {
    this.#database = openDataFile(path, prepareTunnelTables);
    this.invitations = new TunnelInvitationTable(this.#database);
    this.use = new TunnelUseTable(this.#database);
    this.ports = new TunnelPorts(this.#database);
    this.hostnames = new TunnelHostnameTable(this.#database);
    this.rows = tunnelRowTables(this);
    this.#find = this.#database.prepare(`SELECT ${COLUMNS} FROM accounts WHERE token_id = ?`);
    this.#findById = this.#database.prepare(`SELECT ${COLUMNS} FROM accounts WHERE id = ?`);
    this.#use = this.#database.prepare('UPDATE accounts SET last_used_at_ms = ? WHERE id = ?');
    this.#put = this.#database.prepare(PUT);
    this.#keepName = this.#database.prepare('INSERT OR REPLACE INTO names VALUES (?, ?, ?)');
  }

  /** The token of before is worth nothing any more; when it was last used stays. */
  put({ id, email, createdAtMs, tokenId, tokenSha256, lastUsedAtMs, expiresAtMs }: TunnelAccountRow): void {
    this.#put.run(id, email, createdAtMs, tokenId, tokenSha256, lastUsedAtMs, expiresAtMs);
  }

  findByTokenId(tokenId: string): TunnelAccountRow | null {
    const row = this.#find.get(tokenId);
    return row === undefined ? null : accountRow(row);
  }

  findById(id: string): TunnelAccountRow | null {
    const row = this.#findById.get(id);
    return row === undefined ? null : accountRow(row);
  }

  /** In the order of their ids; `email`: only those who have registered with that. */
  page({ after, most, email }: AccountPage): TunnelAccountRow[] {
    const only = email === null ? '' : ' AND email = ?';
    const select = `SELECT ${COLUMNS} FROM accounts WHERE id > ?${only} ORDER BY id LIMIT ?`;
    const values = email === null ? [after, most] : [after, email, most];
    return this.#database
      .prepare(select)
      .all(...values)
      .map(accountRow);
  }

  used(id: string, atMs: number): void {
    this.#use.run(atMs, id);
  }

  /** With everything that it has. */
  remove(id: string): void {
    this.#database.prepare('DELETE FROM accounts WHERE id = ?').run(id);
    this.#database.prepare('DELETE FROM hostnames WHERE account = ?').run(id);
    this.use.remove(id);
  }

  names(): TunnelNameRow[] {
    const rows = this.#database.prepare('SELECT name, account, held_until_ms AS heldUntilMs FROM names').all();
    return rows.map(({ name, account, heldUntilMs }) => {
      return { name: String(name), account: String(account), heldUntilMs: numberOr(heldUntilMs) };
    });
  }

  keepName({ name, account, heldUntilMs }: TunnelNameRow): void {
    this.#keepName.run(name, account, heldUntilMs);
  }

  dropName(name: string): void {
    this.#database.prepare('DELETE FROM names WHERE name = ?').run(name);
  }

  ids(): string[] {
    return this.#database
      .prepare('SELECT id FROM accounts')
      .all()
      .map(({ id }) => String(id));
  }

  /** Of a table that nodes share. */
  copyOf(table: string): RowCopy {
    return new RowCopy(this.#database, table);
  }

  /** All of it or nothing. */
  whole<T>(work: () => T): T {
    return whole(this.#database, work);
  }

  close(): void {
    this.#database.close();
  }
}

export interface AccountPage {
  readonly after: string;
  readonly most: number;
  readonly email: string | null;
}

function accountRow(row: Record<string, SQLOutputValue>): TunnelAccountRow {
  return {
    id: String(row['id']),
    email: String(row['email']),
    createdAtMs: Number(row['createdAtMs']),
    tokenId: String(row['tokenId']),
    tokenSha256: String(row['tokenSha256']),
    lastUsedAtMs: numberOr(row['lastUsedAtMs']),
    expiresAtMs: numberOr(row['expiresAtMs']),
  };
}

function numberOr(value: SQLOutputValue | undefined): number | null {
  return value === null || value === undefined ? null : Number(value);
}
