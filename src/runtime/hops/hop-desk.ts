// Every hop of the configuration in force, on the main thread: who is in it and how they are, and the checks that run in one
// place for all threads. Rule: it shows and judges; what the proxies are is decided by the configuration.
import type { Config } from '../../config/config.ts';
import type { Hop } from '../../config/schema/hops.ts';
import type { MemberState } from '../../services/balance/member-state.ts';
import type { MemberTable } from '../../services/balance/member-table.ts';
import type { CheckResult, Member } from '../../services/balance/member.ts';
import type { ProxyEndpoint } from '../../services/chain/proxy-endpoint.ts';
import type { MetricsRecorder } from '../../telemetry/metrics-recorder.ts';
import type { Logger } from '../../telemetry/application-log.ts';
import { TlsClient } from '../../transport/tls-client.ts';
import { ConfiguredDns } from '../assemble/configured-dns.ts';
import { exitName } from './exit-name.ts';
import { ConfiguredSessions, SessionBindings } from './hop-sessions.ts';
import { countingEars, type GroupEars } from './hop-telemetry.ts';
import { HopWatch, type HopWatchInit } from './hop-watch.ts';

export interface HopDeskOptions {
  /** That of the data plane. */
  readonly table: MemberTable;
  readonly recorder: MetricsRecorder;
  readonly logger: Pick<Logger, 'info' | 'warn'>;
}

/** A proxy as anybody may see it. */
export interface ProxyReport {
  readonly name: string;
  readonly hop: string;
  readonly endpoint: Pick<ProxyEndpoint, 'host' | 'port' | 'protocol'>;
  readonly weight: number;
  readonly priority: number;
  readonly backup: boolean;
  readonly tags: Readonly<Record<string, string>>;
  readonly state: MemberState;
  /** Neither checks nor uses keep it from being used. */
  readonly isHealthy: boolean;
}

interface Watched {
  readonly key: string;
  readonly watch: HopWatch;
}

/** What is asked of the servers that checks fetch from. */
const ALPN = ['http/1.1'];
const NO_SESSION = { key: '', ttlMs: 0, tags: {} };

export class HopDesk {
  readonly #options: HopDeskOptions;
  readonly #dns = new ConfiguredDns();
  #tls: TlsClient | null = null;
  #watched: ReadonlyMap<string, Watched> = new Map();

  constructor(options: HopDeskOptions) {
    this.#options = options;
  }

  /** This configuration has come into force; `draining` are the names of those that get nothing new. */
  follow(config: Config, draining: ReadonlySet<string>): void {
    const before = this.#watched;
    const now = new Map<string, Watched>();
    for (const name of Object.keys(config.hops)) this.#watch(config, name, now);
    for (const [name, { watch }] of before) if (now.get(name)?.watch !== watch) watch.stop();
    this.#watched = now;
    for (const [name, { watch }] of now) decide(watch, config.hops[name], draining);
    for (const [name, { watch }] of now) if (before.get(name)?.watch !== watch) watch.start();
  }

  stop(): void {
    for (const { watch } of this.#watched.values()) watch.stop();
    this.#watched = new Map();
  }

  proxies(): ProxyReport[] {
    return [...this.#watched.values()].flatMap(({ watch }) =>
      watch.group.members.map((member) => reportOf(watch.name, member)),
    );
  }

  find(name: string): ProxyReport | undefined {
    const found = this.#find(name);
    return found === undefined ? undefined : reportOf(found.watch.name, found.member);
  }

  /** One check, now; null: nothing can be said, since the hops before cannot be got through. */
  async check(name: string): Promise<CheckResult | null> {
    const found = this.#find(name);
    return found === undefined ? null : found.watch.check(found.member);
  }

  /** Another node has given it up. */
  suspect(name: string): void {
    const found = this.#find(name);
    found?.watch.suspect(found.member);
  }

  #find(name: string): { watch: HopWatch; member: Member<ProxyEndpoint> } | undefined {
    for (const { watch } of this.#watched.values()) {
      const member = watch.group.members.find(({ id }) => exitName(watch.name, id) === name);
      if (member !== undefined) return { watch, member };
    }
    return undefined;
  }

