// The hostnames that accounts of the tunnel server have asked for. Rule: several may ask for the same one; whose it is is for the proof to say.
import type { DatabaseSync, SQLOutputValue } from 'node:sqlite';

export interface TunnelHostnameRow {
  readonly hostname: string;
  readonly account: string;
  /** What has to stand in the DNS of the hostname. */
  readonly challenge: string;
  readonly madeAtMs: number;
  /** When it stood there last; null: it does not. */
  readonly verifiedAtMs: number | null;
  readonly checkedAtMs: number | null;
  /** Why it is not verified, or could not be looked up. */
  readonly problem: string | null;
}

const COLUMNS = `hostname, account, challenge, made_at_ms AS madeAtMs, verified_at_ms AS verifiedAtMs,
  checked_at_ms AS checkedAtMs, problem`;

export class TunnelHostnameTable {
  readonly #database: DatabaseSync;

  constructor(database: DatabaseSync) {
    this.#database = database;
  }

  keep({ hostname, account, challenge, madeAtMs, verifiedAtMs, checkedAtMs, problem }: TunnelHostnameRow): void {
    const insert = this.#database.prepare('INSERT OR REPLACE INTO hostnames VALUES (?, ?, ?, ?, ?, ?, ?)');
    insert.run(hostname, account, challenge, madeAtMs, verifiedAtMs, checkedAtMs, problem);
  }

  find(hostname: string, account: string): TunnelHostnameRow | null {
    const select = `SELECT ${COLUMNS} FROM hostnames WHERE hostname = ? AND account = ?`;
    const row = this.#database.prepare(select).get(hostname, account);
    return row === undefined ? null : hostnameRow(row);
  }

  of(account: string): TunnelHostnameRow[] {
    const select = `SELECT ${COLUMNS} FROM hostnames WHERE account = ? ORDER BY hostname`;
    return this.#database.prepare(select).all(account).map(hostnameRow);
  }

  verified(): TunnelHostnameRow[] {
    const select = `SELECT ${COLUMNS} FROM hostnames WHERE verified_at_ms IS NOT NULL ORDER BY hostname`;
    return this.#database.prepare(select).all().map(hostnameRow);
  }

  remove(hostname: string, account: string): boolean {
    const gone = this.#database.prepare('DELETE FROM hostnames WHERE hostname = ? AND account = ?');
    return gone.run(hostname, account).changes === 1;
  }
}

function hostnameRow(row: Record<string, SQLOutputValue>): TunnelHostnameRow {
  return {
    hostname: String(row['hostname']),
    account: String(row['account']),
    challenge: String(row['challenge']),
    madeAtMs: Number(row['madeAtMs']),
    verifiedAtMs: row['verifiedAtMs'] === null ? null : Number(row['verifiedAtMs']),
    checkedAtMs: row['checkedAtMs'] === null ? null : Number(row['checkedAtMs']),
    problem: row['problem'] === null ? null : String(row['problem']),
  };
}
