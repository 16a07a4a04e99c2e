// The paths at Claude by which programs ask that speak OpenAI's dialect. Rule: who speaks Anthropic's, and says so by its version, is
// relayed there as everywhere else.
import type { Policy } from '../../contract/policy.ts';
import type { RouteMatch } from '../../engine/router.ts';
import { aiDialect, chatTranslation, modelTranslation, openaiError } from '../registry.ts';
import type { AiRoute } from './assemble-ai.ts';

export type DialectCredential = Parameters<typeof aiDialect>[0]['credential'];

const NATIVE: RouteMatch['fields'] = [['anthropic-version', '*']];

/** Made of the route by which everything else is relayed. */
export function dialectRoutes(relayed: AiRoute, prefix: string, credential: DialectCredential): AiRoute[] {
  const dialect = (asksFor: 'message' | 'models' | 'model', translation: Policy): Policy[] => {
    return [aiDialect({ asksFor, credential, errorShape: openaiError }), translation];
  };
  return [
    ...routesAt(relayed, ['POST', `${prefix}/v1/chat/completions`], dialect('message', chatTranslation())),
    ...routesAt(relayed, ['GET', `${prefix}/v1/models`], dialect('models', modelTranslation())),
    ...routesAt(relayed, ['GET', `${prefix}/v1/models/{id}`], dialect('model', modelTranslation())),
  ];
}

function routesAt(relayed: AiRoute, [method, path]: readonly [string, string], dialect: readonly Policy[]): AiRoute[] {
  const match = { ...relayed.match, path, methods: [method] };
  const place = relayed.policies.findIndex(({ name }) => name === 'ai-relay') + 1;
  // What is done for the provider comes after it: there everything is Anthropic's.
  const policies = relayed.policies.toSpliced(place, 0, ...dialect);
  return [
    { ...relayed, match: { ...match, fields: NATIVE } },
    { ...relayed, match, policies },
  ];
}
