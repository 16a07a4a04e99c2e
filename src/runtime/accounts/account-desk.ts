// The accounts that requests to providers of AI are sent with, on the main thread: how they are, and their logins kept fresh for all
// threads. Rule: nothing that it tells is a secret.
import type { Config } from '../../config/config.ts';
import type { Credential } from '../../config/schema/ai.ts';
import { type Account as HeldAccount, keyAccount, storeAccount } from '../../services/accounts/account.ts';
import type { AccountGroup, AccountStanding } from '../../services/accounts/account-group.ts';
import type { QuotaWindow } from '../../services/accounts/account-quota.ts';
import type { CredentialStore, StoreReport, StoreState } from '../../services/credentials/credential-store.ts';
import type { MemberTable } from '../../services/balance/member-table.ts';
import type { Logger } from '../../telemetry/application-log.ts';
import { ConfiguredDns } from '../assemble/configured-dns.ts';
import { BackendWays } from '../backends/backend-ways.ts';
import { accountGroup, AI_PROVIDERS, dialectOf } from '../assemble/assemble-ai-accounts.ts';
import { openStore, type ProviderName } from './account-store.ts';

export interface AccountDeskOptions {
  /** That of the data plane. */
  readonly table: MemberTable;
  readonly logger: Pick<Logger, 'info' | 'warn'>;
}

/** `dead` and the states of stores: of its login. The others: as its provider has answered. */
export type AccountState = StoreState | 'cooling' | 'auth_failed';

export interface AccountReport extends Omit<StoreReport, 'state'> {
  readonly provider: ProviderName;
  readonly id: string;
  readonly kind: 'api_key' | 'store';
  /** Of a store. */
  readonly file: string | null;
  readonly state: AccountState;
  /** While it is cooling, or its provider refuses it: when it is asked again. Since 1970. */
  readonly retryAtMs: number | null;
  readonly weight: number;
  /** Requests that it was chosen for, and those that run. */
  readonly requests: number;
  readonly active: number;
  readonly quota: readonly QuotaWindow[];
}

interface Account {
  readonly provider: ProviderName;
  readonly id: string;
  readonly file: string | null;
  readonly store: CredentialStore | null;
}

const LOOK_MS = 5_000;
const FINE: StoreReport = { state: 'ok', reason: null, expiresAtMs: null, isOpen: false };

export class AccountDesk {
  readonly #options: AccountDeskOptions;
  readonly #dns = new ConfiguredDns();
  #key = '';
  #accounts: Account[] = [];
  #groups: readonly { readonly provider: ProviderName; readonly group: AccountGroup }[] = [];
  #ways: BackendWays | null = null;
  #timer: NodeJS.Timeout | null = null;
  /** What was said last of each account. */
  #said = new Map<Account, StoreState>();
  /** Those that were said to be left alone, and why. */
  #saidOut = new Map<Account, AccountState>();

  constructor(options: AccountDeskOptions) {
    this.#options = options;
  }

  /** This configuration has come into force. */
  follow(config: Config): void {
    const { ai, hops, timeouts, dns } = config;
    const key = JSON.stringify([ai, ai.via.map((hop) => hops[hop]), timeouts.connect, dns]);
    if (key === this.#key) return;
    void this.stop();
    this.#key = key;
    if (ai.enabled) this.#open(config);
  }

  /** Resolves when what was being renewed is in its file. */
  async stop(): Promise<void> {
    const closing = this.#accounts.map(({ store }) => store?.close() ?? Promise.resolve());
    this.#key = '';
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
    for (const { group } of this.#groups) group.dispose();
    this.#groups = [];
    this.#accounts = [];
    this.#said = new Map();
    this.#saidOut = new Map();
    this.#ways?.dispose();
    this.#ways = null;
    await Promise.all(closing);
  }

  reports(): AccountReport[] {
    return this.#groups.flatMap(({ provider, group }) => {
      return group.standings().flatMap((standing) => {
        const account = this.#accounts.find((each) => each.provider === provider && each.id === standing.id);
        return account === undefined ? [] : [reportOf(account, standing, group.isAlone)];
      });
    });
  }

