// The data path of one thread with real sockets, in the process of the test: configured as by a file, asked over the network,
// its log lines and numbers at hand. Rule: when a test has ended, nothing of its gateway is left: no connection, no deadline,
// no exchange.
import assert from 'node:assert/strict';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { TestContext } from 'node:test';
import type { Config } from '../../src/config/config.ts';
import { documentSchema } from '../../src/config/schema/document.ts';
import { cacheDisk, configuredCaches } from '../../src/runtime/assemble/configured-caches.ts';
import { listsOf } from '../../src/runtime/assemble/assemble-filter.ts';
import { hopGroups } from '../../src/runtime/assemble/assemble-hops.ts';
import { ThreadPlane } from '../../src/runtime/threads/thread-plane.ts';
import type { MemberState } from '../../src/services/balance/member-state.ts';
import type { ProcessDesk } from '../../src/runtime/processes/process-desk.ts';
import { PolicyModules } from '../../src/runtime/policy-modules/policy-modules.ts';
import { countedUsage } from '../../src/runtime/assemble/usage-telemetry.ts';
import type { ThreadLog } from '../../src/runtime/threads/thread-log.ts';
import { CaptureShelf } from '../../src/telemetry/capture-shelf.ts';
import { RequestTape } from '../../src/telemetry/request-tape.ts';
import { SpanGatherer } from '../../src/telemetry/traces/span-gatherer.ts';
import { MemberTable } from '../../src/services/balance/member-table.ts';
import { DomainLists } from '../../src/services/domains/domain-lists.ts';
import { CacheShelf } from '../../src/services/cache/store/cache-shelf.ts';
import { DomainShelf } from '../../src/services/domains/domain-shelf.ts';
import { LimitTable } from '../../src/services/limiter/limit-table.ts';
import { RunningTable } from '../../src/services/limiter/running-table.ts';
import { BudgetTable } from '../../src/services/usage/budget-table.ts';
import type { UsageRecord } from '../../src/services/usage/usage-record.ts';
import { AccessLog } from '../../src/telemetry/access-log.ts';
import type { AccessRecord } from '../../src/telemetry/access-record.ts';
import type { LogFields } from '../../src/telemetry/application-log.ts';
import { MetricsRecorder } from '../../src/telemetry/metrics-recorder.ts';
import type { TunnelDesk } from '../../src/runtime/tunnels/tunnel-desk.ts';
import { wheel } from '../../src/transport/timers.ts';
import { MemorySink } from './memory-sink.ts';
import { processDesk } from './process-desk.ts';
import { temporaryFolder } from './temporary-folder.ts';
import { tunnelDesk } from './tunnel-desk.ts';

/** A line of the access log; the keys are those of the log. */
export type AccessLine = Readonly<Record<string, string | number>>;

/** As in a file; the gateway listens on a free port of 127.0.0.1 unless it says something else. */
export interface GatewaySettings {
  readonly gateway?: object;
  /** There is no forward proxy unless it is spoken of; it too listens on a free port. */
  readonly egress?: object;
  readonly hops?: object;
  readonly policies?: object;
  readonly users?: readonly object[];
  readonly ai?: object;
  readonly exec?: object;
  readonly agents?: object;
  readonly limits?: object;
  readonly timeouts?: object;
  readonly traces?: object;
  readonly dns?: object;
  /** The tunnel server listens on a free port as well. */
  readonly tunnels?: object;
}

/** Whatever a test waits for comes within milliseconds, or never. */
const NEVER_MS = 20_000;

export function configOf({ gateway = {}, egress, ...rest }: GatewaySettings): Config {
  const listen = egress === undefined ? null : '127.0.0.1:0';
  return documentSchema.parse({
    ...rest,
    gateway: { listen: '127.0.0.1:0', ...gateway },
    egress: { listen, ...egress },
  });
}

/** A gateway that sends everything to one backend. */
export function gatewayTo(t: TestContext, backend: string, settings: GatewaySettings = {}): Promise<Gateway> {
  return Gateway.open(t, { ...settings, gateway: { default_backend: backend, ...settings.gateway } });
}

/** Those that are not closed yet; deadlines are counted for all of them together. */
const opened = new Set<Gateway>();

export class Gateway {
  readonly plane: ThreadPlane;
  readonly tunnels: TunnelDesk;
  /** Resolves when the hostnames that tunnels have are in force. */
  following: Promise<unknown> = Promise.resolve();
  private readonly members: MemberTable;
  /** How many requests of which client are running. */
  private readonly running = new RunningTable({ capacity: 1024 });
  /** What users have used of AI. */
  readonly budgets: BudgetTable = new BudgetTable({ capacity: 64 });
  private readonly recorder = new MetricsRecorder();
  /** What runs programs. */
  readonly desk: ProcessDesk = processDesk(this.recorder);
  private readonly files = new DomainLists();
  private readonly lists = new DomainShelf();
  readonly caches: CacheShelf = new CacheShelf();
  private readonly log = new ImmediateAccessLog();
  /** What went into the application log. */
  readonly said: { readonly level: string; readonly fields: LogFields; readonly message: string }[] = [];
  /** What was recorded of traces, as texts of OTLP. */
  readonly recorded: string[] = [];
  private readonly spans = new SpanGatherer((spans) => void this.recorded.push(...spans));
  /** What was used of AI providers. */
  readonly used: UsageRecord[] = [];
  private readonly note: ThreadLog = (level, fields, message) => void this.said.push({ level, fields, message });

