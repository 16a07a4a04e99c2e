// Who may open tunnels: accounts that have registered, and the users of the configuration. Rule: a token is shown once; afterwards
// nobody can say what it was, and the time of a look-up tells nothing of it.
import { Buffer } from 'node:buffer';
import { hash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { UserDirectory } from '../identity/user-directory.ts';
import type { TunnelAccountFile, TunnelAccountRow } from '../../state/tunnel-accounts.ts';

export interface TunnelAccount {
  /** What its tunnels belong to. */
  readonly id: string;
  readonly email: string;
  /** null: a user of the configuration, whose token stands there. */
  readonly registered: TunnelAccountRow | null;
}

export interface IssuedToken {
  readonly account: TunnelAccount;
  readonly token: string;
}

/** The permission of users who may open tunnels. */
const PERMISSION = 'tunnels';
const SHAPE = /^slc_([0-9a-f]{16})_([0-9a-f]{48})$/;
const ID_BYTES = 8;
const SECRET_BYTES = 24;

export class TunnelAccounts {
  readonly #file: TunnelAccountFile;
  #users: UserDirectory;
  readonly #onRevoked: (account: string) => void;

  constructor(file: TunnelAccountFile, users: UserDirectory, onRevoked: (account: string) => void) {
    this.#file = file;
    this.#users = users;
    this.#onRevoked = onRevoked;
  }

  /** Those of another configuration. */
  follow(users: UserDirectory): void {
    this.#users = users;
  }

  find(token: string): TunnelAccount | null {
    const user = this.#users.findByToken(token);
    if (user !== null) {
      return user.may.has(PERMISSION) ? { id: `user:${user.name}`, email: user.name, registered: null } : null;
    }
    const [, tokenId, secret] = SHAPE.exec(token) ?? [];
    const row = tokenId === undefined ? null : this.#file.findByTokenId(tokenId);
    if (row === null || secret === undefined || !isSame(row.tokenSha256, digest(secret))) return null;
    return { id: row.id, email: row.email, registered: row };
  }

  register(email: string): IssuedToken {
    const { tokenId, tokenSha256, token } = newToken();
    const row = { id: randomBytes(ID_BYTES).toString('hex'), email, createdAtMs: Date.now(), tokenId, tokenSha256 };
    this.#file.add(row);
    return { account: { id: row.id, email, registered: row }, token };
  }

  /** Another token for the account; whoever is connected with the old one is not any more. */
  rotate({ id, email, registered }: TunnelAccount & { readonly registered: TunnelAccountRow }): IssuedToken {
    const { token, ...made } = newToken();
    this.#file.setToken(id, made);
    this.#onRevoked(id);
    return { account: { id, email, registered: { ...registered, ...made } }, token };
  }

  close(): void {
    this.#file.close();
  }
}

function newToken(): { readonly tokenId: string; readonly tokenSha256: string; readonly token: string } {
  const tokenId = randomBytes(ID_BYTES).toString('hex');
  const secret = randomBytes(SECRET_BYTES).toString('hex');
  return { tokenId, tokenSha256: digest(secret), token: `slc_${tokenId}_${secret}` };
}

function digest(secret: string): string {
  return hash('sha256', secret, 'hex');
}

function isSame(one: string, other: string): boolean {
  return one.length === other.length && timingSafeEqual(Buffer.from(one), Buffer.from(other));
}
