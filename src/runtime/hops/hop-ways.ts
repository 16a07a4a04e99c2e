// The ways through hops that the rules of one configuration name, each made when it is first taken. Rule: all ways share the groups,
// so that what one of them learns of a proxy the others know.
import type { Config } from '../../config/config.ts';
import type { Chain } from '../../services/chain/chain.ts';
import { WarmConnections } from '../../services/chain/warm-connections.ts';
import type { DnsCache } from '../../transport/dns-cache.ts';
import { type ChainPatience, createChain, type HopGroups } from '../assemble/assemble-hops.ts';
import { type HopSessions, ViaHops } from '../registry.ts';

/** Proxies close what says nothing for about a minute. */
const READY_FOR_MS = 30_000;

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
  /** By the name of the hop that a chain begins with. */
  private readonly ready = new Map<string, WarmConnections>();

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
    const way = new ViaHops(this.chain(via), this.sessions);
    this.ways.set(key, way);
    return way;
  }

  /** For whoever only wants connections. */
  chain(via: readonly string[]): Chain {
    const { config, groups, dns } = this;
    return createChain(config, via, patienceOf(config), { groups, dns, warm: this.readyFor(via[0]) });
  }

  /** Nothing new goes through them. */
  dispose(): void {
    for (const group of this.groups.values()) group.dispose();
    for (const connections of this.ready.values()) connections.dispose();
  }

  /** All ways that begin with this hop share what is ready for it. */
  private readyFor(name: string | undefined): WarmConnections | null {
    const hop = name === undefined ? undefined : this.config.hops[name];
    if (name === undefined || hop === undefined || hop.keep_ready === 0) return null;
    const known = this.ready.get(name);
    if (known !== undefined) return known;
    const ready = new WarmConnections({
      dns: this.dns,
      connectTimeoutMs: hop.timeouts.connect ?? this.config.timeouts.connect,
      perEndpoint: hop.keep_ready,
      maxIdleMs: READY_FOR_MS,
    });
    this.ready.set(name, ready);
    return ready;
  }
}

function patienceOf({ egress }: Config): ChainPatience {
  const { attempts, on_status, within, budget } = egress.retry;
  return { attempts, retryOnStatus: on_status, withinMs: within, retryShare: budget };
}
