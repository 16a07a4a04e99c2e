// One running Sluice: the config in force, the data plane that carries it out, and the doors of the control plane. Rule: it
// is started, reloaded, drained and asked through here, by the command line and the admin API alike.

import { setTimeout as delay } from 'node:timers/promises';
import type { Config } from '../config/config.ts';
import type { LoadedConfig } from '../config/load.ts';
import { SluiceError } from '../core/errors.ts';
import type { OpenConnection } from '../engine/open-connection.ts';
import type { CacheDesk } from '../services/cache/cache-desk.ts';
import type { UsageBook, UsageState } from '../services/usage/usage-book.ts';
import type { Logger } from '../telemetry/application-log.ts';
import { untilNobodyWaits } from '../transport/accept.ts';
import { migrateQueues } from '../transport/queue-migration.ts';
import type { DataPlane, DrainManner } from './threads/data-plane.ts';
import type { Door, DoorStatus } from './doors/door.ts';
import { explain } from './explain/explain.ts';
import type { Explanation, Question } from './explain/explanation.ts';
import { AiBudgets, type AllowanceReport } from './ai-budgets.ts';
import type { AgentDesk } from './agents/agent-desk.ts';
import type { AccountDesk } from './accounts/account-desk.ts';
import type { BackendDesk } from './backends/backend-desk.ts';
import type { ProcessDesk } from './processes/process-desk.ts';
import type { SharedNodes } from './nodes/shared-nodes.ts';
import type { HopControl, WantedEdit } from './hops/hop-control.ts';
import { Reloader, type ReloadOutcome, type ReloadParts, type ReloadRequest } from './reload.ts';
import type { ClientDesk } from './tunnel-client/client-desk.ts';
import { ReplayDesk } from './replay-desk.ts';
import { RequestWatch } from './request-watch.ts';
import { ServedCertificates } from './served-certificates.ts';
import type { TunnelDesk } from './tunnels/tunnel-desk.ts';
import type { IssuedToken } from './tokens/token-file.ts';
import type { TokenDesk, TokenReport, WantedToken } from './tokens/token-desk.ts';
import { VERSION } from './version.ts';

/** Answers that the control plane has begun may take so long to finish, once all traffic has ended. */
const CONTROL_GRACE_MS = 500;
/** Connections on which nobody asks for anything are closed within that time. */
const TUNNELS_STAY_MS = 1_200;
/** So long a start that has failed waits for those who have come already. */
const GIVE_BACK_MS = 5_000;
/** What is cut ends at once; should something not, the program ends all the same. */
const CUT_GRACE_MS = 2_000;
/** Programs get the time that their ladder gives them. */
const PROCESS_GRACE_MS = 10_000;
/** A login that is being renewed may be lost if nobody hears the answer. */
const RENEWAL_GRACE_MS = 5_000;
/** What was used is written down, or left where it waits for Redis. */
const BOOK_GRACE_MS = 5_000;

/** So long a start waits for the tokens that other nodes have made. */
const TOKENS_WAIT_MS = 2_000;

export type SluiceState = 'starting' | 'ready' | 'draining' | 'stopped';

export interface SluiceParts {
  readonly loaded: LoadedConfig;
  readonly load: ReloadParts['load'];
  readonly dataPlane: DataPlane;
  readonly hops: HopControl;
  readonly tokens: TokenDesk;
  readonly backends: BackendDesk;
  readonly accounts: AccountDesk;
  readonly processes: ProcessDesk;
  readonly tunnels: TunnelDesk;
  readonly exposed: ClientDesk;
  readonly usage: UsageBook;
  readonly nodes: SharedNodes;
  /** Uses of the state that nodes share which do without it now. */
  readonly degraded: () => readonly string[];
  readonly logger: Logger;
  readonly noteReload: ReloadParts['note'];
  /** A config has come into force: the first one, or another. */
  readonly onConfig?: (loaded: LoadedConfig) => void;
  /** The process of the Sluice whose place this one takes. */
  readonly predecessorPid?: number;
}

export interface SluiceStatus {
  readonly state: SluiceState;
  readonly version: string;
  readonly pid: number;
  readonly startedAtMs: number;
  readonly doors: readonly DoorStatus[];
  readonly configFiles: readonly string[];
  readonly configTag: string;
  readonly configLoadedAtMs: number;
  readonly needsRestart: readonly string[];
  /** Where it is kept what nodes may share, and whether it is there. */
  readonly shared: SharedStatus;
}

