// Which backend a request would get, and why not the others. Rule: the group is made anew and given back, so that a dry run takes
// nobody's turn; names stand for the addresses that the Sluice that runs knows, and for themselves where none runs.
import type { BackendsTarget } from '../../config/schema/targets.ts';
import { ERROR_CATALOGUE, type ErrorCode } from '../../core/errors.ts';
import { Group } from '../../services/balance/group.ts';
import { DnsCache } from '../../transport/dns-cache.ts';
import { backendMembers, isBalanced, keyOfStrategy, poolOf, retryOf } from '../assemble/assemble-backends.ts';
import { groupOptions } from '../assemble/assemble-hops.ts';
import { BackendWays } from '../backends/backend-ways.ts';
import { type BackendOrigin, StickyCookie } from '../registry.ts';
import type { DryExchange } from './dry-exchange.ts';
import { explainGroup, explainHops } from './explain-hops.ts';
import type { ExplainedHop, ExplainedResult } from './explanation.ts';
import type { Scene } from './scene.ts';

export interface AskedRoute {
  readonly name: string;
  readonly to: BackendsTarget;
  readonly policies: Parameters<typeof retryOf>[1];
}

export interface ExplainedBackends {
  /** The hops on the way, and last the backends themselves. */
  readonly hops: readonly ExplainedHop[];
  /** Why it gets none, or which; null: there is nothing to choose. */
  readonly result: ExplainedResult | null;
}

export function explainBackends(route: AskedRoute, exchange: DryExchange, scene: Scene): ExplainedBackends {
  const { to, name, policies } = route;
  const way = to.via.length === 0 ? [] : explainHops({ via: to.via, tags: {} }, exchange, scene);
  if (!isBalanced({ to, retry: retryOf(scene.config, policies) })) return { hops: way, result: null };
  const pool = explainPool(name, to, exchange, scene);
  return { hops: [...way, pool], result: resultOf(pool, to) };
}

function explainPool(route: string, to: BackendsTarget, exchange: DryExchange, scene: Scene): ExplainedHop {
  const { config, members: table } = scene;
  const ways = new BackendWays(config, { table, dns: new DnsCache() });
  const members = scene.backendsOf?.(route) ?? backendMembers(to, ways);
  const group = new Group<BackendOrigin>({ name: poolOf(route), table, members, options: groupOptions(to) });
  try {
    const key = keyOfStrategy(to.strategy)?.(exchange) ?? null;
    const explained = explainGroup(group, { key }, ({ name }) => name);
    const bound = boundTo(group, to, exchange);
    return bound === null ? explained : { ...explained, picked: bound, why: 'by its cookie' };
  } finally {
    group.dispose();
    ways.dispose();
  }
}

function boundTo(group: Group<BackendOrigin>, { sticky }: BackendsTarget, exchange: DryExchange): string | null {
  if (sticky === null) return null;
  return new StickyCookie({ name: sticky.cookie, ttlMs: sticky.ttl, group }).choose(exchange)?.id ?? null;
}

function resultOf({ picked, members, why }: ExplainedHop, { strategy }: BackendsTarget): ExplainedResult {
  if (picked === null) return refused(members.length === 0 ? 'upstream_dns_failed' : 'backends_exhausted', why);
  const others = members.length === 1 ? '' : `, of ${members.length} backends (${strategy})`;
  return { kind: 'backend', status: null, code: null, text: `${picked}${others}` };
}

function refused(code: ErrorCode, why: string): ExplainedResult {
  const { status, summary } = ERROR_CATALOGUE[code];
  return { kind: 'refused', status, code, text: `${summary} (${why})` };
}
