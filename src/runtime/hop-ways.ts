// The ways through hops that the rules of one configuration name, each made when it is first taken. Rule: all ways share the groups,
// so that what one of them learns of a proxy the others know.
import type { Config } from '../config/config.ts';
import type { DnsCache } from '../transport/dns-cache.ts';
import { type ChainPatience, createChain, type HopGroups } from './assemble-hops.ts';
import { type HopSessions, ViaHops } from './registry.ts';

export interface HopParts {
  readonly groups: HopGroups;
  readonly sessions: HopSessions;
  readonly dns: DnsCache;
}

export class HopWays {
  private readonly config: Config;
  private readonly dns: DnsCache;
  private readonly groups: HopGroups;
  private readonly sessions: HopSessions;
  private readonly ways = new Map<string, ViaHops>();

  constructor(config: Config, { groups, sessions, dns }: HopParts) {
    this.config = config;
    this.dns = dns;
    this.groups = groups;
    this.sessions = sessions;
  }

  through(via: readonly string[]): ViaHops {
    const key = via.join('\n');
    const known = this.ways.get(key);
    if (known !== undefined) return known;
    const { config, groups, dns } = this;
    const way = new ViaHops(createChain(config, via, patienceOf(config), { groups, dns }), this.sessions);
    this.ways.set(key, way);
    return way;
  }

  /** Nothing new goes through them. */
  dispose(): void {
    for (const group of this.groups.values()) group.dispose();
  }
}

function patienceOf({ egress }: Config): ChainPatience {
  const { attempts, on_status, within, budget } = egress.retry;
  return { attempts, retryOnStatus: on_status, withinMs: within, retryShare: budget };
}
