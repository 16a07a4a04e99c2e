// Invitations to the tunnel server: whoever shows one may register once. Rule: it is shown when it is made and never again.
import { hash, randomBytes } from 'node:crypto';
import type { TunnelInvitationRow, TunnelInvitationTable } from '../../state/tunnel-invitations.ts';

export interface IssuedInvitation {
  readonly invitation: Omit<TunnelInvitationRow, 'sha256'>;
  readonly code: string;
}

const ID_BYTES = 6;
const SECRET_BYTES = 20;
/** Those that were used or missed are told of for so long. */
const KEPT_MS = 30 * 86_400_000;

export class TunnelInvitations {
  readonly #table: TunnelInvitationTable;

  constructor(table: TunnelInvitationTable) {
    this.#table = table;
  }

  make(note: string, forMs: number): IssuedInvitation {
    const now = Date.now();
    const code = `sli_${randomBytes(SECRET_BYTES).toString('hex')}`;
    const made = { id: randomBytes(ID_BYTES).toString('hex'), note, madeAtMs: now, expiresAtMs: now + forMs };
    this.#table.add({ ...made, sha256: digest(code) });
    return { invitation: { ...made, usedAtMs: null, account: null }, code };
  }

  all(): TunnelInvitationRow[] {
    this.#table.forget(Date.now() - KEPT_MS);
    return this.#table.all();
  }

  /** For that account, which is about to be made. False: it is no invitation, or not any more. */
  spend(code: string, account: string): boolean {
    return this.#table.spend(digest(code), Date.now(), account);
  }

  remove(id: string): boolean {
    return this.#table.remove(id);
  }
}

function digest(code: string): string {
  return hash('sha256', code, 'hex');
}
