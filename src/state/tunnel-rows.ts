// What accounts of the tunnel server have as rows with keys, whichever tables they lie in. Rule: a row says all that nodes have to agree on and nothing that
// is a node's own, such as when an account was last used there.
import type { TunnelAccountFile, TunnelAccountRow } from './tunnel-accounts.ts';
import type { TunnelHostnameRow } from './tunnel-hostnames.ts';
import type { TunnelInvitationRow } from './tunnel-invitations.ts';
import type { TunnelPortRow } from './tunnel-ports.ts';

export interface TunnelRows {
  /** By id. */
  readonly account: TunnelAccountRow;
  /** By digest. */
  readonly invitation: TunnelInvitationRow;
  /** By hostname: of all accounts that have asked for it. */
  readonly hostname: readonly TunnelHostnameRow[];
  /** By account, in JSON. */
  readonly limits: string;
  /** By number: those that wait for their clients. */
  readonly port: TunnelPortRow;
}

export type TunnelRowKind = keyof TunnelRows;

export const TUNNEL_ROW_KINDS = ['account', 'invitation', 'hostname', 'limits', 'port'] as const;

export type TunnelChange = {
  [K in TunnelRowKind]: {
    readonly kind: K;
    readonly key: string;
    readonly before: TunnelRows[K] | null;
    readonly row: TunnelRows[K] | null;
  };
}[TunnelRowKind];

export class RowTable<T> {
  readonly #parts: RowTableParts<T>;

  constructor(parts: RowTableParts<T>) {
    this.#parts = parts;
  }

  keys(): readonly string[] {
    return this.#parts.keys();
  }

  read(key: string): T | null {
    return this.#parts.read(key);
  }

  /** null: it is gone. */
  write(key: string, row: T | null): void {
    if (row === null) this.#parts.remove(key);
    else this.#parts.put(key, row);
  }

  /** By a text; null: it is gone. */
  replace(key: string, text: string | null): { readonly before: T | null; readonly row: T | null } {
    const before = this.read(key);
    const row = text === null ? null : (JSON.parse(text) as T);
    this.write(key, row);
    return { before, row };
  }
}

interface RowTableParts<T> {
  keys(): readonly string[];
  read(key: string): T | null;
  put(key: string, row: T): void;
  remove(key: string): void;
}

export type TunnelRowTables = { readonly [K in TunnelRowKind]: RowTable<TunnelRows[K]> };

export function tunnelRowTables(file: TunnelAccountFile): TunnelRowTables {
  const { invitations, hostnames, use, ports } = file;
  return {
    account: new RowTable({
      keys: () => file.ids(),
      read: (id) => shared(file.findById(id)),
      put: (_, row) => file.put(row),
      remove: (id) => file.remove(id),
    }),
    invitation: new RowTable({
      keys: () => invitations.all().map(({ sha256 }) => sha256),
      read: (sha256) => invitations.find(sha256),
      put: (_, row) => invitations.put(row),
      remove: (sha256) => invitations.remove(sha256),
    }),
    hostname: new RowTable<readonly TunnelHostnameRow[]>({
      keys: () => hostnames.names(),
      read: (hostname) => {
        const rows = hostnames.at(hostname);
        return rows.length === 0 ? null : rows;
      },
      put: (hostname, rows) => hostnames.replace(hostname, rows),
      remove: (hostname) => hostnames.replace(hostname, []),
    }),
    limits: new RowTable({
      keys: () => [...use.limits().keys()],
      read: (account) => use.limitsOf(account),
      put: (account, limits) => use.setLimits(account, limits),
      remove: (account) => use.setLimits(account, null),
    }),
    port: new RowTable({
      keys: () => ports.ports().flatMap((row) => (isWaiting(row) ? [String(row.port)] : [])),
      read: (port) => waiting(ports.find(Number(port))),
      put: (_, row) => ports.keepPort(row),
      // One that a client has is this node's.
      remove: (port) => {
        if (waiting(ports.find(Number(port))) !== null) ports.dropPort(Number(port));
      },
    }),
  };
}

function shared(row: TunnelAccountRow | null): TunnelAccountRow | null {
  return row === null ? null : { ...row, lastUsedAtMs: null };
}

function isWaiting({ heldUntilMs }: TunnelPortRow): boolean {
  return heldUntilMs !== null;
}

function waiting(row: TunnelPortRow | null): TunnelPortRow | null {
  return row !== null && isWaiting(row) ? row : null;
}
