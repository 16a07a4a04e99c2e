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

  add({ id, sha256, note, madeAtMs, expiresAtMs }: Omit<TunnelInvitationRow, 'usedAtMs' | 'account'>): void {
    const insert = this.#database.prepare('INSERT INTO invitations VALUES (?, ?, ?, ?, ?, NULL, NULL)');
    insert.run(id, sha256, note, madeAtMs, expiresAtMs);
  }

  /** The newest first. */
  all(): TunnelInvitationRow[] {
    const select = `SELECT ${COLUMNS} FROM invitations ORDER BY made_at_ms DESC, id`;
    return this.#database.prepare(select).all().map(invitationRow);
  }

  /** In one step, so that two who come at once do not both get in. False: there is none that can be used. */
  spend(sha256: string, nowMs: number, account: string): boolean {
    const update = `UPDATE invitations SET used_at_ms = ?, account = ?
      WHERE sha256 = ? AND used_at_ms IS NULL AND expires_at_ms > ?`;
    return this.#database.prepare(update).run(nowMs, account, sha256, nowMs).changes === 1;
  }

  remove(id: string): boolean {
    return this.#database.prepare('DELETE FROM invitations WHERE id = ?').run(id).changes === 1;
  }

  /** Those that nobody has used in time. */
  forget(expiredBeforeMs: number): void {
    this.#database.prepare('DELETE FROM invitations WHERE expires_at_ms < ?').run(expiredBeforeMs);
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
