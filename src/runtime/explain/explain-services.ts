// Which services of ours a request could reach at an address. Rule: their routes and policies are those that the gateway is made of.
import { ConfiguredPolicies, type PolicyParts } from '../assemble/assemble-policies.ts';
import { type OwnRoute, ownRoutes } from '../processes/own-routes.ts';
import type { AiScene } from './explain-ai.ts';

/** An address that sends its clients elsewhere has none. */
export function ownRoutesAt({ config, listen }: AiScene, parts: PolicyParts): OwnRoute[] {
  if (listen !== null && listen.redirect_https !== null) return [];
  const guards = new ConfiguredPolicies(config, parts).ofAi(listen);
  return ownRoutes(config, { users: parts.users, guards });
}