  private constructor(config: Config, members: MemberTable, folder: string) {
    this.members = members;
    this.tunnels = tunnelDesk({ dataDir: folder, recorder: this.recorder, log: this.note });
    const context = {
      recorder: this.recorder,
      accessLog: this.log,
      tape: new RequestTape(),
      spans: this.spans,
      captures: new CaptureShelf(),
      ticketKeys: Buffer.alloc(48, 7),
      threads: 1,
      members,
      limits: new LimitTable({ capacity: 1024 }),
      running: this.running,
      budgets: this.budgets,
      lists: this.lists,
      caches: this.caches,
      modules: new PolicyModules(),
      log: this.note,
      services: { kind: 'here', desk: this.desk } as const,
      tunnelSocket: this.tunnels.socketPath,
      knownNames: this.tunnels.knownNames,
      tellUsage: countedUsage(this.recorder, (record) => this.used.push(record)),
    };
    this.plane = new ThreadPlane(context, config);
    this.desk.agents.knowDoors(() => this.plane.doors());
  }

  /** Two that know of each other's members, as two threads do. */
  static async openTwice(t: TestContext, settings: GatewaySettings): Promise<[Gateway, Gateway]> {
    const members = new MemberTable();
    return [await Gateway.open(t, settings, members), await Gateway.open(t, settings, members)];
  }

  static async open(
    t: TestContext,
    settings: GatewaySettings,
    members: MemberTable = new MemberTable(),
  ): Promise<Gateway> {
    const config = configOf(settings);
    const gateway = new Gateway(config, members, temporaryFolder(t));
    await gateway.bringIntoForce(config);
    opened.add(gateway);
    t.after(() => gateway.close());
    return gateway;
  }

  /** Brings another configuration into force, as a reload does. */
  apply(settings: GatewaySettings): Promise<void> {
    return this.bringIntoForce(configOf(settings));
  }

  private async bringIntoForce(config: Config): Promise<void> {
    this.lists.put(await this.files.read(listsOf(config)));
    this.caches.put(this.caches.make(configuredCaches(config), cacheDisk(config)));
    await this.desk.prepare(config);
    await this.tunnels.apply(config);
    await this.plane.apply(this.tunnels.over(config));
    this.tunnels.office.watchHostnames(() => {
      this.following = this.plane.apply(this.tunnels.over(config));
    });
    this.desk.follow(config);
  }

  get url(): string {
    return this.plane.doors()[0]?.address ?? assert.fail('the gateway has no door');
  }

  /** Where the forward proxy listens. */
  get proxyPort(): number {
    const door = this.plane.doors().find(({ name }) => name === 'egress') ?? assert.fail('there is no forward proxy');
    return Number(new URL(door.address).port);
  }

  get port(): number {
    return Number(new URL(this.url).port);
  }

  /** What is known of the proxies of a hop, in their order; `settings` are those in force. */
  proxiesOf(hop: string, settings: GatewaySettings): readonly MemberState[] {
    const group = hopGroups(configOf(settings), this.members).get(hop) ?? assert.fail(`there is no hop ${hop}`);
    const states = group.members.map((member) => member.state());
    group.dispose();
    return states;
  }

  /** The lines of the access log, as soon as there are `count` of them. */
  async accessLines(count: number): Promise<readonly AccessLine[]> {
    await this.log.sink.until((lines) => lines.length >= count);
    return this.log.sink.lines.map((line) => JSON.parse(line) as AccessLine);
  }

  /** Lets go of the lines of the access log so far. */
  forgetLines(): void {
    this.log.sink.lines.length = 0;
  }

  /** The sum of all series of that name whose labels include those given. */
  metric(name: string, labels: Readonly<Record<string, string>> = {}): number {
    return this.recorder.definitions
      .filter((each) => each.name === name)
      .filter((each) => Object.entries(labels).every(([label, value]) => each.labels[label] === value))
      .reduce((sum, each) => sum + (this.recorder.slots[each.slot] ?? 0), 0);
  }

  /** Resolves as soon as the condition holds. */
  async until(condition: () => boolean, what: string): Promise<void> {
    const givenUpAt = performance.now() + NEVER_MS;
    while (!condition()) {
      assert.ok(performance.now() < givenUpAt, `never came to pass: ${what}`);
      await nextTurn();
    }
  }

  /** Cuts what is open and sees that nothing is left. */
  private async close(): Promise<void> {
    opened.delete(this);
    await this.plane.close();
    this.caches.close();
    await this.desk.close();
    await this.tunnels.close();
    await this.log.close();
    const isQuiet = (): boolean => Object.keys(this.left()).length === 0;
    await this.until(isQuiet, 'that nothing is left').catch(() =>
      assert.deepEqual(this.left(), {}, 'this is left over'),
    );
  }

  private left(): Readonly<Record<string, number>> {
    const counts = {
      clients: this.metric('sluice_connections_open'),
      running: this.metric('sluice_http_requests_in_flight'),
      upstreams: this.metric('sluice_upstream_connections_open'),
      deadlines: opened.size === 0 ? wheel.held : 0,
    };
    return Object.fromEntries(Object.entries(counts).filter(([, count]) => count !== 0));
  }
}

/** Tests do not wait for batches. */
class ImmediateAccessLog extends AccessLog {
  readonly sink: MemorySink;

  constructor() {
    const sink = new MemorySink();
    super({ format: 'json', sink });
    this.sink = sink;
  }

  override record(record: AccessRecord): void {
    super.record(record);
    this.flush();
  }
}
