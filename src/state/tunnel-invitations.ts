// The invitations to the tunnel server. Rule: one of them is good for one account, and only its digest is kept.
import type { DatabaseSync, SQLOutputValue } from 'node:sqlite';

export interface TunnelInvitationRow {
  readonly id: string;
  readonly sha256: string;
  /** Whom it is for, in the words of whoever has made it. */
  readonly note: string;
  readonly madeAtMs: number;
  readonly expiresAtMs: number;
  /** null: not yet. */
  readonly usedAtMs: number | null;
  readonly account: string | null;
}

const COLUMNS =
  'id, sha256, note, made_at_ms AS madeAtMs, expires_at_ms AS expiresAtMs, used_at_ms AS usedAtMs, account';

export class TunnelInvitationTable {
  readonly #database: DatabaseSync;

  constructor(database: DatabaseSync) {
    this.#database = database;
  }

  put({ id, sha256, note, madeAtMs, expiresAtMs, usedAtMs, account }: TunnelInvitationRow): void {
    const insert = this.#database.prepare('INSERT OR REPLACE INTO invitations VALUES (?, ?, ?, ?, ?, ?, ?)');
    insert.run(id, sha256, note, madeAtMs, expiresAtMs, usedAtMs, account);
  }

  find(sha256: string): TunnelInvitationRow | null {
    const row = this.#database.prepare(`SELECT ${COLUMNS} FROM invitations WHERE sha256 = ?`).get(sha256);
    return row === undefined ? null : invitationRow(row);
  }

  /** The newest first. */
  all(): TunnelInvitationRow[] {
    const select = `SELECT ${COLUMNS} FROM invitations ORDER BY made_at_ms DESC, id`;
    return this.#database.prepare(select).all().map(invitationRow);
  }

  remove(sha256: string): void {
    this.#database.prepare('DELETE FROM invitations WHERE sha256 = ?').run(sha256);
  }
}

function invitationRow(row: Record<string, SQLOutputValue>): TunnelInvitationRow {
  return {
    id: String(row['id']),
    sha256: String(row['sha256']),
    note: String(row['note']),
    madeAtMs: Number(row['madeAtMs']),
    expiresAtMs: Number(row['expiresAtMs']),
    usedAtMs: row['usedAtMs'] === null ? null : Number(row['usedAtMs']),
    account: row['account'] === null ? null : String(row['account']),
  };
}
