// Invitations to the tunnel server: whoever shows one may register once. Rule: it is shown when it is made and never again.
import { hash, randomBytes } from 'node:crypto';
import type { TunnelBook } from '../../state/tunnel-book.ts';
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
  readonly #table: Pick<TunnelInvitationTable, 'all'>;
  readonly #book: TunnelBook;

  constructor(table: Pick<TunnelInvitationTable, 'all'>, book: TunnelBook) {
    this.#table = table;
    this.#book = book;
  }

  async make(note: string, forMs: number): Promise<IssuedInvitation> {
    const now = Date.now();
    const code = `sli_${randomBytes(SECRET_BYTES).toString('hex')}`;
    const made = { id: randomBytes(ID_BYTES).toString('hex'), note, madeAtMs: now, expiresAtMs: now + forMs };
    const invitation = { ...made, usedAtMs: null, account: null };
    const sha256 = digest(code);
    await this.#book.change('invitation', sha256, () => ({ ...invitation, sha256 }));
    return { invitation, code };
  }

  all(): TunnelInvitationRow[] {
    const forgottenMs = Date.now() - KEPT_MS;
    const all = this.#table.all();
    for (const { sha256, expiresAtMs } of all) {
      // Next time, if it cannot be now.
      if (expiresAtMs < forgottenMs) void this.#book.change('invitation', sha256, () => null).catch(() => {});
    }
    return all.filter(({ expiresAtMs }) => expiresAtMs >= forgottenMs);
  }

  /** For that account, which is about to be made; of two who come at once one gets in. False: it is no invitation, or not any more. */
  async spend(code: string, account: string): Promise<boolean> {
    const now = Date.now();
    const spent = await this.#book.change('invitation', digest(code), (row) => {
      const isGood = row !== null && row.usedAtMs === null && row.expiresAtMs > now;
      return isGood ? { ...row, usedAtMs: now, account } : undefined;
    });
    return spent !== undefined;
  }

  async remove(id: string): Promise<boolean> {
    const found = this.#table.all().find((row) => row.id === id);
    if (found === undefined) return false;
    await this.#book.change('invitation', found.sha256, () => null);
    return true;
  }
}

function digest(code: string): string {
  return hash('sha256', code, 'hex');
}
