// Turns the backends of a route into its target. Rule: what needs no balancing gets none; a group is found again by the name of
// its route, so that what is known of a backend outlives a reload and is known to every thread.
import type { Config } from '../config/config.ts';
import type { Policies } from '../config/schema/policies.ts';
import type { BackendsTarget } from '../config/schema/targets.ts';
import type { Exchange } from '../contract/exchange.ts';
import type { Policy } from '../contract/policy.ts';
import type { ForwardTarget } from '../contract/target.ts';
import { RetryBudget } from '../services/chain/retry-budget.ts';
import { Group } from '../services/balance/group.ts';
import type { MemberTable } from '../services/balance/member-table.ts';
import type { MemberSpec } from '../services/balance/member.ts';
import type { MetricsRecorder } from '../telemetry/metrics-recorder.ts';
import { groupOptions } from './assemble-hops.ts';
import { poolEars } from './hop-telemetry.ts';
import { originTls } from './pem-files.ts';
import {
  type BackendOrigin,
  type BackendRetries,
  backends,
  BalancedBackends,
  type KeyOf,
  originOfUrl,
  type OriginSettings,
  StickyCookie,
} from './registry.ts';

export interface BackendParts {
  readonly members: MemberTable;
  readonly recorder: MetricsRecorder;
}

export interface BackendsInit {
  /** Of the route. */
  readonly name: string;
  readonly to: BackendsTarget;
  /** null: as long as nobody says otherwise. */
  readonly retry: Policies['retry'] | null;
}

/** A target, and the policies that it needs. */
export interface MadeBackends {
  readonly target: ForwardTarget;
  readonly policies: readonly Policy[];
}

const PROXY_VERSIONS = { v1: 1, v2: 2 } as const;

/** Without a word about retries another backend is tried once. */
const ATTEMPTS = 2;

/** What belongs together under the strategies that choose by key. */
const KEYS: Readonly<Partial<Record<BackendsTarget['strategy'], KeyOf>>> = {
  sticky_hash: ({ client }: Exchange) => client.address,
  consistent_hash: ({ request }: Exchange) => request.path + request.query,
};

export function createBackends(init: BackendsInit, { members: table, recorder }: BackendParts): MadeBackends {
  const { name, to, retry } = init;
  const members = backendMembers(to);
  const [only] = members;
  if (only !== undefined && !isBalanced(init)) return { target: backends(only.data), policies: [] };
  const pool = poolOf(name);
  const ears = poolEars(recorder, { pool, policy: to.strategy }, (member) => member);
  const group = new Group({ name: pool, table, members, options: { ...groupOptions(to), ...ears } });
  const { sticky } = to;
  const cookie = sticky === null ? null : new StickyCookie({ name: sticky.cookie, ttlMs: sticky.ttl, group });
  const keyOf = KEYS[to.strategy] ?? null;
  const target = new BalancedBackends({ group, retries: retriesOf(retry), keyOf, bindings: cookie });
  return { target, policies: cookie === null ? [] : [cookie] };
}

/** One backend of which nothing is asked is no group. */
export function isBalanced({ to, retry }: Omit<BackendsInit, 'name'>): boolean {
  const isJudged = to.health !== null || to.breaker !== null;
  const isRetried = retry !== null && retry !== undefined && retry !== false;
  return to.backends.length > 1 || isJudged || isRetried || to.sticky !== null;
}

/** The name of the group of a route, which no hop has. */
export function poolOf(route: string): string {
  return `gateway/${route}`;
}

/** They go by their URLs; one that is named twice is two members. */
export function backendMembers(to: BackendsTarget): MemberSpec<BackendOrigin>[] {
  const settings: OriginSettings = {
    tls: to.tls === null ? null : originTls(to.tls),
    http2: to.http2,
    proxyProtocol: to.proxy_protocol === null ? null : PROXY_VERSIONS[to.proxy_protocol],
    host: to.host,
  };
  // Without its checks nobody would find out that a backend is well again.
  const revision = JSON.stringify([to.tls, to.http2, to.proxy_protocol, to.health, to.host]);
  const taken = new Map<string, number>();
  return to.backends.map(({ url, weight }) => {
    const origin = originOfUrl(url, settings);
    const place = `${origin.name}${origin.pathPrefix}`;
    const count = (taken.get(place) ?? 0) + 1;
    taken.set(place, count);
    const id = count === 1 ? place : `${place} (${count})`;
    return { id, data: { ...origin, member: null }, weight, revision };
  });
}

/** What is said nearest to the route counts; null: nothing is said. */
export function retryOf({ gateway, policies }: Config, own: Policies): BackendsInit['retry'] {
  return own.retry ?? gateway.policies.retry ?? policies.retry ?? null;
}

function retriesOf(retry: BackendsInit['retry']): BackendRetries {
  if (retry === null || retry === undefined || retry === false) {
    const attempts = retry === false ? 1 : ATTEMPTS;
    return { attempts, statuses: [], withinMs: null, budget: new RetryBudget(), repeats: false };
  }
  const { attempts, on_status: statuses, within: withinMs, budget } = retry;
  return { attempts, statuses, withinMs, budget: new RetryBudget(budget), repeats: true };
}
