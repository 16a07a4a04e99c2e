// The accounts of the tunnel server while it is on: who is let in, what each may have, and what the operator does with them. Rule: whoever
// loses the right to be connected is disconnected at once.
import { join } from 'node:path';
import { succession } from '../../transport/port-sharing.ts';
import type { Config } from '../../config/config.ts';
import { SluiceError } from '../../core/errors.ts';
import type { UserDirectory } from '../../services/identity/user-directory.ts';
import type { TunnelLimits } from '../../services/tunnels/account-meter.ts';
import { AccountMeters, type OwnLimits } from '../../services/tunnels/account-meters.ts';
import { AttemptBudget } from '../../services/tunnels/attempt-budget.ts';
import type { PortBook } from '../../services/tunnels/port-leases.ts';
import { SharedPorts } from '../../services/tunnels/shared-ports.ts';
import type { SessionList } from '../../services/tunnels/session-list.ts';
import {
  isRegistered,
  isRevoked,
  type IssuedToken,
  newAccountId,
  OF_CONFIGURATION,
  type RegisteredAccount,
  type TunnelAccount,
  TunnelAccounts,
} from '../../services/tunnels/tunnel-accounts.ts';
import { TunnelInvitations } from '../../services/tunnels/tunnel-invitations.ts';
import { canonical, type HostnameSettings, TunnelHostnames } from '../../services/tunnels/tunnel-hostnames.ts';
import type { Claim, TunnelRegistry } from '../../services/tunnels/tunnel-registry.ts';
import type { Admission } from '../../services/tunnels/session-host.ts';
import { type AccountPage, TunnelAccountFile } from '../../state/tunnel-accounts.ts';
import { LocalTunnelBook, SharedTunnelBook, type TunnelBook } from '../../state/tunnel-book.ts';
import type { TunnelPortRow } from '../../state/tunnel-ports.ts';
import type { TunnelChange } from '../../state/tunnel-rows.ts';
import { textResolverOf } from '../../transport/resolver.ts';
import type { SharedNodes } from '../nodes/shared-nodes.ts';
import { HostnameCertificates } from './hostname-certificates.ts';

export interface AccountReport {
  readonly id: string;
  readonly email: string;
  /** A user of the configuration has its token there. */
  readonly isConfigured: boolean;
  readonly hasToken: boolean;
  readonly createdAtMs: number | null;
  readonly lastUsedAtMs: number | null;
  readonly expiresAtMs: number | null;
  readonly limits: TunnelLimits;
  readonly ownLimits: OwnLimits | null;
  readonly tunnels: readonly string[];
  readonly clients: number;
  readonly streams: number;
  readonly bytesToday: number;
  readonly requestsToday: number;
}

export interface AccountChange {
  /** null: as everybody; missing: as it is. */
  readonly limits?: OwnLimits | null | undefined;
  /** null: never; missing: as it is. */
  readonly expiresAtMs?: number | null | undefined;
}

export interface RegisterWish {
  readonly email: string;
  readonly invitation: string | null;
}

const HOUR_MS = 3_600_000;
/** Clients are told to come here, and do so within about two seconds. */
const EXPECTED_MS = 15_000;
const MINUTE_MS = 60_000;
const POLICY_VIOLATION = 1008;
const UNKNOWN: Admission = { refused: 'UNAUTHORIZED', why: 'this token is not valid here' };
/** Whoever comes again hears more. */
const NOBODY_KNOWS: Admission = {
  refused: 'SERVICE_UNAVAILABLE',
  why: 'for the moment this server cannot tell whose token that is',
};
/** Clients without names are none that the limit of an account speaks of; this bounds them. */
const SPARE_CLIENTS = 8;

/** Who has the ports of TCP tunnels. */
interface PortKeeper {
  keepIn(book: PortBook | null): void;
  /** Another node has said so of a port that waits there; null: it does not any more. */
  heard(port: number, row: TunnelPortRow | null): void;
}

export interface TunnelOfficeOptions {
  readonly sessions: SessionList;
  readonly registry: TunnelRegistry;
  readonly ports: PortKeeper;
  /** Missing: this one is alone. */
  readonly nodes?: Pick<SharedNodes, 'isShared' | 'rows'> | undefined;
  readonly onProblem?: (error: unknown) => void;
}

interface Open {
  readonly book: TunnelBook;
  readonly accounts: TunnelAccounts;
  readonly meters: AccountMeters;
  readonly invitations: TunnelInvitations;
  readonly hostnames: TunnelHostnames;
}

