// Makes the page before a visit to a tunnel, where the configuration wants one. Rule: only names below the domain of the server have it;
// a route that names a tunnel is the operator's own word for it.
import type { Config } from '../../config/config.ts';
import type { Policy } from '../../contract/policy.ts';
import { tunnelInterstitial } from '../registry.ts';

export function interstitialOf({ tunnels: { server } }: Config): Policy[] {
  if (!server.enabled || server.interstitial === null) return [];
  const { skip_header: skipHeader, cookie_ttl: cookieTtlMs } = server.interstitial;
  return [tunnelInterstitial({ domain: server.domain, skipHeader, cookieTtlMs })];
}
