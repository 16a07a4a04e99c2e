// Turns the hops of the configuration into groups of proxies, and the ways of the rules into chains. Rule: a group is found again
// by the name of its hop, so that what is known of a proxy outlives a reload.
import type { Config } from '../../config/config.ts';
import type { Hop, HopProxy } from '../../config/schema/hops.ts';
import type { ClientTls } from '../../config/schema/tls.ts';
import { SluiceError } from '../../core/errors.ts';
import { Group } from '../../services/balance/group.ts';
import type { BreakerOptions, GroupOptions } from '../../services/balance/group-rules.ts';
import type { MemberTable } from '../../services/balance/member-table.ts';
import type { MemberSpec } from '../../services/balance/member.ts';
import { Chain } from '../../services/chain/chain.ts';
import { endpointOfUrl, PROXY_ALPN } from '../../services/chain/endpoint-of-url.ts';
import type { ProxyEndpoint } from '../../services/chain/proxy-endpoint.ts';
import type { WarmConnections } from '../../services/chain/warm-connections.ts';
import type { DnsCache } from '../../transport/dns-cache.ts';
import { TlsClient } from '../../transport/tls-client.ts';
import type { EarsOf } from '../hops/hop-telemetry.ts';
import { originTls } from './pem-files.ts';

export type HopGroup = Group<ProxyEndpoint>;

/** By the name of the hop. */
export type HopGroups = ReadonlyMap<string, HopGroup>;

/** Of the proxies that may be used. */
export function hopGroups({ hops }: Config, table: MemberTable, earsOf: EarsOf = () => ({})): HopGroups {
  return new Map(
    Object.entries(hops).map(([name, hop]) => {
      const members = hopMembers(name, hop).filter((_, index) => hop.proxies[index]?.enabled);
      return [name, new Group({ name, table, members, options: { ...groupOptions(hop), ...earsOf(name, hop) } })];
    }),
  );
}

/** All proxies of a hop, also those that are not enabled; throws where one cannot be what it is said to be. */
export function hopMembers(name: string, hop: Hop): MemberSpec<ProxyEndpoint>[] {
  return hop.proxies.map((proxy) => memberSpec(name, hop, proxy));
}

function memberSpec(hop: string, { auth, local_dns, timeouts }: Hop, proxy: HopProxy): MemberSpec<ProxyEndpoint> {
  const { id, url, weight, priority, backup, tags, tls } = proxy;
  const data = endpointOfUrl(url, {
    hop,
    id,
    auth,
    tls: tls === null ? null : proxyTls(tls),
    localDns: local_dns,
    handshakeTimeoutMs: timeouts.handshake,
    budgetMs: timeouts.budget,
  });
  return { id, data, weight, priority, backup, tags, revision: `${url}\n${auth ?? ''}` };
}

function proxyTls(config: ClientTls): TlsClient {
  const { serverName, ca, certificate, verify } = originTls(config);
  return new TlsClient({
    alpn: PROXY_ALPN,
    verify,
    ...(serverName === null ? {} : { serverName }),
    ...(ca === null ? {} : { ca }),
    ...(certificate === null ? {} : { certificate }),
  });
}

/** What hops and backends have in common. */
export type BalancingRules = Pick<
  Hop,
  'strategy' | 'breaker' | 'outliers' | 'max_ejected' | 'when_all_out' | 'slow_start'
>;

export function groupOptions(hop: BalancingRules): GroupOptions {
  const { strategy, outliers, max_ejected, when_all_out, slow_start } = hop;
  return {
    strategy,
    breaker: breakerOptions(hop),
    outliers: outliers === null ? null : { minUses: outliers.min_requests, aboveOthers: outliers.above_others },
    maxEjectedShare: max_ejected,
    whenAllOut: when_all_out,
    slowStartMs: slow_start ?? 0,
  };
}

function breakerOptions({ breaker }: BalancingRules): BreakerOptions | null {
  if (breaker === null) return null;
  const { failures, successes, open_for, max_open_for, half_open_trials, failure_rate: rate } = breaker;
  return {
    failures,
    successes,
    openForMs: open_for,
    maxOpenForMs: max_open_for,
    trials: half_open_trials,
    rate: rate === null ? null : { windowMs: rate.window, minUses: rate.min_requests, share: rate.share },
  };
}

/** What whoever goes through hops may do about failures. */
export interface ChainPatience {
  readonly attempts: number;
  readonly retryOnStatus: readonly number[];
  /** For everything that is tried for one request; null: only what each attempt may take. */
  readonly withinMs: number | null;
  /** Retries as a share of all requests. */
  readonly retryShare: number;
}

export interface ChainParts {
  readonly groups: HopGroups;
  readonly dns: DnsCache;
  /** Where connections to its first hop may be waiting. */
  readonly warm?: WarmConnections | null;
}

/** A chain through these hops, which the configuration has. */
export function createChain(
  { hops, timeouts }: Config,
  via: readonly string[],
  patience: ChainPatience,
  { groups, dns, warm }: ChainParts,
): Chain {
  const known = via.map((name) => {
    const [hop, group] = [hops[name], groups.get(name)];
    // The configuration was checked; whatever is wrong all the same, no hop is ever gone round.
    if (hop === undefined || group === undefined) {
      throw new SluiceError('internal', { message: `there is no hop ${name}` });
    }
    return { hop, group };
  });
  const connectTimeoutMs = known[0]?.hop.timeouts.connect ?? timeouts.connect;
  const handshakeTimeoutMs = Math.max(...known.map(({ hop }) => hop.timeouts.handshake));
  const perHop = known.map(({ hop }) => hop.timeouts.budget ?? hop.timeouts.handshake);
  const oneAttemptMs = connectTimeoutMs + perHop.reduce((sum, each) => sum + each, 0);
  return new Chain({
    name: via.join(' → '),
    groups: known.map(({ group }) => group),
    dns,
    connectTimeoutMs,
    handshakeTimeoutMs,
    budgetMs: patience.withinMs ?? oneAttemptMs * patience.attempts,
    attempts: patience.attempts,
    retryOnStatus: patience.retryOnStatus,
    retryShare: patience.retryShare,
    warm,
  });
}
