// Who may open tunnels: accounts that have registered, and the users of the configuration. Rule: a token is shown once; afterwards
// nobody can say what it was, and the time of a look-up tells nothing of it.
import { Buffer } from 'node:buffer';
import { hash, randomBytes, timingSafeEqual } from 'node:crypto';
import { SluiceError } from '../../core/errors.ts';
import type { UserDirectory } from '../identity/user-directory.ts';
import type { AccountPage, TunnelAccountFile, TunnelAccountRow, TunnelToken } from '../../state/tunnel-accounts.ts';
import type { TunnelBook } from '../../state/tunnel-book.ts';
import type { TunnelChange } from '../../state/tunnel-rows.ts';

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
/** A node that is new has much to read. */
const READ_ON_MS = 3_000;
const ID_BYTES = 8;
const SECRET_BYTES = 24;
/** When it was last used is told to the minute, so that who comes often costs little. */
const USED_EVERY_MS = 60_000;
/** What others have issued is found by its digest. */
const FOREIGN = 'sha256:';
const REVOKED = 'revoked:';

export interface TunnelAccountsOptions {
  /** As it is known here. */
  readonly file: TunnelAccountFile;
  readonly book: TunnelBook;
  readonly users: UserDirectory;
  readonly onRevoked: (account: string, why: string) => void;
}

export class TunnelAccounts {
  readonly #file: TunnelAccountFile;
  readonly #book: TunnelBook;
  #users: UserDirectory;
  readonly #onRevoked: TunnelAccountsOptions['onRevoked'];

  constructor({ file, book, users, onRevoked }: TunnelAccountsOptions) {
    this.#file = file;
    this.#book = book;
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

  /** A token that is not known here may have been made elsewhere a moment ago: then it is known afterwards. Rejects when nobody can say; null: nothing is made elsewhere. */
  learn(token: string): Promise<void> | null {
    const { id } = partsOf(token);
    // Tokens are called as their accounts; those from other servers, and those of earlier versions, are not.
    const asked = this.#book.look('account', id);
    return asked === null ? null : asked.then(() => (this.find(token) === null ? this.#readOn() : undefined));
  }

  async #readOn(): Promise<void> {
    const late = Promise.withResolvers<never>();
    const message = 'what other nodes know is still being read';
    const timer = setTimeout(() => late.reject(new SluiceError('state_unavailable', { message })), READ_ON_MS);
    try {
      await Promise.race([this.#book.catchUp(), late.promise]);
    } finally {
      clearTimeout(timer);
    }
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
  async add(
    { email, expiresAtMs, token = null }: NewAccount,
    id: string = newAccountId(),
  ): Promise<IssuedToken | null> {
    const issued = token === null ? newToken(id, expiresAtMs) : foreignToken(token, expiresAtMs);
    const { token: shown, ...made } = issued;
    if (token !== null) await this.#book.catchUp();
    if (token !== null && this.#file.findByTokenId(made.tokenId) !== null) return null;
    const row = { id, email, createdAtMs: Date.now(), ...made, lastUsedAtMs: null };
    await this.#book.change('account', id, () => row);
    return { account: accountOf(row), token: shown };
  }

  /** Another token for the account; whoever is connected with the old one is not any more. */
  async rotate({ id }: RegisteredAccount, expiresAtMs: number | null): Promise<IssuedToken> {
    const { token, ...made } = newToken(id, expiresAtMs);
    return { account: accountOf(await this.#change(id, made)), token };
  }

  /** When its token ends; null: never. */
  async expire({ id }: RegisteredAccount, expiresAtMs: number | null): Promise<void> {
    await this.#change(id, { expiresAtMs });
  }

  /** The account stays, with its names, and nobody can connect until it gets another token. */
  async revoke({ id }: RegisteredAccount): Promise<void> {
    const unknown = randomBytes(SECRET_BYTES).toString('hex');
    await this.#change(id, { tokenId: `${REVOKED}${unknown}`, tokenSha256: '', expiresAtMs: null });
  }

  async remove({ id }: RegisteredAccount): Promise<void> {
    await this.#book.change('account', id, () => null);
  }

  async #change(id: string, change: Partial<TunnelToken>): Promise<TunnelAccountRow> {
    const row = await this.#book.change('account', id, (known) =>
      known === null ? undefined : { ...known, ...change },
    );
    if (row !== undefined && row !== null) return row;
    throw new SluiceError('not_found', { message: `There is no account "${id}".` });
  }

  /** Here or on another node: who is connected with what is worth nothing any more hears why. */
  changed({ key: id, before, row }: TunnelChange & { readonly kind: 'account' }): void {
    if (before === null) return;
    if (row === null) this.#onRevoked(id, 'the account was removed');
    else if (row.tokenSha256 !== before.tokenSha256) {
      this.#onRevoked(id, isRevoked(row) ? 'the token was revoked' : 'the token was replaced');
    } else if (isOver(row)) this.#onRevoked(id, 'the token has expired');
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

/** By the id of its account, so that any node finds it at the price of one row. */
function newToken(tokenId: string, expiresAtMs: number | null): TunnelToken & { readonly token: string } {
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
