// The data plane on several threads, all listening on the same doors; the kernel spreads connections over them. Rule: a
// configuration holds on every thread or on none; a thread that dies is replaced and counted.
import { randomBytes } from 'node:crypto';
import type { KnownNames } from '../../services/tunnels/known-names.ts';
import type { KnownPlaces } from '../../services/tunnels/known-places.ts';
import type { Config } from '../../config/config.ts';
import { parseAddress } from '../../core/address.ts';
import { MemberTable } from '../../services/balance/member-table.ts';
import { type CacheMemories, CacheShelf } from '../../services/cache/store/cache-shelf.ts';
import type { DomainLists, SharedLists } from '../../services/domains/domain-lists.ts';
import { DomainShelf } from '../../services/domains/domain-shelf.ts';
import { LimitTable } from '../../services/limiter/limit-table.ts';
import { RunningTable } from '../../services/limiter/running-table.ts';
import { BudgetTable } from '../../services/usage/budget-table.ts';
import type { OpenConnection } from '../../engine/open-connection.ts';
import type { ReplayOutcome, ReplayRequest } from '../../engine/replay-client.ts';
import type { CapturedExchange } from '../../telemetry/capture-shelf.ts';
import type { TapeReading } from '../../telemetry/request-tape.ts';
import type { LogFields, Logger } from '../../telemetry/application-log.ts';
import type { LogSink } from '../../telemetry/log-sink.ts';
import type { MetricsView } from '../../telemetry/metrics-view.ts';
import type { TellUsage } from '../../services/usage/usage-record.ts';
import type { TakeSpans } from '../../telemetry/traces/span-gatherer.ts';
import { claimPort } from '../../transport/accept.ts';
import { passedSockets } from '../../transport/passed-sockets.ts';
import { cacheDisk, configuredCaches } from '../assemble/configured-caches.ts';
import { listsOf } from '../assemble/assemble-filter.ts';
import type { DataPlane, DrainManner, SharedCounts } from './data-plane.ts';
import type { DoorStatus } from '../doors/door.ts';
import { listenError } from '../doors/listen-error.ts';
import { lostDoors } from '../doors/passed-doors.ts';
import type { InnerDoor } from '../processes/inner-door.ts';
import type { ThreadLog } from './thread-log.ts';
import { WorkerHandle, type WorkerOwner } from './worker-handle.ts';
import { type BoundPorts, portKey, type WorkerStart } from './worker-messages.ts';

export interface WorkerPlaneContext {
  readonly threads: number;
  readonly accessFormat: WorkerStart['accessFormat'];
  readonly accessSink: LogSink | null;
  readonly view: MetricsView;
  readonly logger: Pick<Logger, 'error'>;
  /** The lists of domains, read once for all threads. */
  readonly files: DomainLists;
  /** What workers have to say. */
  readonly log: ThreadLog;
  /** Where this thread takes exchanges for tunnels. */
  readonly tunnelSocket: string;
  /** The names of tunnels of users of the configuration. */
  readonly knownNames?: KnownNames | undefined;
  /** On which other nodes tunnels are. */
  readonly knownPlaces?: KnownPlaces | undefined;
  /** What workers have seen used of AI providers. */
  readonly tellUsage: TellUsage;
  /** What workers have recorded of traces. */
  readonly takeSpans: TakeSpans;
  /** Where workers pass on what only this thread can answer. */
  readonly inner: InnerDoor;
  /** An error that nothing on a worker handled. */
  readonly noteFault: (error: Error, where: LogFields) => void;
  readonly countRestart: () => void;
}

/** A configuration with the lists that it names: they come into force together. */
interface InForce {
  readonly config: Config;
  readonly lists: SharedLists;
  readonly caches: CacheMemories;
}

/** A worker that dies at once, again and again, must not keep the machine busy with starting it. */
const RESTART_DELAY_MS = 200;
/** A configuration that holds everywhere else and not on a new worker needs something outside to change first. */
const RETRY_DELAY_MS = 5_000;
const TICKET_KEY_BYTES = 48;
/** How old the numbers of open connections may be. */
const COUNT_EVERY_MS = 500;

export class WorkerDataPlane implements DataPlane, WorkerOwner {
  readonly view: MetricsView;
  readonly accessSink: LogSink | null;
  readonly members: MemberTable = new MemberTable();
  readonly lists: DomainShelf = new DomainShelf();
  readonly caches: CacheShelf;
  readonly counts: SharedCounts;
  readonly log: ThreadLog;
  readonly tellUsage: TellUsage;
  readonly takeSpans: TakeSpans;
  private readonly context: WorkerPlaneContext;
  private readonly start: Omit<WorkerStart, 'thread'>;
  private handles: WorkerHandle[] = [];
  private inForce: InForce | null = null;
  private ports: BoundPorts = {};
  private controlDoors: readonly string[] = [];
  private doorStatus: readonly DoorStatus[] = [];
  private stopping = false;
  private counting: NodeJS.Timeout | null = null;
  private replacing: NodeJS.Timeout | null = null;
  /** Configurations come into force one after the other, also that of a worker that takes the place of another. */
  private lastChange: Promise<void> = Promise.resolve();

