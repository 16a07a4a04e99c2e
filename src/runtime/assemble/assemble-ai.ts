// Turns what the configuration says of providers of AI into routes and targets. Rule: a request is relayed as it is; of the policies
// of the gateway only those that keep clients out stand before it, and its users are asked for by the section `ai`.
import type { Config } from '../../config/config.ts';
import type { ProviderConfig } from '../../config/schema/ai.ts';
import type { Bounds } from '../../contract/bounds.ts';
import type { Policy } from '../../contract/policy.ts';
import type { AnswerTarget, ForwardTarget } from '../../contract/target.ts';
import type { RouteSpec } from '../../engine/program.ts';
import type { UserDirectory } from '../../services/identity/user-directory.ts';
import type { TellUsage } from '../../services/usage/usage-record.ts';
import { credentialsOf, openStore, type ProviderName } from '../accounts/account-store.ts';
import {
  aiKey,
  aiRelay,
  aiStore,
  aiUser,
  anthropicError,
  openaiError,
  originOfUrl,
  respondWith,
  usage,
} from '../registry.ts';
import type { LoginSource } from '../../policies/ai-store/ai-store.ts';
import type { WriteBodies } from '../../telemetry/body-log.ts';
import { bodiesOf } from './assemble-ai-bodies.ts';
import type { AiCaches } from './assemble-ai-cache.ts';
import { type DialectCredential, dialectRoutes } from './assemble-ai-dialect.ts';
import { type BackendParts, plainBackend } from './assemble-backends.ts';
import { engineTimeouts } from './assemble-bounds.ts';
import type { PoliciesAround } from './assemble-policies.ts';

/** A route without its target: `leadsTo` says whether the provider answers, we do, or nobody. */
export interface AiRoute extends Omit<RouteSpec, 'target'> {
  readonly provider: ProviderName;
  readonly leadsTo: 'provider' | 'here' | 'nowhere';
}

const PROVIDERS: readonly ProviderName[] = ['claude', 'chatgpt'];

/** As much as Anthropic takes. */
const BODY_BYTES = 32 * 1024 * 1024;
/** A model may think for long before it says more. */
const SILENCE_MS = 600_000;

/** The logins of those providers that have a store. */
export type AiLogins = ReadonlyMap<ProviderName, LoginSource>;

export interface AiRouteParts {
  readonly users: UserDirectory;
  /** The policies of the gateway that hold here too. */
  readonly guards: PoliciesAround;
  readonly logins: AiLogins;
  readonly caches: AiCaches;
  /** null: nothing of what is asked and answered is written. */
  readonly writeBodies: WriteBodies | null;
  readonly tellUsage: TellUsage;
  /** What users may have of a provider. */
  readonly limitsOf: (provider: string) => readonly Policy[];
}

export function aiRoutes(config: Config, parts: AiRouteParts): AiRoute[] {
  const { ai, gateway } = config;
  if (!ai.enabled || !gateway.own_paths) return [];
  const user = aiUser({ users: parts.users, isRequired: ai.auth === 'users' });
  return PROVIDERS.flatMap((provider) => routesOf(provider, config, { ...parts, user }));
}

function routesOf(provider: ProviderName, config: Config, parts: AiRouteParts & { readonly user: Policy }): AiRoute[] {
  const { guards, user, logins, caches, writeBodies, tellUsage, limitsOf } = parts;
  const { before, after } = guards;
  const { prefix } = config.ai.providers[provider];
  const name = `ai/${provider}`;
  const route = (
    path: string,
    leadsTo: AiRoute['leadsTo'],
    policies: readonly Policy[],
    methods: readonly string[] = [],
  ): AiRoute => {
    return { name, provider, leadsTo, policies, match: { hosts: [], path, methods, fields: [], query: [] } };
  };
  const asked = [...before, user, ...after, ...limitsOf(provider)];
  const cache = caches.get(provider);
  const kept = [...bodiesOf(config, provider, writeBodies), ...(cache === undefined ? [] : [cache])];
  const counted = usage({ provider, account: accountOf(config, provider), tell: tellUsage });
  const shape: Policy = { name: 'ai-errors', errorShape: errorShapeOf(provider) };
  // Claude Code opens its connections so, without saying who it is.
  const bases = [prefix, `${prefix}/`, `${prefix}/v1`, `${prefix}/v1/`];
  const relayed = route(`${prefix}/v1/*`, 'provider', [
    ...asked,
    ...kept,
    ...providerPolicies(provider, config, logins),
    counted,
  ]);
  return [
    ...(provider === 'claude' ? dialectRoutes(relayed, prefix, dialectCredential(config, logins)) : []),
    relayed,
    ...bases.map((path) => route(path, 'here', [...before, shape], ['HEAD'])),
    ...[prefix, `${prefix}/*`].map((path) => route(path, 'nowhere', [...before, shape])),
  ];
}

