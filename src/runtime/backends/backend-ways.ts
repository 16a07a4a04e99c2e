// The chains that backends are reached through, for one configuration: each made when a route first names it. Rule: the hops are
// those of the forward proxy, and what is known of their proxies is known to both.
import type { Config } from '../../config/config.ts';
import type { Origin, OriginDialler } from '../../contract/target.ts';
import { createTlsClient } from '../../engine/origin-dialler.ts';
import type { MemberTable } from '../../services/balance/member-table.ts';
import type { DnsCache } from '../../transport/dns-cache.ts';
import { hopGroups } from '../assemble/assemble-hops.ts';
import { ConfiguredSessions, SessionBindings } from '../hops/hop-sessions.ts';
import type { EarsOf } from '../hops/hop-telemetry.ts';
import { HopWays } from '../hops/hop-ways.ts';
import { ThroughChain } from '../registry.ts';

export interface BackendWaysParts {
  readonly table: MemberTable;
  readonly dns: DnsCache;
  /** Who listens to the groups of the hops. Default: nobody. */
  readonly earsOf?: EarsOf;
}

const NO_SESSION = { key: '', ttlMs: 0, tags: {} };

export class BackendWays {
  readonly #config: Config;
  readonly #parts: BackendWaysParts;
  #sessions: ConfiguredSessions | null = null;
  #ways: HopWays | null = null;

  constructor(config: Config, parts: BackendWaysParts) {
    this.#config = config;
    this.#parts = parts;
  }

  /** Of one origin; null: it is reached straight. */
  diallerOf(via: readonly string[], origin: Origin): OriginDialler | null {
    if (via.length === 0) return null;
    const { timeouts, egress } = this.#config;
    const sessions = (this.#sessions ??= new ConfiguredSessions(
      new SessionBindings().under(egress.sticky),
      this.#config,
    ));
    const through = new ThroughChain({
      chain: this.#hops(sessions).chain(via),
      credentialsFor: (endpoint) => sessions.credentialsFor(NO_SESSION, endpoint),
      tlsTimeoutMs: timeouts.connect,
    });
    return through.diallerOf(origin, origin.tls === null ? null : createTlsClient(origin.tls, origin.protocol));
  }

  /** Nothing new goes through them. */
  dispose(): void {
    this.#ways?.dispose();
  }

  #hops(sessions: ConfiguredSessions): HopWays {
    const { table, dns, earsOf } = this.#parts;
    this.#ways ??= new HopWays(this.#config, { groups: hopGroups(this.#config, table, earsOf), sessions, dns });
    return this.#ways;
  }
}
