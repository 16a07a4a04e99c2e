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

  /** The rows of all accounts that have asked for it. */
  replace(hostname: string, rows: readonly TunnelHostnameRow[]): void {
    this.#database.prepare('DELETE FROM hostnames WHERE hostname = ?').run(hostname);
    const insert = this.#database.prepare('INSERT INTO hostnames VALUES (?, ?, ?, ?, ?, ?, ?)');
    for (const { account, challenge, madeAtMs, verifiedAtMs, checkedAtMs, problem } of rows) {
      insert.run(hostname, account, challenge, madeAtMs, verifiedAtMs, checkedAtMs, problem);
    }
  }

  at(hostname: string): TunnelHostnameRow[] {
    const select = `SELECT ${COLUMNS} FROM hostnames WHERE hostname = ? ORDER BY account`;
    return this.#database.prepare(select).all(hostname).map(hostnameRow);
  }

  names(): string[] {
    return this.#database
      .prepare('SELECT DISTINCT hostname FROM hostnames')
      .all()
      .map(({ hostname }) => String(hostname));
  }

  of(account: string): TunnelHostnameRow[] {
    const select = `SELECT ${COLUMNS} FROM hostnames WHERE account = ? ORDER BY hostname`;
    return this.#database.prepare(select).all(account).map(hostnameRow);
  }

  verified(): TunnelHostnameRow[] {
    const select = `SELECT ${COLUMNS} FROM hostnames WHERE verified_at_ms IS NOT NULL ORDER BY hostname`;
    return this.#database.prepare(select).all().map(hostnameRow);
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
