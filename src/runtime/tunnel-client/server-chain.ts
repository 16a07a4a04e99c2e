// The hops that a tunnel server is reached through. Rule: they are those of the configuration, and whoever asks for them goes through all
// of them or nowhere.
import type { Config } from '../../config/config.ts';
import { MemberTable } from '../../services/balance/member-table.ts';
import type { ThroughHops } from '../../services/tunnel-client/reach-server.ts';
import { DnsCache } from '../../transport/dns-cache.ts';
import { hopGroups } from '../assemble/assemble-hops.ts';
import { ConfiguredSessions, SessionBindings } from '../hops/hop-sessions.ts';
import { HopWays } from '../hops/hop-ways.ts';

const NO_SESSION = { key: '', ttlMs: 0, tags: {} };

export interface ServerChain extends ThroughHops {
  /** Nothing new goes through it. */
  dispose(): void;
}

/** For a program that has no other traffic. */
export function freshServerChain(config: Config, via: readonly string[]): ServerChain {
  const proxies = Object.values(config.hops).reduce((sum, hop) => sum + hop.proxies.length, 0);
  return serverChain(config, via, new MemberTable({ capacity: Math.max(32, 2 * proxies) }));
}

export function serverChain(config: Config, via: readonly string[], table: MemberTable): ServerChain {
  const sessions = new ConfiguredSessions(new SessionBindings().under(config.egress.sticky), config);
  const ways = new HopWays(config, { groups: hopGroups(config, table), sessions, dns: new DnsCache() });
  return {
    dialler: ways.chain(via),
    ask: { key: null, tags: null, credentialsFor: (endpoint) => sessions.credentialsFor(NO_SESSION, endpoint) },
    dispose: () => ways.dispose(),
  };
}
