// Turns the credentials of the providers of AI into accounts, and into targets that send requests with them. Rule: a group is found again
// by the name of its provider, so that what is known of an account outlives a reload and is known to every thread.
import type { Config } from '../../config/config.ts';
import type { Credential } from '../../config/schema/ai.ts';
import type { ForwardTarget } from '../../contract/target.ts';
import { type Account, keyAccount, storeAccount } from '../../services/accounts/account.ts';
import { AccountGroup, type AccountGroupInit } from '../../services/accounts/account-group.ts';
import type { AccountDialect } from '../../services/accounts/quota-fields.ts';
import type { MemberTable } from '../../services/balance/member-table.ts';
import { credentialsOf, openStore, type ProviderName } from '../accounts/account-store.ts';
import { poolEars } from '../hops/hop-telemetry.ts';
import { Accounts, originOfUrl } from '../registry.ts';
import { type BackendParts, plainBackend } from './assemble-backends.ts';

export const AI_PROVIDERS: readonly ProviderName[] = ['claude', 'chatgpt'];

/** Of those providers that requests are not sent to with what the clients have. */
export type AiAccounts = ReadonlyMap<ProviderName, Accounts>;

/** One for all addresses: what is known of a login is known to all of them. */
export function aiAccounts(config: Config, parts: BackendParts): AiAccounts {
  const { ai, gateway } = config;
  const all = new Map<ProviderName, Accounts>();
  if (!ai.enabled || !gateway.own_paths) return all;
  for (const provider of AI_PROVIDERS) {
    const { strategy } = ai.providers[provider];
    const pool = { pool: groupName(provider), policy: strategy };
    const isAlone = credentialsOf(config, provider).length === 1;
    const accounts = accountGroup(config, provider, {
      table: parts.members,
      open: (credential) => openAccount(config, provider, credential, parts),
      ...(!isAlone && { ears: poolEars(parts.recorder, pool, (account) => account) }),
    });
    if (accounts === null) continue;
    all.set(
      provider,
      new Accounts({ accounts, provider: serverOf(config, provider, parts), resendBytes: ai.resend_body }),
    );
  }
  return all;
}

/** The servers of the providers; none where nothing is asked of them. */
export function aiTargets(
  config: Config,
  parts: BackendParts,
  accounts: AiAccounts,
): ReadonlyMap<ProviderName, ForwardTarget> {
  if (!config.ai.enabled) return new Map();
  return new Map(
    AI_PROVIDERS.map((provider) => [provider, accounts.get(provider) ?? serverOf(config, provider, parts)]),
  );
}

function serverOf({ ai }: Config, provider: ProviderName, parts: BackendParts): ForwardTarget {
  const known = { ...originOfUrl(ai.providers[provider].base, { host: 'backend' }), isTransparent: true };
  const origin = { ...known, dialler: parts.ways.diallerOf(ai.via, known), member: null };
  return plainBackend(origin, parts);
}

export interface AccountGroupParts extends Pick<AccountGroupInit, 'ears'> {
  readonly table: MemberTable;
  readonly open: (credential: Credential, id: string) => Account;
}

/** Null: requests go with what the clients have. */
export function accountGroup(config: Config, provider: ProviderName, parts: AccountGroupParts): AccountGroup | null {
  const credentials = credentialsOf(config, provider);
  if (credentials.length === 0) return null;
  const { strategy, base } = config.ai.providers[provider];
  const { table, open, ears } = parts;
  return new AccountGroup({
    name: groupName(provider),
    table,
    strategy,
    dialect: dialectOf(provider),
    accounts: credentials.map((credential, index) => {
      const id = accountId(credential, index);
      const secret = 'api_key' in credential ? credential.api_key : credential.store;
      return { id, weight: credential.weight, revision: `${base}\n${secret}`, account: open(credential, id) };
    }),
    ...(ears !== undefined && { ears }),
  });
}

/** As usage, metrics and the API name it. */
function accountId({ id }: Credential, index: number): string {
  return id ?? String(index + 1);
}

export function dialectOf(provider: ProviderName): AccountDialect {
  return provider === 'claude' ? 'anthropic' : 'openai';
}

/** No route and no hop has such a name. */
function groupName(provider: ProviderName): string {
  return `ai/${provider}`;
}

function openAccount(
  config: Config,
  provider: ProviderName,
  credential: Credential,
  { ways, dns }: Pick<BackendParts, 'ways' | 'dns'>,
): Account {
  if ('api_key' in credential) return keyAccount(credential.api_key, dialectOf(provider));
  const store = openStore(config, provider, credential, { ways, dns: dns.cache });
  return storeAccount(store, config.ai.providers[provider].beta);
}
