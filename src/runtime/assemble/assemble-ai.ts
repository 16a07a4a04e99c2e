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
import type { ProviderName } from '../accounts/account-store.ts';
import {
  type Accounts,
  aiAccount,
  aiRelay,
  aiUser,
  anthropicError,
  openaiError,
  originOfUrl,
  respondWith,
  usage,
} from '../registry.ts';
import type { WriteBodies } from '../../telemetry/body-log.ts';
import { AI_PROVIDERS, type AiAccounts } from './assemble-ai-accounts.ts';
import { bodiesOf } from './assemble-ai-bodies.ts';
import type { AiCaches } from './assemble-ai-cache.ts';
import { type DialectCredential, dialectRoutes } from './assemble-ai-dialect.ts';
import { engineTimeouts } from './assemble-bounds.ts';
import type { PoliciesAround } from './assemble-policies.ts';

/** A route without its target: `leadsTo` says whether the provider answers, we do, or nobody. */
export interface AiRoute extends Omit<RouteSpec, 'target'> {
  readonly provider: ProviderName;
  readonly leadsTo: 'provider' | 'here' | 'nowhere';
  /** With which accounts the provider is asked; missing: with what the client has. */
  readonly target?: Accounts;
}

/** As much as Anthropic takes. */
const BODY_BYTES = 32 * 1024 * 1024;
/** A model may think for long before it says more. */
const SILENCE_MS = 600_000;

export interface AiRouteParts {
  readonly users: UserDirectory;
  /** The policies of the gateway that hold here too. */
  readonly guards: PoliciesAround;
  readonly accounts: AiAccounts;
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
  return AI_PROVIDERS.flatMap((provider) => routesOf(provider, config, { ...parts, user }));
}

function routesOf(provider: ProviderName, config: Config, parts: AiRouteParts & { readonly user: Policy }): AiRoute[] {
  const { guards, user, accounts, caches, writeBodies, tellUsage, limitsOf } = parts;
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
  const own = accounts.get(provider);
  const noteLimits = own && ((account: string, limits: unknown) => own.accounts.noteLimits(account, limits));
  const counted = usage({ provider, tell: tellUsage, ...(noteLimits !== undefined && { noteLimits }) });
  const shape: Policy = { name: 'ai-errors', errorShape: errorShapeOf(provider) };
  // Claude Code opens its connections so, without saying who it is.
  const bases = [prefix, `${prefix}/`, `${prefix}/v1`, `${prefix}/v1/`];
  const relayedWith = (own: Accounts | undefined): AiRoute => {
    const policies = [...asked, ...kept, ...providerPolicies(provider, config, own), counted];
    return { ...route(`${prefix}/v1/*`, 'provider', policies), ...(own !== undefined && { target: own }) };
  };
  const native = relayedWith(own);
  const keyed = relayedWith(own?.onlyKeys());
  return [
    ...(provider === 'claude' ? dialectRoutes({ native, keyed, prefix, credential: dialectCredential(own) }) : []),
    native,
    ...bases.map((path) => route(path, 'here', [...before, shape], ['HEAD'])),
    ...[prefix, `${prefix}/*`].map((path) => route(path, 'nowhere', [...before, shape])),
  ];
}

function providerPolicies(provider: ProviderName, config: Config, own: Accounts | undefined): Policy[] {
  const settings = config.ai.providers[provider];
  const relay = aiRelay({
    outer: `${settings.prefix}/v1`,
    inner: keepsVersion(provider, settings) ? '/v1' : '',
    leaveOut: provider === 'chatgpt' && !keepsVersion(provider, settings) ? ['anthropic-beta'] : [],
    headers: Object.entries(settings.headers),
    bounds: boundsOf(config),
    errorShape: errorShapeOf(provider),
  });
  if (own === undefined) return [relay];
  return [relay, aiAccount({ accounts: own.view, answered: (exchange) => own.answered(exchange) })];
}

function dialectCredential(own: Accounts | undefined): DialectCredential {
  if (own === undefined) return 'client';
  return own.accounts.members.some(({ data: { account } }) => account.kind === 'api_key') ? 'key' : 'login';
}

/** A base of OpenAI that has a path of its own, as the backend of ChatGPT has, stands for the `/v1` of its public API. */
function keepsVersion(provider: ProviderName, { base }: ProviderConfig): boolean {
  return provider === 'claude' || originOfUrl(base).pathPrefix === '';
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

export function ledTo(
  { leadsTo, provider, target: own, ...route }: AiRoute,
  targets: ReadonlyMap<ProviderName, ForwardTarget>,
): RouteSpec {
  const target = leadsTo === 'provider' ? (own ?? targets.get(provider)) : undefined;
  return { ...route, target: target ?? (leadsTo === 'here' ? HERE : NOWHERE) };
}
