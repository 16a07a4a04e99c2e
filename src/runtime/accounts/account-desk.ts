// The accounts that requests to providers of AI are sent with, on the main thread: how they are, and their logins kept fresh for all
// threads. Rule: nothing that it tells is a secret.
import type { Config } from '../../config/config.ts';
import type { CredentialStore, StoreReport, StoreState } from '../../services/credentials/credential-store.ts';
import type { MemberTable } from '../../services/balance/member-table.ts';
import type { Logger } from '../../telemetry/application-log.ts';
import { ConfiguredDns } from '../assemble/configured-dns.ts';
import { BackendWays } from '../backends/backend-ways.ts';
import { credentialsOf, openStore, type ProviderName } from './account-store.ts';

export interface AccountDeskOptions {
  /** That of the data plane. */
  readonly table: MemberTable;
  readonly logger: Pick<Logger, 'info' | 'warn'>;
}

export interface AccountReport extends StoreReport {
  readonly provider: ProviderName;
  readonly id: string;
  readonly kind: 'api_key' | 'store';
  /** Of a store. */
  readonly file: string | null;
}

interface Account {
  readonly provider: ProviderName;
  readonly id: string;
  readonly file: string | null;
  readonly store: CredentialStore | null;
}

const PROVIDERS: readonly ProviderName[] = ['claude', 'chatgpt'];
const LOOK_MS = 5_000;
const FINE: StoreReport = { state: 'ok', reason: null, expiresAtMs: null, isOpen: false };

export class AccountDesk {
  readonly #options: AccountDeskOptions;
  readonly #dns = new ConfiguredDns();
  #key = '';
  #accounts: readonly Account[] = [];
  #ways: BackendWays | null = null;
  #timer: NodeJS.Timeout | null = null;
  /** What was said last of each account. */
  #said = new Map<Account, StoreState>();

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
    this.#accounts = [];
    this.#said = new Map();
    this.#ways?.dispose();
    this.#ways = null;
    await Promise.all(closing);
  }

  reports(): AccountReport[] {
    return this.#accounts.map(({ provider, id, file, store }) => {
      return { provider, id, kind: store === null ? 'api_key' : 'store', file, ...(store?.report ?? FINE) };
    });
  }

  #open(config: Config): void {
    const { cache } = this.#dns.of(config);
    const ways = new BackendWays(config, { table: this.#options.table, dns: cache });
    this.#ways = ways;
    this.#accounts = PROVIDERS.flatMap((provider) =>
      credentialsOf(config, provider).map((credential, index): Account => {
        const store = openStore(config, provider, credential, { ways, dns: cache });
        const file = 'store' in credential ? credential.store : null;
        return { provider, id: credential.id ?? String(index + 1), file, store };
      }),
    );
    if (this.#accounts.every(({ store }) => store === null)) return;
    this.#timer = setInterval(() => void this.#look(), LOOK_MS);
    this.#timer.unref();
    void this.#look();
  }

  async #look(): Promise<void> {
    await Promise.all(this.#accounts.map((account) => this.#lookAt(account)));
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
    if (state === 'dead') logger.warn({ provider, account: id, reason }, 'the login of an account cannot be used');
    else if (!isFirst && state === 'ok') logger.info({ provider, account: id }, 'the login of an account is fresh');
  }
}