  /** Only its owner can mend its login. */
  isDead(provider: ProviderName, id: string): boolean {
    const account = this.#accounts.find((each) => each.provider === provider && each.id === id);
    return account?.store?.report.state === 'dead';
  }

  #open(config: Config): void {
    const { cache } = this.#dns.of(config);
    const ways = new BackendWays(config, { table: this.#options.table, dns: cache });
    this.#ways = ways;
    const open = (provider: ProviderName, credential: Credential, id: string): HeldAccount => {
      if ('api_key' in credential) {
        this.#accounts.push({ provider, id, file: null, store: null });
        return keyAccount(credential.api_key, dialectOf(provider));
      }
      const store = openStore(config, provider, credential, { ways, dns: cache });
      this.#accounts.push({ provider, id, file: credential.store, store });
      return storeAccount(store, null);
    };
    this.#groups = AI_PROVIDERS.flatMap((provider) => {
      const { table } = this.#options;
      const group = accountGroup(config, provider, { table, open: (credential, id) => open(provider, credential, id) });
      return group === null ? [] : [{ provider, group }];
    });
    const hasNews =
      this.#accounts.some(({ store }) => store !== null) || this.#groups.some(({ group }) => !group.isAlone);
    if (!hasNews) return;
    this.#timer = setInterval(() => void this.#look(), LOOK_MS);
    this.#timer.unref();
    void this.#look();
  }

  async #look(): Promise<void> {
    await Promise.all(this.#accounts.map((account) => this.#lookAt(account)));
    for (const report of this.reports()) this.#sayIfOut(report);
  }

  /** What the threads have learned of it meanwhile. */
  #sayIfOut({ provider, id, state, retryAtMs }: AccountReport): void {
    const account = this.#accounts.find((each) => each.provider === provider && each.id === id);
    if (account === undefined) return;
    const before = this.#saidOut.get(account);
    const now = state === 'cooling' || state === 'auth_failed' ? state : undefined;
    if (now === before) return;
    if (now === undefined) this.#saidOut.delete(account);
    else this.#saidOut.set(account, now);
    const { logger } = this.#options;
    const fields = { event: 'account', provider, account: id };
    const until = { ...fields, until: retryAtMs === null ? null : new Date(retryAtMs).toISOString() };
    if (now === 'auth_failed') logger.warn(until, 'an account is refused by its provider');
    else if (now === 'cooling') logger.info(until, 'an account is limited by its provider and left alone');
    else if (state !== 'dead') logger.info(fields, 'an account is used again');
  }

  async #lookAt(account: Account): Promise<void> {
    const { store, provider, id } = account;
    if (store === null) return;
    await store.look();
    const { state, reason } = store.report;
    if (!this.#accounts.includes(account) || this.#said.get(account) === state) return;
    const isFirst = !this.#said.has(account);
    this.#said.set(account, state);
    const { logger } = this.#options;
    const event = 'account';
    if (state === 'dead')
      logger.warn({ event, provider, account: id, reason }, 'the login of an account cannot be used');
    else if (!isFirst && state === 'ok')
      logger.info({ event, provider, account: id }, 'the login of an account is fresh');
  }
}

function reportOf(
  { provider, id, file, store }: Account,
  { member, weight, quota }: AccountStanding,
  isAlone: boolean,
): AccountReport {
  const login = store?.report ?? FINE;
  // The only one is asked whatever is held against it.
  const held = isAlone ? null : member.obstacle;
  const obstacle = held === 'cooling' || held === 'auth_failed' ? held : null;
  const isDead = login.state === 'dead';
  const refusal = obstacle === 'auth_failed' ? 'the provider does not accept it' : null;
  return {
    provider,
    id,
    kind: store === null ? 'api_key' : 'store',
    file,
    state: isDead || obstacle === null ? login.state : obstacle,
    reason: login.reason ?? refusal,
    expiresAtMs: login.expiresAtMs,
    isOpen: login.isOpen,
    retryAtMs: obstacle === null ? null : Date.now() + member.retryInMs,
    weight,
    requests: member.uses,
    active: member.active,
    quota,
  };
}