  /** The same one as long as nothing but its proxies changes, and nothing on the way to it. */
  #watch(config: Config, name: string, now: Map<string, Watched>): Watched[] {
    const known = now.get(name);
    if (known !== undefined) return [known];
    const hop = config.hops[name];
    if (hop === undefined) return [];
    const way = wayTo(config, name).flatMap((each) => this.#watch(config, each, now));
    const { proxies: _, ...rules } = hop;
    const key = JSON.stringify([rules, config.timeouts.connect, config.dns, way.map((each) => each.key)]);
    const old = this.#watched.get(name);
    const isSame = old?.key === key && way.every(({ watch }) => this.#watched.get(watch.name)?.watch === watch);
    const watched = isSame ? old : { key, watch: this.#create(config, name, hop, way) };
    if (isSame) watched.watch.update(hop);
    now.set(name, watched);
    return [watched];
  }

  #create(config: Config, name: string, hop: Hop, way: readonly Watched[]): HopWatch {
    this.#tls ??= new TlsClient({ alpn: ALPN });
    const sessions = new ConfiguredSessions(new SessionBindings().under(config.egress.sticky), config);
    const init: HopWatchInit = {
      name,
      config,
      before: way.map(({ watch }) => watch),
      table: this.#options.table,
      ears: this.#ears(name, hop),
      dns: this.#dns.of(config).cache,
      tls: this.#tls,
      credentialsFor: (endpoint) => sessions.credentialsFor(NO_SESSION, endpoint),
    };
    return new HopWatch(init, hop);
  }

  #ears(hop: string, config: Hop): GroupEars {
    const { recorder, logger } = this.#options;
    const counting = countingEars(recorder, (level, told, text) => logger[level](told, text))(hop, config);
    return {
      ...counting,
      onEvent: (member, kind) => {
        counting.onEvent?.(member, kind);
        const proxy = exitName(hop, member);
        const event = 'health';
        if (kind === 'unhealthy') logger.warn({ event, proxy }, 'the checks of a proxy fail, it is left alone');
        if (kind === 'healthy') logger.info({ event, proxy }, 'the checks of a proxy pass again');
      },
    };
  }
}

/** The hops before this one in the first chain that has it. */
function wayTo({ egress, gateway, ai, tunnels }: Config, hop: string): readonly string[] {
  const chains = [
    egress.chain,
    ...egress.rules.map(({ via }) => via ?? []),
    ...gateway.routes.map(({ to }) => ('backends' in to ? to.via : [])),
    ai.via,
    tunnels.client.via ?? [],
  ];
  const chain = chains.find((each) => each.includes(hop)) ?? [];
  return chain.slice(0, Math.max(0, chain.indexOf(hop)));
}

/** What people have decided about the proxies. */
function decide({ name, group }: HopWatch, hop: Hop | undefined, draining: ReadonlySet<string>): void {
  for (const { id, enabled } of hop?.proxies ?? []) {
    const member = group.find(id);
    if (member === null) continue;
    if (!enabled) member.admin = 'disabled';
    else member.admin = draining.has(exitName(name, id)) ? 'draining' : 'enabled';
  }
}

function reportOf(hop: string, member: Member<ProxyEndpoint>): ProxyReport {
  const state = member.state();
  const { data, weight, priority, backup, tags } = member;
  const { host, port, protocol } = data;
  return {
    name: exitName(hop, member.id),
    hop,
    endpoint: { host, port, protocol },
    weight,
    priority,
    backup,
    tags,
    state,
    isHealthy: state.health !== 'unhealthy' && state.breaker !== 'open' && !state.authFailed,
  };
}
