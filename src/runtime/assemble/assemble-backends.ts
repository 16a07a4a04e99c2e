// Turns the backends of a route into its target. Rule: what needs no balancing gets none; a group is found again by the name of
// its route, so that what is known of a backend outlives a reload and is known to every thread.
import type { Config } from '../../config/config.ts';
import type { Policies } from '../../config/schema/policies.ts';
import type { BackendsTarget } from '../../config/schema/targets.ts';
import type { Exchange } from '../../contract/exchange.ts';
import type { Policy } from '../../contract/policy.ts';
import type { ForwardTarget } from '../../contract/target.ts';
import { RetryBudget } from '../../services/chain/retry-budget.ts';
import { Group } from '../../services/balance/group.ts';
import type { MemberTable } from '../../services/balance/member-table.ts';
import { WaitingRoom } from '../../services/balance/waiting-room.ts';
import { waitFamilies } from '../../telemetry/families.ts';
import type { MetricsRecorder } from '../../telemetry/metrics-recorder.ts';
import { groupOptions } from './assemble-hops.ts';
import type { BackendWays } from '../backends/backend-ways.ts';
import type { Dns } from './configured-dns.ts';
import { poolEars, toldEars } from '../hops/hop-telemetry.ts';
import { originTls } from './pem-files.ts';
import type { ThreadLog } from '../threads/thread-log.ts';
import {
  type BackendOrigin,
  type BackendRetries,
  backends,
  BalancedBackends,
  FollowedBackend,
  type KeyOf,
  originOfUrl,
  type OriginSettings,
  StickyCookie,
  type Waiting,
} from '../registry.ts';
import { areNamed, type BackendSpec, ResolvedBackends, standsForAddresses } from '../backends/resolved-backends.ts';

export interface BackendParts {
  readonly members: MemberTable;
  readonly recorder: MetricsRecorder;
  readonly log: ThreadLog;
  /** How many share the doors, and with them what may wait. */
  readonly threads: number;
  readonly dns: Dns;
  readonly ways: BackendWays;
  /** How long a request may wait for what is to be connected to. */
  readonly connectMs: number;
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

/** null: none has anything to do with the choice. */
export function keyOfStrategy(strategy: BackendsTarget['strategy']): KeyOf | null {
  return KEYS[strategy] ?? null;
}

/** For names, beside what `queue` says. */
const MOST_WAIT_FOR_NAMES = 1000;

export function createBackends(init: BackendsInit, parts: BackendParts): MadeBackends {
  const { to } = init;
  const specs = backendMembers(to, parts.ways);
  const [only] = specs;
  if (only !== undefined && !isBalanced(init)) return { target: plainBackend(only.data, parts), policies: [] };
  return balanced(init, specs, parts);
}

/** One of which nothing is asked. */
export function plainBackend(origin: BackendOrigin, { dns }: BackendParts): ForwardTarget {
  const isFollowed = origin.dialler === null && standsForAddresses(origin);
  return isFollowed ? new FollowedBackend({ origin, dns: dns.cache }) : backends(origin);
}

function balanced({ name, to, retry }: BackendsInit, specs: readonly BackendSpec[], parts: BackendParts): MadeBackends {
  const { members: table, recorder, dns } = parts;
  const pool = poolOf(name);
  const counting = poolEars(recorder, { pool, policy: to.strategy }, (member) => member);
  const ears = toldEars(counting, parts.log, (backend) => ({ backend, route: name }));
  const names = areNamed(specs, to) ? new ResolvedBackends({ specs, to, resolve: dns.resolve }) : null;
  const members = names === null ? specs : names.members();
  const group = new Group({ name: pool, table, members, options: { ...groupOptions(to), ...ears } });
  names?.watch(() => group.update(names.members()));
  const { sticky } = to;
  const cookie = sticky === null ? null : new StickyCookie({ name: sticky.cookie, ttlMs: sticky.ttl, group });
  const target = new BalancedBackends({
    group,
    retries: retriesOf(retry),
    keyOf: keyOfStrategy(to.strategy),
    bindings: cookie,
    waiting: waitingFor(pool, to, parts, names !== null),
    names,
  });
  return { target, policies: cookie === null ? [] : [cookie] };
}

function waitingFor(
  pool: string,
  { backends: all, queue }: BackendsTarget,
  { members: table, recorder, threads, connectMs }: BackendParts,
  isNamed: boolean,
): Waiting | null {
  const isLimited = all.some(({ max_connections: most }) => most !== null) && queue !== null;
  if (!isLimited && !isNamed) return null;
  const size = isLimited ? Math.ceil(queue.size / threads) : MOST_WAIT_FOR_NAMES;
  const waits = isLimited ? waitFamilies(recorder, pool) : null;
  return {
    room: new WaitingRoom<Exchange>({ name: pool, table, size }),
    forRoomMs: isLimited ? queue.timeout : 0,
    forNamesMs: connectMs,
    ...(waits !== null && {
      onWait: (end) => {
        recorder.slots[waits[end]] = (recorder.slots[waits[end]] ?? 0) + 1;
      },
    }),
  };
}

/** One backend of which nothing is asked is no group. */
export function isBalanced({ to, retry }: Omit<BackendsInit, 'name'>): boolean {
  const isJudged = to.health !== null || to.breaker !== null;
  const isRetried = retry !== null && retry !== undefined && retry !== false;
  const [only] = to.backends;
  const isOne = to.backends.length === 1 && only !== undefined && only.max_connections === null;
  if (!isOne || isJudged || isRetried || to.sticky !== null) return true;
  return to.resolve !== false && to.via.length === 0 && standsForAddresses(originOfUrl(only.url));
}

/** The name of the group of a route, which no hop has. */
export function poolOf(route: string): string {
  return `gateway/${route}`;
}

/** They go by their URLs, names not resolved; one that is named twice is two members. */
export function backendMembers(to: BackendsTarget, ways: BackendWays): BackendSpec[] {
  const settings: OriginSettings = {
    tls: to.tls === null ? null : originTls(to.tls),
    http2: to.http2,
    proxyProtocol: to.proxy_protocol === null ? null : PROXY_VERSIONS[to.proxy_protocol],
    host: to.host,
  };
  // Without its checks nobody would find out that a backend is well again.
  const revision = JSON.stringify([to.tls, to.http2, to.proxy_protocol, to.health, to.host, to.via]);
  const taken = new Map<string, number>();
  return to.backends.map(({ url, weight, max_connections: maxConnections }) => {
    const origin = originOfUrl(url, { ...settings, maxConnections });
    const place = `${origin.name}${origin.pathPrefix}`;
    const count = (taken.get(place) ?? 0) + 1;
    taken.set(place, count);
    const id = count === 1 ? place : `${place} (${count})`;
    const data = { ...origin, dialler: ways.diallerOf(to.via, origin), member: null };
    return { id, data, weight, maxActive: maxConnections, revision };
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