  constructor(context: WorkerPlaneContext) {
    this.context = context;
    this.view = context.view;
    this.accessSink = context.accessSink;
    this.caches = new CacheShelf({ threads: context.threads + 1, thread: context.threads });
    const running = new RunningTable({ threads: context.threads });
    this.counts = { limits: new LimitTable(), running, budgets: new BudgetTable() };
    this.log = context.log;
    this.tellUsage = context.tellUsage;
    this.takeSpans = context.takeSpans;
    this.start = {
      threads: context.threads,
      passed: passedSockets.all,
      ticketKeys: randomBytes(TICKET_KEY_BYTES),
      members: this.members.memory,
      limits: this.counts.limits.memory,
      running: running.memory,
      budgets: this.counts.budgets.memory,
      inner: context.inner.address,
      tunnelSocket: context.tunnelSocket,
      knownNames: context.knownNames?.memory,
      knownPlaces: context.knownPlaces?.memory,
      accessFormat: context.accessFormat,
    };
  }

  apply(config: Config): Promise<void> {
    return this.inTurn(() => this.bringIntoForce(config));
  }

  private async bringIntoForce(config: Config): Promise<void> {
    const before = this.inForce;
    const lists = await this.context.files.read(listsOf(config));
    const next = { config, lists, caches: this.caches.make(configuredCaches(config), cacheDisk(config)) };
    await this.claimNewDoors(config, before?.config ?? null);
    await this.context.inner.apply(config);
    while (this.handles.length < this.context.threads) this.handles.push(this.newHandle());
    try {
      await this.applyEverywhere(next);
    } catch (error) {
      if (before !== null) await this.context.inner.apply(before.config);
      if (before !== null) await this.applyEverywhere(before);
      throw error;
    }
    this.inForce = next;
    this.lists.put(next.lists);
    this.caches.put(next.caches);
    this.counting ??= setInterval(() => void this.countConnections(), COUNT_EVERY_MS).unref();
  }

  async knowControlDoors(addresses: readonly string[]): Promise<void> {
    this.controlDoors = addresses;
    await Promise.all(this.handles.map((handle) => handle.call({ kind: 'control-doors', addresses })));
  }

  async drain(manner: DrainManner = {}): Promise<void> {
    this.stopping = true;
    await Promise.allSettled(this.handles.map((handle) => handle.call({ kind: 'drain', manner })));
  }

  async close(): Promise<void> {
    this.stopping = true;
    if (this.counting !== null) clearInterval(this.counting);
    if (this.replacing !== null) clearTimeout(this.replacing);
    await Promise.all(this.handles.splice(0).map((handle) => handle.stop()));
    this.caches.close();
    await this.context.inner.close();
  }

  async connections(limit: number): Promise<readonly OpenConnection[]> {
    const answers = await Promise.allSettled(this.handles.map((handle) => handle.connections(limit)));
    return answers.flatMap((answer) => (answer.status === 'fulfilled' ? answer.value : [])).slice(0, limit);
  }

  /** A thread that does not answer is read from the same place the next time. */
  requests(since: readonly number[], most: number): Promise<readonly TapeReading[]> {
    return Promise.all(
      this.handles.map(async (handle): Promise<TapeReading> => {
        const position = since[handle.thread] ?? 0;
        return handle.requests(position, most).catch(() => ({ requests: [], missed: 0, position }));
      }),
    );
  }

  /** Some thread has it, or none. */
  async capture(id: string): Promise<CapturedExchange | null> {
    const answers = await Promise.allSettled(this.handles.map((handle) => handle.capture(id)));
    const found = answers.flatMap((answer) => (answer.status === 'fulfilled' ? [answer.value] : []));
    return found.find((each) => each !== null) ?? null;
  }

  replay(door: string, request: ReplayRequest): Promise<ReplayOutcome | null> {
    return this.handles[0]?.replay(door, request) ?? Promise.resolve(null);
  }

  doors(): readonly DoorStatus[] {
    return this.doorStatus;
  }

  /** Each worker knows its own connections only. */
  private async countConnections(): Promise<void> {
    const answers = await Promise.allSettled(this.handles.map((handle) => handle.call({ kind: 'doors' })));
    const doors = answers.flatMap((answer) => (answer.status === 'fulfilled' ? answer.value : []));
    this.doorStatus = this.doorStatus.map((door) => {
      const parts = doors.filter(({ address }) => address === door.address);
      return { ...door, openConnections: parts.reduce((sum, { openConnections }) => sum + openConnections, 0) };
    });
  }