export class TunnelOffice {
  /** Wrong tokens, and new accounts, per address. */
  readonly attempts: AttemptBudget = new AttemptBudget({ now: () => performance.now(), most: 20, eachMs: 3_000 });
  readonly registrations: AttemptBudget = new AttemptBudget({
    now: () => performance.now(),
    most: 10,
    eachMs: HOUR_MS / 10,
  });
  readonly #options: TunnelOfficeOptions;
  readonly #sessions: SessionList;
  readonly #registry: TunnelRegistry;
  readonly #ports: PortKeeper;
  #config: Config | null = null;
  readonly #certificates = new HostnameCertificates();
  #onHostnames: () => void = () => {};
  #open: Open | null = null;

  constructor(options: TunnelOfficeOptions) {
    this.#options = options;
    this.#sessions = options.sessions;
    this.#registry = options.registry;
    this.#ports = options.ports;
  }

  /** False: the server is off, or is being switched off. */
  get isOpen(): boolean {
    return this.#open !== null;
  }

  /** Whose token that is; null: nobody's. Rejects when nobody can say. */
  find(token: string): TunnelAccount | null | Promise<TunnelAccount | null> {
    if (this.#open === null) return null;
    const { accounts } = this.#open;
    const known = accounts.find(token);
    const news = known === null ? accounts.learn(token) : null;
    return news === null ? known : news.then(() => accounts.find(token));
  }

  open(dataDir: string, config: Config, users: UserDirectory): void {
    if (this.#open !== null) return;
    const file = new TunnelAccountFile(join(dataDir, 'tunnels.db'));
    this.#registry.keepIn(file);
    if (succession.isUnderWay) this.#registry.expectClients(EXPECTED_MS);
    const book = this.#bookOf(file);
    this.#ports.keepIn(this.#isShared ? new SharedPorts(file.ports, book) : file.ports);
    const onRevoked = (account: string, why: string): void => this.#dismiss(account, why);
    this.#open = {
      book,
      accounts: new TunnelAccounts({ file, book, users, onRevoked }),
      meters: new AccountMeters(file.use, limitsOf(config)),
      invitations: new TunnelInvitations(file.invitations, book),
      hostnames: new TunnelHostnames({
        table: file.hostnames,
        book,
        ...hostnameSettings(config),
        onChange: () => this.#onHostnames(),
        onLost: (hostname) => this.#registry.forget(hostname),
      }),
    };
  }

  configure(config: Config, users: UserDirectory): void {
    this.#config = config;
    this.#certificates.follow(config);
    const { hold, reserved, group_strategy: groupStrategy, address_limits: most } = config.tunnels.server;
    this.#open?.accounts.follow(users);
    this.#open?.meters.follow(limitsOf(config));
    this.#open?.hostnames.configure(hostnameSettings(config));
    this.#registry.configure({ holdMs: hold, reserved, groupStrategy });
    const [tokens, registrations] = [most.wrong_tokens_per_minute, most.registrations_per_hour];
    this.attempts.configure({ most: tokens, eachMs: MINUTE_MS / tokens });
    this.registrations.configure({ most: registrations, eachMs: HOUR_MS / registrations });
    this.#dismissStrangers(config);
  }

  close(): void {
    this.#registry.keepIn(null);
    this.#ports.keepIn(null);
    this.#open?.book.close();
    this.#open?.meters.keep();
    this.#open?.accounts.close();
    this.#open = null;
  }

  /** Now and then: writes down what was used, and ends those whose time is over. */
  tidy(): void {
    const { meters } = this.#open ?? {};
    for (const account of meters?.expired() ?? []) this.#dismiss(account, 'the token has expired');
    meters?.keep();
    void this.#open?.hostnames.recheck();
  }

  get hostnames(): TunnelHostnames | null {
    return this.#open?.hostnames ?? null;
  }

  /** Over TLS at the gateway; it may also be ended in front. */
  hasCertificate(hostname: string): boolean {
    return this.#certificates.has(hostname);
  }

  get domain(): string {
    return this.#config?.tunnels.server.domain ?? '';
  }

  /** Has `onChange` called when other hostnames lead somewhere than before. */
  watchHostnames(onChange: () => void): void {
    this.#onHostnames = onChange;
  }

  /** In the codes that clients know; null: it is its own. */
  refuseHostname(hostname: string, account: string): Claim | null {
    const { hostnames } = this.#require();
    if (canonical(hostname) === null) return { refused: 'INVALID_HOSTNAME', why: `${hostname} is no hostname` };
    const owner = hostnames.ownerOf(hostname);
    if (owner === account) return null;
    if (owner !== null) return { refused: 'HOSTNAME_TAKEN', why: `${hostname} belongs to another account` };
    return hostnames.of(account).some((row) => row.hostname === hostname)
      ? { refused: 'HOSTNAME_NOT_VERIFIED', why: `the DNS of ${hostname} does not show yet that it is yours` }
      : { refused: 'HOSTNAME_NOT_REGISTERED', why: `${hostname} is not registered here` };
  }

  limitsOf(account: string): TunnelLimits {
    return this.#require().meters.limitsOf(account);
  }

  /** A token that is not known here may have been made elsewhere a moment ago. */
  admit(token: string, address: string, then: (admitted: Admission) => void): void {
    const known = this.#admitKnown(token, address);
    const news = known === null ? (this.#open?.accounts.learn(token) ?? null) : null;
    if (known !== null || news === null) {
      then(known ?? this.#stranger(address));
      return;
    }
    const asked = news.then(
      () => this.#admitKnown(token, address) ?? this.#stranger(address),
      () => NOBODY_KNOWS,
    );
    void asked.then(then);
  }

  /** null: nobody here has that token. */
  #admitKnown(token: string, address: string): Admission | null {
    if (this.#open === null) return { refused: 'SERVICE_UNAVAILABLE', why: 'the server is going away' };
    // A client behind the same address as one that guesses comes again later.
    if (this.attempts.waitMs(address) > 0) {
      return { refused: 'SERVICE_UNAVAILABLE', why: 'too many wrong tokens came from this address' };
    }
    const { accounts, meters } = this.#open;
    const account = accounts.find(token);
    if (account === null) return null;
    const meter = meters.meterOf(account.id);
    // Some of them may have broken off without a word, and go when their names are taken.
    if (meter.sessions >= 2 * meter.limits.clients + SPARE_CLIENTS) {
      return { refused: 'POOL_EXHAUSTED', why: 'this account has too many clients' };
    }
    meter.expiresAtMs = account.registered?.expiresAtMs ?? null;
    accounts.used(account);
    return { meter };
  }

  #stranger(address: string): Admission {
    this.attempts.take(address);
    return UNKNOWN;
  }

  /** null: it takes an invitation, and this is none. */
  async register({ email, invitation }: RegisterWish): Promise<IssuedToken | null> {
    const { accounts, invitations } = this.#require();
    const id = newAccountId();
    const needsInvitation = this.registration === 'invite';
    if (needsInvitation && (invitation === null || !(await invitations.spend(invitation, id)))) return null;
    return accounts.add({ email, expiresAtMs: this.#expiry() }, id);
  }

  rotate(account: RegisteredAccount): Promise<IssuedToken> {
    return this.#require().accounts.rotate(account, this.#expiry());
  }

  get registration(): 'open' | 'closed' | 'invite' {
    return this.#config?.tunnels.server.registration ?? 'closed';
  }

  // -- What the operator does ------------------------------------------------------------------------------------------

  /** Users of the configuration come first. */
  page(page: AccountPage): AccountReport[] {
    const { accounts } = this.#require();
    const users =
      page.after === '' ? this.#users().filter(({ email }) => page.email === null || page.email === email) : [];
    return [...users, ...accounts.page(page)].map((account) => this.#report(account));
  }

  report(id: string): AccountReport {
    return this.#report(this.#find(id));
  }

  async add(wish: {
    readonly email: string;
    readonly token: string | null;
    readonly expiresAtMs?: number | null;
  }): Promise<IssuedToken> {
    const { email, token, expiresAtMs = this.#expiry() } = wish;
    const issued = await this.#require().accounts.add({ email, token, expiresAtMs });
    if (issued !== null) return issued;
    throw new SluiceError('already_exists', { message: 'This token belongs to an account already.' });
  }

  async change(id: string, { limits, expiresAtMs }: AccountChange): Promise<AccountReport> {
    const { accounts, book } = this.#require();
    const account = this.#find(id);
    if (expiresAtMs !== undefined) await accounts.expire(registered(account), expiresAtMs);
    const own = limits === null || limits === undefined ? null : JSON.stringify(limits);
    if (limits !== undefined) await book.change('limits', id, () => own);
    return this.report(id);
  }

  async renew(id: string): Promise<IssuedToken> {
    return this.rotate(registered(this.#find(id)));
  }

  async revoke(id: string): Promise<void> {
    await this.#require().accounts.revoke(registered(this.#find(id)));
  }

  /** With its names, which are anybody's then. */
  async remove(id: string): Promise<void> {
    const { accounts, book, hostnames } = this.#require();
    const account = registered(this.#find(id));
    await hostnames.forget(id);
    await book.change('limits', id, () => null);
    await accounts.remove(account);
  }

  get invitations(): TunnelInvitations {
    return this.#require().invitations;
  }

  // --------------------------------------------------------------------------------------------------------------------

  #bookOf(file: TunnelAccountFile): TunnelBook {
    const { nodes, onProblem = () => {} } = this.#options;
    const onChange = (change: TunnelChange): void => this.#changed(change);
    if (nodes === undefined || !this.#isShared) return new LocalTunnelBook(file, onChange);
    return new SharedTunnelBook({ file, onChange, onProblem, open: (options) => nodes.rows(options) });
  }

  get #isShared(): boolean {
    return this.#options.nodes?.isShared === true;
  }

  /** Here or on another node. */
  #changed(change: TunnelChange): void {
    if (this.#open === null) return;
    const { accounts, meters, hostnames } = this.#open;
    if (change.kind === 'port') this.#ports.heard(Number(change.key), change.row);
    else if (change.kind === 'hostname') hostnames.changed(change.key, change.row);
    else if (change.kind === 'limits') {
      meters.setLimits(change.key, change.row === null ? null : (JSON.parse(change.row) as OwnLimits));
    } else if (change.kind === 'account') {
      const meter = meters.find(change.key);
      if (meter !== null) meter.expiresAtMs = change.row?.expiresAtMs ?? null;
      accounts.changed(change);
      if (change.row === null) this.#registry.forgetAll(change.key);
    }
  }

  #require(): Open {
    if (this.#open !== null) return this.#open;
    throw new SluiceError('not_found', { message: 'The tunnel server is off: see tunnels.server.enabled.' });
  }

  #find(id: string): TunnelAccount {
    const user = this.#users().find((each) => each.id === id);
    const account = user ?? this.#require().accounts.findById(id);
    if (account !== null) return account;
    throw new SluiceError('not_found', { message: `There is no account "${id}".` });
  }

  #users(): TunnelAccount[] {
    const users = this.#config?.users.filter(({ may }) => may.includes('tunnels')) ?? [];
    return users.map(({ name }) => ({ id: `${OF_CONFIGURATION}${name}`, email: name, registered: null }));
  }

  #report(account: TunnelAccount): AccountReport {
    const { meters } = this.#require();
    const { id, email, registered: row } = account;
    const { bytes, requests, streams } = meters.usedToday(id);
    return {
      id,
      email,
      isConfigured: row === null,
      hasToken: row === null || !isRevoked(row),
      createdAtMs: row?.createdAtMs ?? null,
      lastUsedAtMs: row?.lastUsedAtMs ?? null,
      expiresAtMs: row?.expiresAtMs ?? null,
      limits: meters.limitsOf(id),
      ownLimits: meters.ownLimitsOf(id),
      tunnels: this.#registry.namesOf(id),
      clients: this.#sessions.of(id).length,
      streams,
      bytesToday: bytes,
      requestsToday: requests,
    };
  }

  #expiry(): number | null {
    const ttl = this.#config?.tunnels.server.token_ttl ?? null;
    return ttl === null ? null : Date.now() + ttl;
  }

  #dismiss(account: string, why: string): void {
    for (const session of this.#sessions.of(account)) session.close(POLICY_VIOLATION, why);
  }

  /** Users who are not in the configuration any more, or may not open tunnels. */
  #dismissStrangers({ users }: Config): void {
    const known = new Set(users.filter(({ may }) => may.includes('tunnels')).map(({ name }) => name));
    for (const account of this.#sessions.accounts()) {
      const isGone = account.startsWith(OF_CONFIGURATION) && !known.has(account.slice(OF_CONFIGURATION.length));
      if (isGone) this.#dismiss(account, 'this user may not open tunnels any more');
    }
  }
}

function registered(account: TunnelAccount): RegisteredAccount {
  if (isRegistered(account)) return account;
  throw new SluiceError('forbidden', { message: 'The token of this user stands in the configuration.' });
}

function hostnameSettings({ dns, tunnels: { server } }: Config): HostnameSettings {
  const { most, recheck } = server.hostnames;
  return { resolve: textResolverOf(dns.servers), recheckMs: recheck, most, domain: server.domain };
}

function limitsOf({ tunnels: { server } }: Config): TunnelLimits {
  const { tunnels, clients, streams, requests_per_minute: requests, bytes_per_day: bytes } = server.limits;
  return { tunnels, clients, streams, requestsPerMinute: requests, bytesPerDay: bytes };
}
