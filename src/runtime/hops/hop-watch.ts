// One hop as the main thread sees it: the state of its proxies, which it shares with every thread, and the checks of them.
// Rule: what changes in the configuration of the proxies changes nothing about when the others are checked next.
import type { Config } from '../../config/config.ts';
import type { Hop } from '../../config/schema/hops.ts';
import { hopHealth, type HopHealth } from '../../config/schema/balancing.ts';
import { Group } from '../../services/balance/group.ts';
import type { MemberTable } from '../../services/balance/member-table.ts';
import type { CheckResult, Member } from '../../services/balance/member.ts';
import { chainCheck } from '../../services/chain/chain-check.ts';
import type { Credentials, ProxyEndpoint } from '../../services/chain/proxy-endpoint.ts';
import { combineChecks } from '../../services/health/check-combination.ts';
import { type Check, HealthChecker } from '../../services/health/health-checker.ts';
import type { DnsCache } from '../../transport/dns-cache.ts';
import type { TlsClient } from '../../transport/tls-client.ts';
import { createChain, groupOptions, type HopGroup, hopMembers } from '../assemble/assemble-hops.ts';
import type { GroupEars } from './hop-telemetry.ts';

export interface HopWatchInit {
  readonly name: string;
  readonly config: Config;
  /** The hops that are gone through before it, in order. */
  readonly before: readonly HopWatch[];
  readonly table: MemberTable;
  readonly ears: GroupEars;
  readonly dns: DnsCache;
  readonly tls: TlsClient;
  readonly credentialsFor: (endpoint: ProxyEndpoint) => Credentials | null;
}

/** Of the time for a check, what its way may take; so it is known in time whose fault it was. */
const SHARE_OF_THE_WAY = 0.8;
const ATTEMPTS_ON_THE_WAY = 3;

export class HopWatch {
  readonly name: string;
  readonly group: HopGroup;
  readonly hop: Hop;
  readonly #init: HopWatchInit;
  readonly #checker: HealthChecker<ProxyEndpoint> | null;

  constructor(init: HopWatchInit, hop: Hop) {
    const { name, table, ears } = init;
    this.name = name;
    this.hop = hop;
    this.#init = init;
    this.group = new Group({
      name,
      table,
      members: hopMembers(name, hop),
      options: { ...groupOptions(hop), ...ears },
    });
    this.#checker = hop.health === null ? null : this.#createChecker(hop.health);
  }

  /** Begins with the checks, if there are any. */
  start(): void {
    this.#checker?.start();
  }

  /** Takes other proxies; those that stay keep the time of their next check. */
  update(hop: Hop): void {
    this.group.update(hopMembers(this.name, hop));
  }

  /** Another node has given it up. */
  suspect(member: Member<ProxyEndpoint>): void {
    if (this.#checker === null) member.suspect();
    else void this.#checker.verify(member);
  }

  stop(): void {
    this.#checker?.stop();
    this.group.dispose();
  }

  /** Whether nothing can get through to it. */
  get isFrozen(): boolean {
    return this.#init.before.some(({ group }) => group.members.every(({ obstacle }) => obstacle !== null));
  }

  /** One check out of turn. It counts like any other where the hop has checks, and is only told where it has none. */
  async check(member: Member<ProxyEndpoint>): Promise<CheckResult | null> {
    if (this.#checker !== null) return this.#checker.checkNow(member);
    const health = hopHealth.parse({});
    return this.#checkOf(health)(member, AbortSignal.timeout(health.timeout));
  }

  #createChecker(health: HopHealth): HealthChecker<ProxyEndpoint> {
    return new HealthChecker({
      group: this.group,
      check: this.#checkOf(health),
      intervalMs: health.interval,
      timeoutMs: health.timeout,
      unhealthyAfter: health.unhealthy_after,
      healthyAfter: health.healthy_after,
      isFrozen: () => this.isFrozen,
    });
  }

  #checkOf(health: HopHealth): Check<ProxyEndpoint> {
    const { config, before, name, dns, tls, credentialsFor } = this.#init;
    const groups = new Map([...before, this].map((watch) => [watch.name, watch.group]));
    const via = [...before.map((watch) => watch.name), name];
    const patience = {
      attempts: ATTEMPTS_ON_THE_WAY,
      retryOnStatus: [],
      withinMs: (health.timeout * SHARE_OF_THE_WAY) / health.url.length,
      retryShare: 1,
    };
    const { options } = createChain(config, via, patience, { groups, dns });
    const way = { ...options, groups: options.groups.slice(0, -1) };
    const checks = health.url.map((url) =>
      chainCheck({ url, way, tls, credentialsFor, proofHoldsMs: 2 * health.interval }),
    );
    return combineChecks(checks, health.need);
  }
}
