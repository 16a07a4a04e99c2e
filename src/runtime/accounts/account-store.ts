// Opens the store of a provider's login as the configuration has it. Rule: the token endpoint is reached the way that the provider is,
// and opening a store reads nothing and asks nobody.
import type { Config } from '../../config/config.ts';
import type { AiConfig, Credential, StoreCredential } from '../../config/schema/ai.ts';
import { originDialler } from '../../engine/origin-dialler.ts';
import { claudeStore } from '../../services/credentials/claude-store.ts';
import { codexStore } from '../../services/credentials/codex-store.ts';
import { CredentialStore, type CredentialStoreInit } from '../../services/credentials/credential-store.ts';
import { sharedExchange } from '../../services/credentials/shared-exchange.ts';
import { requestToken, type TokenEndpoint } from '../../services/credentials/token-request.ts';
import type { DnsCache } from '../../transport/dns-cache.ts';
import { RedisConnection } from '../../state/redis-connection.ts';
import { RedisState } from '../../state/redis-state.ts';
import type { BackendWays } from '../backends/backend-ways.ts';
import { originOfUrl } from '../registry.ts';

export type ProviderName = keyof AiConfig['providers'];

export interface StoreParts {
  readonly ways: BackendWays;
  readonly dns: DnsCache;
}

const FORMATS = { claude: claudeStore, chatgpt: codexStore } as const;
const CODEX_TOKEN_URL = 'https://auth.openai.com/oauth/token';
/** As long as Claude Code waits. */
const TIMEOUT_MS = 30_000;

type TokenQuestion = CredentialStoreInit['ask'];

/** For one renewal. */
function openState(url: string): RedisState {
  return new RedisState({ connection: new RedisConnection({ url }), url });
}

export function openStore(
  config: Config,
  provider: ProviderName,
  credential: StoreCredential,
  parts: StoreParts,
): CredentialStore {
  const endpoint = tokenEndpoint(config, provider, parts);
  const ask: TokenQuestion = (question) => requestToken(endpoint, question);
  const { state } = config.process;
  return new CredentialStore({
    file: credential.store,
    format: FORMATS[provider],
    ask: state === 'embedded' ? ask : sharedExchange({ ask, open: () => openState(state) }),
  });
}

/** What requests of this provider are sent with, other than what clients have. */
export function credentialsOf({ ai }: Config, provider: ProviderName): readonly Credential[] {
  const { credentials } = ai.providers[provider];
  return credentials === 'passthrough' ? [] : credentials;
}

function tokenEndpoint(config: Config, provider: ProviderName, { ways, dns }: StoreParts): TokenEndpoint {
  const { ai, timeouts } = config;
  const url = ai.providers[provider].token_url ?? CODEX_TOKEN_URL;
  const known = originOfUrl(url);
  const origin = { ...known, dialler: ways.diallerOf(ai.via, known) };
  return { origin, path: new URL(url).pathname, dial: originDialler(timeouts.connect, dns), timeoutMs: TIMEOUT_MS };
}
