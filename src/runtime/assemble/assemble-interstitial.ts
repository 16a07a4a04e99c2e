// Makes the page before a visit to a tunnel, where the configuration wants one. Rule: only names below the domain of the server have it;
// a route that names a tunnel is the operator's own word for it.
import type { Config } from '../../config/config.ts';
import type { KnownNames } from '../../services/tunnels/known-names.ts';
import type { Policy } from '../../contract/policy.ts';
import { tunnelInterstitial } from '../registry.ts';

/** `known`: the names of users of the configuration; null: nobody can tell. */
export function interstitialOf({ tunnels: { server } }: Config, known: KnownNames | null = null): Policy[] {
  if (!server.enabled || server.interstitial === null) return [];
  const { skip_header: skipHeader, cookie_ttl: cookieTtlMs, users: isForAll } = server.interstitial;
  const options = { domain: server.domain, skipHeader, cookieTtlMs };
  if (isForAll || known === null) return [tunnelInterstitial(options)];
  return [tunnelInterstitial({ ...options, isKnown: (name) => known.has(name) })];
}
