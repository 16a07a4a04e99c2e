// Where requests for providers of AI would lead. Rule: their routes and policies are those that the gateway is made of.
import { type AiLogins, aiRoutes, type AiRoute } from '../assemble/assemble-ai.ts';
import { aiCaches } from '../assemble/assemble-ai-cache.ts';
import { aiLimitPolicies } from '../assemble/assemble-ai-limits.ts';
import { ConfiguredPolicies, type PolicyParts } from '../assemble/assemble-policies.ts';
import { credentialsOf } from '../accounts/account-store.ts';
import { ERROR_CATALOGUE, SluiceError } from '../../core/errors.ts';
import type { RequestView } from '../../contract/exchange.ts';
import type { Config } from '../../config/config.ts';
import type { GatewayListen } from '../../config/schema/gateway.ts';
import { AnswerShelf } from '../../services/answers/answer-shelf.ts';
import type { LoginSource } from '../../policies/ai-store/ai-store.ts';
import { backendNamed } from './explain-target.ts';
import type { ExplainedResult } from './explanation.ts';

export interface AiScene {
  readonly config: Config;
  readonly listen: GatewayListen | null;
}

/** Nothing is sent, so that nobody's login is needed. */
const NO_LOGIN: LoginSource = {
  login: null,
  require: () => Promise.reject(new SluiceError('credential_unavailable')),
  refused: () => Promise.resolve(),
  close: () => Promise.resolve(),
};

function dryLogins(config: Config): AiLogins {
  const all = ['claude', 'chatgpt'] as const;
  const stored = all.filter((provider) => credentialsOf(config, provider).some((one) => 'store' in one));
  return new Map(stored.map((provider) => [provider, NO_LOGIN]));
}

/** An address that sends its clients elsewhere has none. */
export function aiRoutesAt({ config, listen }: AiScene, parts: PolicyParts): AiRoute[] {
  if (listen !== null && listen.redirect_https !== null) return [];
  const caches = aiCaches(config, { ...parts, threads: 1, answers: new AnswerShelf() });
  const guards = new ConfiguredPolicies(config, parts).ofAi(listen);
  const limitsOf = aiLimitPolicies(config, parts);
  return aiRoutes(config, { ...parts, guards, logins: dryLogins(config), caches, limitsOf, writeBodies: () => {} });
}

export function explainAi({ provider, leadsTo }: AiRoute, { ai }: Config, request: RequestView): ExplainedResult {
  if (leadsTo === 'here') return { kind: 'answered', status: 200, code: null, text: `the path of ${provider} itself` };
  if (leadsTo === 'nowhere') {
    const { status, summary: text } = ERROR_CATALOGUE.route_not_found;
    return { kind: 'refused', status, code: 'route_not_found', text };
  }
  const through = ai.via.length === 0 ? '' : ` through ${ai.via.join(', then ')}`;
  return backendNamed(`${ai.providers[provider].base} asked for ${request.upstreamTarget}${through}`);
}

export function placeOfProvider({ provider }: AiRoute): string {
  return `ai.providers.${provider}`;
}