export interface SharedStatus extends UsageState {
  /** How many nodes there are, this one included. */
  readonly nodes: number;
  /** What does without it now. */
  readonly degraded: readonly string[];
}

export interface StopResult {
  /** Connections that were still open when they were cut. */
  readonly cutConnections: number;
}

export class Sluice {
  readonly startedAtMs: number = Date.now();
  readonly hops: HopControl;
  readonly tokens: TokenDesk;
  readonly backends: BackendDesk;
  readonly accounts: AccountDesk;
  readonly tunnels: TunnelDesk;
  /** Tunnels to servers elsewhere. */
  readonly exposed: ClientDesk;
  readonly usage: UsageBook;
  readonly nodes: SharedNodes;
  readonly requests: RequestWatch;
  readonly replays: ReplayDesk;
  readonly certificates: ServedCertificates;
  readonly #degraded: SluiceParts['degraded'];
  readonly predecessorPid: number | undefined;
  readonly #aiBudgets: AiBudgets;
  readonly #processes: ProcessDesk;
  readonly #dataPlane: DataPlane;
  readonly #logger: Logger;
  readonly #reloader: Reloader;
  readonly #forced: PromiseWithResolvers<void> = Promise.withResolvers();
  readonly #onConfig: (loaded: LoadedConfig) => void;
  /** What can be open only once is still that of another one. */
  #isSuccessor: boolean;
  #starting: Promise<void> = Promise.resolve();
  #controlDoors: readonly Door[] = [];
  #state: SluiceState = 'starting';
  #stopping: Promise<StopResult> | null = null;

