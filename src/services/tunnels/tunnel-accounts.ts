// Who may open tunnels: accounts that have registered, and the users of the configuration. Rule: a token is shown once; afterwards
// nobody can say what it was, and the time of a look-up tells nothing of it.
import { Buffer } from 'node:buffer';
import { hash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { UserDirectory } from '../identity/user-directory.ts';
import type { AccountPage, TunnelAccountFile, TunnelAccountRow, TunnelToken } from '../../state/tunnel-accounts.ts';

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

export interface NewAccount {
  readonly email: string;
  /** null: it is for ever. */
  readonly expiresAtMs: number | null;
  /** One that its owner has already, from another server; null: a new one. */
  readonly token?: string | null;
}

/** The permission of users who may open tunnels. */
const PERMISSION = 'tunnels';
export const OF_CONFIGURATION = 'user:';
const SHAPE = /^slc_([0-9a-f]{16})_([0-9a-f]{48})$/;
const ID_BYTES = 8;
const SECRET_BYTES = 24;
/** When it was last used is told to the minute, so that who comes often costs little. */
const USED_EVERY_MS = 60_000;
/** What others have issued is found by its digest. */
const FOREIGN = 'sha256:';
const REVOKED = 'revoked:';

export class TunnelAccounts {
  readonly #file: TunnelAccountFile;
  #users: UserDirectory;
  readonly #onRevoked: (account: string, why: string) => void;

  constructor(file: TunnelAccountFile, users: UserDirectory, onRevoked: (account: string, why: string) => void) {
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
      return user.may.has(PERMISSION)
        ? { id: `${OF_CONFIGURATION}${user.name}`, email: user.name, registered: null }
        : null;
    }
    const { id, secret } = partsOf(token);
    const row = this.#file.findByTokenId(id);
    if (row === null || !isSame(row.tokenSha256, digest(secret)) || isOver(row)) return null;
    return accountOf(row);
  }

  findById(id: string): TunnelAccount | null {
    const row = this.#file.findById(id);
    return row === null ? null : accountOf(row);
  }

  page(page: AccountPage): TunnelAccount[] {
    return this.#file.page(page).map(accountOf);
  }

  /** A client has connected with its token. */
  used({ registered }: TunnelAccount): void {
    if (registered === null) return;
    const now = Date.now();
    if (now - (registered.lastUsedAtMs ?? 0) >= USED_EVERY_MS) this.#file.used(registered.id, now);
  }

  /** null: this token belongs to somebody already. */
  add({ email, expiresAtMs, token = null }: NewAccount, id: string = newAccountId()): IssuedToken | null {
    const issued = token === null ? newToken(expiresAtMs) : foreignToken(token, expiresAtMs);
    const { token: shown, ...made } = issued;
    if (token !== null && this.#file.findByTokenId(made.tokenId) !== null) return null;
    const row = { id, email, createdAtMs: Date.now(), ...made, lastUsedAtMs: null };
    this.#file.add(row);
    return { account: accountOf(row), token: shown };
  }

  /** Another token for the account; whoever is connected with the old one is not any more. */
  rotate({ id, email, registered }: RegisteredAccount, expiresAtMs: number | null): IssuedToken {
    const { token, ...made } = newToken(expiresAtMs);
    this.#file.setToken(id, made);
    this.#onRevoked(id, 'the token was replaced');
    return { account: { id, email, registered: { ...registered, ...made } }, token };
  }

  /** When its token ends; null: never. */
  expire({ id, registered }: RegisteredAccount, expiresAtMs: number | null): void {
    this.#file.setToken(id, { ...registered, expiresAtMs });
    if (expiresAtMs !== null && expiresAtMs <= Date.now()) this.#onRevoked(id, 'the token has expired');
  }

  /** The account stays, with its names, and nobody can connect until it gets another token. */
  revoke({ id }: RegisteredAccount): void {
    const unknown = randomBytes(SECRET_BYTES).toString('hex');
    this.#file.setToken(id, { tokenId: `${REVOKED}${unknown}`, tokenSha256: '', expiresAtMs: null });
    this.#onRevoked(id, 'the token was revoked');
  }

  remove({ id }: RegisteredAccount): void {
    this.#file.remove(id);
    this.#onRevoked(id, 'the account was removed');
  }

  close(): void {
    this.#file.close();
  }
}

export type RegisteredAccount = TunnelAccount & { readonly registered: TunnelAccountRow };

export function isRegistered(account: TunnelAccount): account is RegisteredAccount {
  return account.registered !== null;
}

export function newAccountId(): string {
  return randomBytes(ID_BYTES).toString('hex');
}

/** No token leads to it. */
export function isRevoked({ tokenId }: TunnelAccountRow): boolean {
  return tokenId.startsWith(REVOKED);
}

function isOver({ expiresAtMs }: TunnelAccountRow): boolean {
  return expiresAtMs !== null && expiresAtMs <= Date.now();
}

function accountOf(row: TunnelAccountRow): TunnelAccount {
  return { id: row.id, email: row.email, registered: row };
}

function partsOf(token: string): { readonly id: string; readonly secret: string } {
  const [, id, secret] = SHAPE.exec(token) ?? [];
  return id === undefined || secret === undefined
    ? { id: `${FOREIGN}${digest(token)}`, secret: token }
    : { id, secret };
}

function newToken(expiresAtMs: number | null): TunnelToken & { readonly token: string } {
  const tokenId = randomBytes(ID_BYTES).toString('hex');
  const secret = randomBytes(SECRET_BYTES).toString('hex');
  return { tokenId, tokenSha256: digest(secret), expiresAtMs, token: `slc_${tokenId}_${secret}` };
}

function foreignToken(token: string, expiresAtMs: number | null): TunnelToken & { readonly token: string } {
  const { id, secret } = partsOf(token);
  return { tokenId: id, tokenSha256: digest(secret), expiresAtMs, token };
}

function digest(secret: string): string {
  return hash('sha256', secret, 'hex');
}

function isSame(one: string, other: string): boolean {
  return one.length === other.length && timingSafeEqual(Buffer.from(one), Buffer.from(other));
}
