// Where requests for providers of AI would lead, and with which account. Rule: their routes, policies and accounts are those that the
// gateway is made of; nothing is sent, so that nobody's login is needed.
import { type AiRoute, aiRoutes } from '../assemble/assemble-ai.ts';
import { accountGroup, AI_PROVIDERS, type AiAccounts } from '../assemble/assemble-ai-accounts.ts';
import { aiCaches } from '../assemble/assemble-ai-cache.ts';
import { aiLimitPolicies } from '../assemble/assemble-ai-limits.ts';
import { ConfiguredPolicies, type PolicyParts } from '../assemble/assemble-policies.ts';
import { ERROR_CATALOGUE } from '../../core/errors.ts';
import type { RequestView } from '../../contract/exchange.ts';
import type { Config } from '../../config/config.ts';
import type { GatewayListen } from '../../config/schema/gateway.ts';
import type { Account } from '../../services/accounts/account.ts';
import { AnswerShelf } from '../../services/answers/answer-shelf.ts';
import { Accounts } from '../registry.ts';
import { backendNamed } from './explain-target.ts';
import type { ExplainedResult } from './explanation.ts';
import type { Scene } from './scene.ts';

export interface AiScene {
  readonly config: Config;
  readonly listen: GatewayListen | null;
}

/** They end with whoever explains. */
export function dryAccounts({ config, members: table, isDeadAccount }: Scene): AiAccounts {
  const { ai } = config;
  return new Map(
    AI_PROVIDERS.flatMap((provider) => {
      const accounts = accountGroup(config, provider, {
        table,
        open: (credential, id) => {
          return dryAccount('store' in credential ? 'store' : 'api_key', isDeadAccount?.(provider, id) === true);
        },
      });
      if (!ai.enabled || accounts === null) return [];
      return [[provider, new Accounts({ accounts, provider: { select: () => null }, resendBytes: 0 })] as const];
    }),
  );
}

function dryAccount(kind: Account['kind'], isDead: boolean): Account {
  return {
    kind,
    isDead,
    isReady: false,
    require: () => Promise.reject(new Error('nothing is sent')),
    put() {},
    renew: () => Promise.resolve(false),
    dispose() {},
  };
}

/** An address that sends its clients elsewhere has none. */
export function aiRoutesAt({ config, listen }: AiScene, parts: PolicyParts, accounts: AiAccounts): AiRoute[] {
  if (listen !== null && listen.redirect_https !== null) return [];
  const caches = aiCaches(config, { ...parts, threads: 1, answers: new AnswerShelf() });
  const guards = new ConfiguredPolicies(config, parts).ofAi(listen);
  const limitsOf = aiLimitPolicies(config, parts);
  return aiRoutes(config, { ...parts, guards, accounts, caches, limitsOf, writeBodies: () => {} });
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