  constructor(parts: SluiceParts) {
    const { loaded: initial, load, dataPlane, logger, noteReload: note, onConfig = () => {} } = parts;
    this.hops = parts.hops;
    this.tokens = parts.tokens;
    this.backends = parts.backends;
    this.accounts = parts.accounts;
    this.tunnels = parts.tunnels;
    this.exposed = parts.exposed;
    this.tunnels.office.watchHostnames(() => {
      const work = (): Promise<void> => dataPlane.apply(this.tunnels.over(this.#over(this.loaded.config)));
      this.#follow(work, 'hostnames of tunnels not in force');
    });
    this.tokens.watch(() => this.#follow(() => this.#apply(this.loaded), 'tokens of other nodes not in force'));
    this.usage = parts.usage;
    this.nodes = parts.nodes;
    this.#degraded = parts.degraded;
    this.nodes.shareHints({
      members: () => [...this.hops.proxies(), ...this.backends.members()],
      // Backends and proxies have names of their own.
      suspect: (suspected) => {
        this.backends.suspect(suspected);
        this.hops.suspect(suspected.member);
      },
    });
    // Whether it worked is in the log of this node, and in its metrics.
    this.nodes.hearReload(() => void this.reload({ trigger: 'node' }).catch(() => {}));
    this.requests = new RequestWatch((since, most) => dataPlane.requests(since, most));
    this.replays = new ReplayDesk(this.requests, dataPlane);
    this.certificates = new ServedCertificates(logger);
    this.#processes = parts.processes;
    parts.processes.agents.knowDoors(() => dataPlane.doors());
    parts.processes.cache.serve(dataPlane.caches);
    this.#dataPlane = dataPlane;
    this.predecessorPid = parts.predecessorPid;
    this.#isSuccessor = parts.predecessorPid !== undefined;
    if (parts.predecessorPid !== undefined) dataPlane.caches.spare(parts.predecessorPid);
    this.#aiBudgets = new AiBudgets({ counts: dataPlane.counts, book: parts.usage, logger });
    this.#logger = logger;
    this.#onConfig = onConfig;
    this.#reloader = new Reloader({ initial, load, logger, note, apply: (loaded) => this.#apply(loaded) });
  }

  get cache(): CacheDesk {
    return this.#processes.cache;
  }

  get agents(): AgentDesk {
    return this.#processes.agents;
  }

  get state(): SluiceState {
    return this.#state;
  }

  /** The config in force. */
  get loaded(): LoadedConfig {
    return this.#reloader.loaded;
  }

  get configTag(): string {
    return this.#reloader.tag;
  }

  /** Opens every door, or none: whatever was opened before one failed is closed again. */
  start(controlDoors: readonly Door[]): Promise<void> {
    const started = this.#start(controlDoors);
    this.#starting = started.catch(() => {});
    return started;
  }

  async #start(controlDoors: readonly Door[]): Promise<void> {
    this.#controlDoors = controlDoors;
    try {
      await Promise.all([this.#processes.recover(), this.tokens.ready(TOKENS_WAIT_MS)]);
      await this.#apply(this.loaded);
      for (const door of controlDoors) await door.start();
      const controls = controlDoors.map(({ address }) => address);
      this.exposed.knowControlDoors(controls);
      await this.#dataPlane.knowControlDoors(controls);
    } catch (error) {
      this.#state = 'stopped';
      if (this.#isSuccessor) await this.#giveBack();
      await Promise.allSettled([
        this.#stopChecks(),
        this.#dataPlane.close(),
        this.#processes.close(),
        this.tunnels.close(),
        ...controlDoors.map((door) => door.close()),
      ]);
      await this.usage.close();
      this.tokens.close();
      await this.nodes.close();
      throw error;
    }
    this.#state = 'ready';
  }

  /** The other one stays: who has come here meanwhile is answered here. */
  async #giveBack(): Promise<void> {
    const migration = migrateQueues();
    await endsWithin(this.#dataPlane.drain({ isTakenOver: true }), GIVE_BACK_MS);
    migration.release();
  }

  /** Another one does not let go of its doors after all. */
  async giveUp(): Promise<void> {
    const migration = migrateQueues();
    await this.#letGoOfControl();
    await this.#drain(GIVE_BACK_MS, { isTakenOver: true });
    migration.release();
  }

  async reload(request: ReloadRequest): Promise<ReloadOutcome> {
    await this.#starting;
    if (this.#state !== 'ready') throw new SluiceError('shutting_down');
    const outcome = await this.#reloader.reload(request);
    if (request.allNodes === true) await this.nodes.tellReload();
    return outcome;
  }

  /** Changes the proxies of hops, at once and on all threads; nothing in flight is cut. */
  async changeHops(wanted: WantedEdit): Promise<void> {
    await this.#starting;
    if (this.#state !== 'ready') throw new SluiceError('shutting_down');
    await this.#reloader.inTurn(async () => {
      const { config: loaded } = this.loaded;
      await this.hops.change(loaded, wanted, (config) =>
        this.#dataPlane.apply(this.tunnels.over(this.tokens.over(config))),
      );
      // Some may be reached through what has changed.
      this.backends.follow(this.hops.over(loaded));
      this.accounts.follow(this.hops.over(loaded));
    });
  }

  /** Makes a token that is in force on all threads. */
  issueToken(wanted: WantedToken): Promise<TokenReport> {
    return this.#changeTokens(() => this.tokens.issue(this.loaded.config, wanted, () => this.#apply(this.loaded)));
  }

  /** Null: there is none of that id. */
  revokeToken(id: string): Promise<IssuedToken | null> {
    return this.#changeTokens(() => this.tokens.revoke(id, () => this.#apply(this.loaded)));
  }

  async #changeTokens<T>(change: () => Promise<T>): Promise<T> {
    await this.#starting;
    if (this.#state !== 'ready') throw new SluiceError('shutting_down');
    return this.#reloader.inTurn(change);
  }

  /** With what was changed while it runs. */
  #over(loaded: Config): Config {
    return this.tokens.over(this.hops.over(loaded));
  }

  /** Hostnames of accounts lead to other tunnels than before, or other nodes have made or taken back tokens. */
  #follow(work: () => Promise<void>, failure: string): void {
    const inTurn = this.#starting.then(() =>
      this.#state === 'ready' ? this.#reloader.soon(failure, work) : undefined,
    );
    inTurn.catch((err: unknown) => this.#logger.error({ err }, failure));
  }

  /**
   * Stops: after the delay what runs may finish within the grace, then connections are cut. A second call waits for the first.
   */
  drain(graceMs: number, delayMs = 0): Promise<StopResult> {
    this.#stopping ??= this.#drain(graceMs, { delayMs });
    return this.#stopping;
  }

  /** The other one has let go. */
  succeed(): void {
    this.#isSuccessor = false;
    this.exposed.follow(this.hops.over(this.loaded.config));
  }

  /** It has ended, and what it has left is ours. */
  async inherit(): Promise<void> {
    this.agents.inherit();
    const files = await this.#dataPlane.caches.inherit();
    this.#logger.info({ cached_files: files }, 'the Sluice before this one has ended');
  }

  /**
   * Another Sluice has opened the same doors: the control plane is its own from now on, and resolves when nobody can reach ours any
   * more. What runs may finish within the grace.
   */
  async handOver(graceMs: number): Promise<{ readonly stopped: Promise<StopResult> }> {
    if (this.#state !== 'ready' || this.#stopping !== null) throw new SluiceError('shutting_down');
    this.#state = 'draining';
    const migration = migrateQueues();
    if (!migration.isOn) {
      const hint =
        'connections that come in the very moment in which doors close may be reset: set net.ipv4.tcp_migrate_req=1';
      this.#logger.warn({}, hint);
    }
    const letGo = this.#letGoOfControl();
    const drained = letGo.then(() => this.#drain(graceMs, { isTakenOver: true }));
    this.#stopping = drained.finally(() => migration.release());
    await letGo;
    return { stopped: this.#stopping };
  }

  async #letGoOfControl(): Promise<void> {
    await untilNobodyWaits();
    const drained = Promise.all(this.#controlDoors.map((door) => door.drain())).then(() => {});
    await endsWithin(drained, CONTROL_GRACE_MS);
  }

  /** Ends the grace at once. */
  force(): void {
    this.#forced.resolve();
  }

  status(): SluiceStatus {
    return {
      state: this.#state,
      version: VERSION,
      pid: process.pid,
      startedAtMs: this.startedAtMs,
      doors: this.doors(),
      configFiles: this.loaded.files,
      configTag: this.configTag,
      configLoadedAtMs: this.#reloader.loadedAtMs,
      needsRestart: this.#reloader.needsRestart,
      shared: { ...this.usage.state(), nodes: this.nodes.nodes.length, degraded: this.#degraded() },
    };
  }

  /** What would become of a request, without any of it being done. */
  explain(question: Question): Promise<Explanation> {
    return explain({ ...this.loaded, config: this.tunnels.over(this.#over(this.loaded.config)) }, question, {
      doors: this.doors(),
      members: this.#dataPlane.members,
      lists: this.#dataPlane.lists,
      backendsOf: (route) => this.backends.specsOf(route),
      budgets: this.#dataPlane.counts.budgets,
      knownNames: this.tunnels.knownNames,
      isDeadAccount: (provider, id) => this.accounts.isDead(provider, id),
    });
  }

  /** What users of AI have left of what they may have. */
  allowances(): AllowanceReport[] {
    return this.#aiBudgets.reports(this.tokens.over(this.loaded.config));
  }

  /** What clients have open, no more than `limit` of it. */
  connections(limit: number): Promise<readonly OpenConnection[]> {
    return this.#dataPlane.connections(limit);
  }

  doors(): DoorStatus[] {
    const control = this.#controlDoors.map((door): DoorStatus => {
      return { name: door.name, address: door.address, openConnections: door.openConnections() };
    });
    return [...this.#dataPlane.doors(), ...this.tunnels.doors(), ...control];
  }

  async #apply(loaded: LoadedConfig): Promise<void> {
    const config = this.#over(loaded.config);
    await this.#aiBudgets.prepare(config);
    await this.#processes.prepare(config);
    await this.#applyToTraffic(config);
    this.certificates.follow(config);
    this.hops.follow(config);
    this.backends.follow(config);
    this.accounts.follow(config);
    this.#processes.follow(config);
    this.#aiBudgets.follow(config);
    if (!this.#isSuccessor) this.exposed.follow(config);
    this.usage.keepFor({ rowsMs: config.ai.usage.keep, daysMs: config.ai.usage.keep_sums });
    this.#onConfig(loaded);
  }

  /** Everywhere or nowhere: the threads may pass something on to the tunnels as soon as they have a configuration. */
  async #applyToTraffic(config: Config): Promise<void> {
    await this.tunnels.apply(config);
    try {
      await this.#dataPlane.apply(this.tunnels.over(config));
    } catch (error) {
      if (this.#state === 'ready') await this.tunnels.apply(this.#over(this.loaded.config));
      throw error;
    }
  }

  /** Resolves when nothing is under way any more that would be lost. */
  #stopChecks(): Promise<void> {
    this.hops.stop();
    this.backends.stop();
    this.#aiBudgets.stop();
    this.exposed.close();
    return this.accounts.stop();
  }

  async #drain(graceMs: number, manner: DrainManner): Promise<StopResult> {
    await this.#starting;
    this.#state = 'draining';
    const { delayMs = 0 } = manner;
    const drained = this.#drainTraffic(manner, graceMs);
    const inTime = await endsWithin(drained, delayMs + graceMs, this.#forced.promise);
    const isDrained = inTime || (await this.#endsWithAgents(drained));
    const cutConnections = isDrained ? 0 : openConnections(this.#dataPlane.doors(), this.tunnels.visitors);
    if (cutConnections > 0) this.#logger.warn({ connections: cutConnections }, 'connections cut that were still open');
    await endsWithin(this.#stopChecks(), RENEWAL_GRACE_MS);
    await endsWithin(this.#dataPlane.close(), CUT_GRACE_MS);
    await endsWithin(this.#processes.close(), PROCESS_GRACE_MS);
    await endsWithin(this.usage.close(), BOOK_GRACE_MS);
    await endsWithin(this.tunnels.close(), CUT_GRACE_MS);
    this.tokens.close();
    await endsWithin(this.nodes.close(), CUT_GRACE_MS);
    for (const door of this.#controlDoors) await endsWithin(door.drain(), CONTROL_GRACE_MS);
    await Promise.all(this.#controlDoors.map((door) => door.close()));
    this.#state = 'stopped';
    return { cutConnections };
  }

  /** Whoever follows an agent is told how it has ended, rather than cut off. */
  async #endsWithAgents(drained: Promise<void>): Promise<boolean> {
    if (this.agents.service === null) return false;
    await endsWithin(this.agents.stop(), PROCESS_GRACE_MS);
    return endsWithin(drained, CONTROL_GRACE_MS);
  }

  async #drainTraffic(manner: DrainManner, graceMs: number): Promise<void> {
    const { delayMs = 0, isTakenOver = false } = manner;
    if (isTakenOver) this.tunnels.letGo();
    const drained = this.#drainDataPlane(manner);
    // A balancer that asks whether this one is ready sends nobody here any more, clients of tunnels neither.
    if (delayMs > 0) await delay(delayMs, undefined, { ref: false });
    this.tunnels.stop();
    // Visitors who keep their connections to this one may ask once more; those of the other one wait for the clients.
    if (isTakenOver) await endsWithin(drained, TUNNELS_STAY_MS, this.#forced.promise);
    const sentAway = this.tunnels.drain('the server is going away', graceMs);
    await Promise.all([drained, sentAway, this.tunnels.drainVisitors()]);
  }

  async #drainDataPlane(manner: DrainManner): Promise<void> {
    // A reload that is under way would open doors again behind our back.
    await this.#reloader.settled();
    try {
      await this.#dataPlane.drain(manner);
    } catch (error) {
      this.#logger.error({ err: error }, 'the data plane did not end well');
    }
  }
}

/** Of a data plane that has not ended by itself: there is at least one, also where workers have not told of it yet. */
function openConnections(doors: readonly DoorStatus[], visitors: number): number {
  const known = doors.reduce((sum, door) => sum + door.openConnections, visitors);
  return Math.max(known, 1);
}

/** Whether the work ended by itself, before the time was over or somebody forced the end. */
async function endsWithin(work: Promise<void>, timeMs: number, forced?: Promise<void>): Promise<boolean> {
  const timeUp = Promise.withResolvers<void>();
  const timer = setTimeout(timeUp.resolve, timeMs);
  const cut = Promise.race([timeUp.promise, ...(forced === undefined ? [] : [forced])]);
  const hasEnded = await Promise.race([work.then(() => true), cut.then(() => false)]);
  clearTimeout(timer);
  return hasEnded;
}