  faulted(error: Error, origin: string): void {
    this.context.noteFault(error, { origin, thread: 'worker' });
  }

  crashed(handle: WorkerHandle, error: Error): void {
    this.context.logger.error({ err: error }, 'a worker has crashed');
    this.forget(handle);
    if (this.stopping) return;
    this.context.countRestart();
    if (!this.hasLostDoors()) this.replaceAfter(RESTART_DELAY_MS);
  }

  /** Whoever would come to a socket that this thread has taken along waits until systemd passes it to the next program. */
  private hasLostDoors(): boolean {
    const doors =
      this.inForce === null ? [] : lostDoors(addressesOf(this.inForce.config).map(({ address }) => address));
    if (doors.length === 0) return false;
    this.context.logger.error(
      { doors },
      'only systemd can open these doors again: stopping, so that it starts another',
    );
    process.kill(process.pid, 'SIGTERM');
    return true;
  }

  private newHandle(): WorkerHandle {
    const taken = new Set(this.handles.map(({ thread }) => thread));
    const free = Array.from({ length: this.context.threads }, (_, thread) => thread).find((each) => !taken.has(each));
    return new WorkerHandle({ ...this.start, thread: free ?? 0 }, this);
  }

  private forget(handle: WorkerHandle): void {
    this.handles = this.handles.filter((each) => each !== handle);
    this.counts.running.forget(handle.thread);
    this.caches.forgetThread(handle.thread);
  }

  private replaceAfter(delayMs: number): void {
    this.replacing ??= setTimeout(() => {
      this.replacing = null;
      void this.inTurn(() => this.replace());
    }, delayMs);
  }

  /** Starts as many workers as are missing, with the configuration in force. */
  private async replace(): Promise<void> {
    const { inForce, ports } = this;
    if (inForce === null) return;
    while (!this.stopping && this.handles.length < this.context.threads) {
      const handle = this.newHandle();
      this.handles.push(handle);
      try {
        await handle.call({ kind: 'apply', ...inForce, ports });
        await handle.call({ kind: 'control-doors', addresses: this.controlDoors });
      } catch (error) {
        this.gaveUpOn(handle, error);
        return;
      }
    }
  }

  /** A worker that has died meanwhile is being replaced already. */
  private gaveUpOn(handle: WorkerHandle, error: unknown): void {
    if (this.stopping || !this.handles.includes(handle)) return;
    this.context.logger.error({ err: error }, 'a new worker could not take over');
    this.forget(handle);
    void handle.stop();
    this.replaceAfter(RETRY_DELAY_MS);
  }

  private inTurn(change: () => Promise<void>): Promise<void> {
    const turn = this.lastChange.then(change);
    this.lastChange = turn.catch(() => {});
    return turn;
  }

  /** The first worker finds the ports that port 0 stands for; the others join it there. */
  private async applyEverywhere(next: InForce): Promise<void> {
    const [first, ...others] = this.handles;
    if (first === undefined) return;
    this.doorStatus = await first.call({ kind: 'apply', ...next, ports: this.ports });
    this.ports = boundPorts(next.config, this.doorStatus);
    await Promise.all(others.map((handle) => handle.call({ kind: 'apply', ...next, ports: this.ports })));
  }

  /** Sharing a port would hide that another program has it: each new door is opened alone once. */
  private async claimNewDoors(config: Config, before: Config | null): Promise<void> {
    const known = new Set(before === null ? [] : addressesOf(before).map(({ address }) => address));
    for (const { key, address } of addressesOf(config)) if (!known.has(address)) await claim(key, address);
  }
}

/** In the order in which a thread names its doors. */
function addressesOf({ gateway, egress }: Config): { readonly key: string; readonly address: string }[] {
  return [
    ...gateway.listen.map(({ address }) => ({ key: 'gateway.listen', address })),
    ...egress.listen.map((address) => ({ key: 'egress.listen', address })),
  ];
}

function boundPorts(config: Config, doors: readonly DoorStatus[]): BoundPorts {
  const ports: Record<string, number> = {};
  addressesOf(config).forEach(({ key, address }, index) => {
    const port = Number(/:(\d+)$/.exec(doors[index]?.address ?? '')?.[1] ?? 0);
    if (port > 0) ports[portKey(key, address)] = port;
  });
  return ports;
}

async function claim(key: string, text: string): Promise<void> {
  const address = parseAddress(text, { host: '' });
  if (address.kind !== 'tcp') return;
  try {
    await claimPort(address.host === '' ? '::' : address.host, address.port);
  } catch (cause) {
    throw listenError(key, text, cause);
  }
}
