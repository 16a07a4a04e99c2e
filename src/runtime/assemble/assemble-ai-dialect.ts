// The paths at Claude by which programs ask that speak OpenAI's dialect. Rule: who speaks Anthropic's, and says so by its version, is
// relayed there as everywhere else.
import type { Policy } from '../../contract/policy.ts';
import type { RouteMatch } from '../../engine/router.ts';
import { aiDialect, chatTranslation, modelTranslation, openaiError } from '../registry.ts';
import type { AiRoute } from './assemble-ai.ts';

export type DialectCredential = Parameters<typeof aiDialect>[0]['credential'];

const NATIVE: RouteMatch['fields'] = [['anthropic-version', '*']];

export interface DialectWays {
  /** By which everything else is relayed. */
  readonly native: AiRoute;
  /** The same, without logins of subscriptions. */
  readonly keyed: AiRoute;
  readonly prefix: string;
  readonly credential: DialectCredential;
}

export function dialectRoutes({ native, keyed, prefix, credential }: DialectWays): AiRoute[] {
  const dialect = (asksFor: 'message' | 'models' | 'model', translation: Policy): AiRoute => {
    return translated(keyed, [aiDialect({ asksFor, credential, errorShape: openaiError }), translation]);
  };
  return [
    ...routesAt(['POST', `${prefix}/v1/chat/completions`], native, dialect('message', chatTranslation())),
    ...routesAt(['GET', `${prefix}/v1/models`], native, dialect('models', modelTranslation())),
    ...routesAt(['GET', `${prefix}/v1/models/{id}`], native, dialect('model', modelTranslation())),
  ];
}

/** What is done for the provider comes after the relay: there everything is Anthropic's. */
function translated(keyed: AiRoute, dialect: readonly Policy[]): AiRoute {
  const place = keyed.policies.findIndex(({ name }) => name === 'ai-relay') + 1;
  return { ...keyed, policies: keyed.policies.toSpliced(place, 0, ...dialect) };
}

function routesAt([method, path]: readonly [string, string], native: AiRoute, other: AiRoute): AiRoute[] {
  const match = { ...native.match, path, methods: [method] };
  return [
    { ...native, match: { ...match, fields: NATIVE } },
    { ...other, match },
  ];
}
