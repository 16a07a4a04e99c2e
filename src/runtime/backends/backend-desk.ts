// The backends of every route of the configuration in force, on the main thread: how they are, and the checks that run in one
// place for all threads. Rule: it shows and judges; what the backends are is decided by the configuration.
import type { Config } from '../../config/config.ts';
import { backendsAt, type BackendsTarget } from '../../config/schema/targets.ts';
import { originDialler } from '../../engine/origin-dialler.ts';
import type { MemberEventKind } from '../../services/balance/member-state.ts';
import type { MemberTable } from '../../services/balance/member-table.ts';
import type { Logger } from '../../telemetry/application-log.ts';
import type { MetricsRecorder } from '../../telemetry/metrics-recorder.ts';
import { routeName } from '../assemble/assemble.ts';
import { isBalanced, poolOf, retryOf } from '../assemble/assemble-backends.ts';
import type { CheckResult } from '../../services/balance/member.ts';
import { type BackendChange, BackendDecisions, backendName } from './backend-decisions.ts';
import { BackendWatch, type NameNews } from './backend-watch.ts';
import { BackendWays } from './backend-ways.ts';
import { ConfiguredDns } from '../assemble/configured-dns.ts';
import type { PoolMemberReport } from '../hops/hop-metrics.ts';
import type { BackendSpec } from './resolved-backends.ts';
import { type GroupEars, poolEars, toldEars } from '../hops/hop-telemetry.ts';

export interface BackendDeskOptions {
  /** That of the data plane. */
  readonly table: MemberTable;
  readonly recorder: MetricsRecorder;
  readonly logger: Pick<Logger, 'info' | 'warn'>;
}

/** A backend of a route as anybody may see it. */
export interface BackendReport extends PoolMemberReport {
  /** With its route. */
  readonly id: string;
  readonly route: string;
  readonly weight: number;
  readonly priority: number;
  readonly backup: boolean;
  readonly isChanged: boolean;
}

interface Watched {
  readonly key: string;
  readonly watch: BackendWatch;
}

export class BackendDesk {
  readonly #options: BackendDeskOptions;
  readonly #dns = new ConfiguredDns();
  readonly #decisions = new BackendDecisions();
  /** By the name of the route. */
  #watched: ReadonlyMap<string, Watched> = new Map();

  constructor(options: BackendDeskOptions) {
    this.#options = options;
  }

  /** This configuration has come into force. */
  follow(config: Config): void {
    const before = this.#watched;
    const now = new Map<string, Watched>();
    for (const [name, to] of balancedRoutes(config)) now.set(name, this.#watch(config, name, to));
    this.#watched = now;
    this.#decide();
    for (const [name, { watch }] of before) if (now.get(name)?.watch !== watch) watch.stop();
    for (const [name, { watch }] of now) if (before.get(name)?.watch !== watch) watch.start();
  }

  stop(): void {
    for (const { watch } of this.#watched.values()) watch.stop();
    this.#watched = new Map();
  }

  members(): PoolMemberReport[] {
    return this.reports();
  }

  reports(): BackendReport[] {
    return [...this.#watched].flatMap(([route, { watch }]) => {
      return watch.group.members.map((member) => this.#reportOf(route, watch, member));
    });
  }

  find(id: string): BackendReport | undefined {
    return this.reports().find((report) => report.id === id);
  }

  /** In force on all threads when it returns; false: there is none of that name. */
  change(id: string, change: BackendChange): boolean {
    if (this.find(id) === undefined) return false;
    this.#decisions.change(id, change);
    this.#decide();
    return true;
  }

  /** One check, now; null: nothing can be said. */
  async check(id: string): Promise<CheckResult | null> {
    for (const [route, { watch }] of this.#watched) {
      const member = watch.group.members.find((each) => backendName(route, each.id) === id);
      if (member !== undefined) return watch.check(member);
    }
    return null;
  }

  #reportOf(route: string, { pool }: BackendWatch, member: BackendWatch['group']['members'][number]): BackendReport {
    const state = member.state();
    const id = backendName(route, member.id);
    return {
      id,
      route,
      hop: pool,
      name: member.id,
      state,
      isHealthy: state.health !== 'unhealthy' && state.breaker !== 'open',
      isBackend: true,
      weight: member.weight,
      priority: member.priority,
      backup: member.backup,
      isChanged: this.#decisions.stateOf(id) !== 'enabled',
    };
  }

  #decide(): void {
    for (const [route, { watch }] of this.#watched) {
      this.#decisions.apply(watch.group, (member) => backendName(route, member));
    }
  }

  /** Another node has given it up. */
  suspect({ pool, member }: { readonly pool: string; readonly member: string }): void {
    for (const { watch } of this.#watched.values()) if (watch.pool === pool) watch.suspect(member);
  }

  /** Of a route that is balanced; null: it is not. */
  specsOf(route: string): readonly BackendSpec[] | null {
    return this.#watched.get(route)?.watch.specs ?? null;
  }

  /** The same one as long as nothing but its backends changes. */
  #watch(config: Config, name: string, to: BackendsTarget): Watched {
    const { backends: _, ...rules } = to;
    const { timeouts, dns: servers } = config;
    const hops = to.via.map((hop) => config.hops[hop]);
    const key = JSON.stringify([rules, timeouts.connect, servers, hops]);
    const known = this.#watched.get(name);
    if (known?.key === key) {
      known.watch.update(to);
      return known;
    }
    const { table } = this.#options;
    const { resolve, cache } = this.#dns.of(config);
    const dial = originDialler(timeouts.connect, cache);
    const ways = new BackendWays(config, { table, dns: cache });
    const ears = this.#ears(name, to);
    const onNews = (news: NameNews): void => this.#tell(name, news);
    return { key, watch: new BackendWatch({ name, to, table, dial, resolve, ways, ears, onNews }) };
  }

  #tell(route: string, { joined, left, failure }: NameNews): void {
    const { logger } = this.#options;
    this.#decide();
    if (joined.length + left.length > 0)
      logger.info({ event: 'health', route, joined, left }, 'names of backends lead elsewhere');
    if (failure !== null)
      logger.warn({ event: 'health', route, reason: failure.message }, 'a backend cannot be found by its name');
  }

  #ears(name: string, { strategy }: BackendsTarget): GroupEars {
    const { recorder, logger } = this.#options;
    const own = poolEars(recorder, { pool: poolOf(name), policy: strategy }, (member) => member);
    const counting = toldEars(
      own,
      (level, told, text) => logger[level](told, text),
      (backend) => ({ backend, route: name }),
    );
    const onEvent = (backend: string, kind: MemberEventKind): void => {
      counting.onEvent?.(backend, kind);
      const event = 'health';
      if (kind === 'unhealthy')
        logger.warn({ event, backend, route: name }, 'the checks of a backend fail, it is left alone');
      if (kind === 'healthy') logger.info({ event, backend, route: name }, 'the checks of a backend pass again');
    };
    return { ...counting, onEvent };
  }
}

function balancedRoutes(config: Config): [name: string, to: BackendsTarget][] {
  const { routes, default_backend: url } = config.gateway;
  const explicit = routes.flatMap((route, index): [string, BackendsTarget][] => {
    const { to, policies } = route;
    if (!('backends' in to) || !isBalanced({ to, retry: retryOf(config, policies) })) return [];
    return [[routeName(route, index), to]];
  });
  if (url === null || !isBalanced({ to: backendsAt(url), retry: retryOf(config, {}) })) return explicit;
  return [['default', backendsAt(url)], ...explicit];
}