function providerPolicies(provider: ProviderName, config: Config, logins: AiLogins): Policy[] {
  const settings = config.ai.providers[provider];
  const relay = aiRelay({
    outer: `${settings.prefix}/v1`,
    inner: keepsVersion(provider, settings) ? '/v1' : '',
    leaveOut: provider === 'chatgpt' && !keepsVersion(provider, settings) ? ['anthropic-beta'] : [],
    headers: Object.entries(settings.headers),
    bounds: boundsOf(config),
    errorShape: errorShapeOf(provider),
  });
  const store = logins.get(provider);
  if (store !== undefined) return [relay, aiStore({ store, beta: settings.beta })];
  const key = keyOf(settings);
  return key === null ? [relay] : [relay, aiKey({ key, dialect: provider === 'claude' ? 'anthropic' : 'openai' })];
}

function dialectCredential({ ai }: Config, logins: AiLogins): DialectCredential {
  if (logins.has('claude')) return 'login';
  return ai.providers.claude.credentials === 'passthrough' ? 'client' : 'key';
}

/** A base of OpenAI that has a path of its own, as the backend of ChatGPT has, stands for the `/v1` of its public API. */
function keepsVersion(provider: ProviderName, { base }: ProviderConfig): boolean {
  return provider === 'claude' || originOfUrl(base).pathPrefix === '';
}

/** Empty: requests go with what the client has. */
function accountOf(config: Config, provider: ProviderName): string {
  const [only] = credentialsOf(config, provider);
  return only === undefined ? '' : (only.id ?? '1');
}

/** null: requests go with what the client has. */
function keyOf({ credentials }: ProviderConfig): string | null {
  if (credentials === 'passthrough') return null;
  const [only] = credentials;
  return only !== undefined && 'api_key' in only ? only.api_key : null;
}

function boundsOf(config: Config): Bounds {
  const everywhere = engineTimeouts(config);
  return {
    bodyBytes: BODY_BYTES,
    // Programs that give up close their connections; what a model says to nobody is paid for all the same.
    halfIsGone: true,
    timeouts: {
      ...everywhere,
      responseMs: config.ai.request_timeout,
      readMs: Math.max(everywhere.readMs, SILENCE_MS),
      tunnelIdleMs: Math.max(everywhere.tunnelIdleMs, SILENCE_MS),
    },
  };
}

function errorShapeOf(provider: ProviderName): typeof anthropicError {
  return provider === 'claude' ? anthropicError : openaiError;
}

const HERE: AnswerTarget = respondWith(() => ({ status: 200 }));
const NOWHERE: AnswerTarget = { kind: 'answer', take: (exchange) => exchange.fail('route_not_found') };

/** One for all addresses: what is known of a login is known to all of them. */
export function aiLogins(config: Config, { ways, dns }: Pick<BackendParts, 'ways' | 'dns'>): AiLogins {
  const logins = new Map<ProviderName, LoginSource>();
  if (!config.ai.enabled) return logins;
  for (const provider of PROVIDERS) {
    const [only] = credentialsOf(config, provider);
    const store = only === undefined ? null : openStore(config, provider, only, { ways, dns: dns.cache });
    if (store !== null) logins.set(provider, store);
  }
  return logins;
}

/** The servers of the providers; none where nothing is asked of them. */
export function aiTargets({ ai }: Config, parts: BackendParts): ReadonlyMap<ProviderName, ForwardTarget> {
  if (!ai.enabled) return new Map();
  return new Map(
    PROVIDERS.map((provider) => {
      const known = { ...originOfUrl(ai.providers[provider].base, { host: 'backend' }), isTransparent: true };
      const origin = { ...known, dialler: parts.ways.diallerOf(ai.via, known), member: null };
      return [provider, plainBackend(origin, parts)];
    }),
  );
}

export function ledTo({ leadsTo, provider, ...route }: AiRoute, targets: ReturnType<typeof aiTargets>): RouteSpec {
  const target = leadsTo === 'provider' ? targets.get(provider) : undefined;
  return { ...route, target: target ?? (leadsTo === 'here' ? HERE : NOWHERE) };
}
