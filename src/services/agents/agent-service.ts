// The agents of this Sluice: started, queued, followed and stopped for users. Rule: a user knows of own runs only; one run at a time goes on
// with a session, and no more run at once than may.
import { SluiceError } from '../../core/errors.ts';
import { newRow, newRunId, type PreparedRun } from './new-run.ts';
import type { AgentEvents, AgentRunRow, AgentStatus, PlacedAgentEvent } from '../../state/agent-events.ts';
import { FairSlots, type Place, type SlotLimits } from '../processes/fair-slots.ts';
import { AgentBatch } from './agent-batch.ts';
import { findProgram } from './agent-environment.ts';
import { type CliVersion, CliVersions } from './cli-versions.ts';
import type { AgentKind } from './agent-kind.ts';
import { AgentRun } from './agent-run.ts';
import type { AgentRequest, AgentSettings, AgentSurroundings, OpenGateway, Viewer } from './agent-settings.ts';
import { EarlierRuns } from './earlier-runs.ts';
import { EventFeed, type FeedSink, type Follower } from './event-feed.ts';
import { COMPLETE, completeEvent, feedEventOf } from './event-text.ts';
import { EventWriter } from './event-writer.ts';
import { planOf } from './run-plan.ts';
import { type SessionTurn, SessionTurns } from './session-turns.ts';
import { workingFolder } from './workspace.ts';

export interface AgentServiceOptions {
  readonly events: AgentEvents;
  readonly settings: AgentSettings;
  readonly surroundings: AgentSurroundings;
  readonly log: (level: 'info' | 'warn' | 'error', fields: Record<string, unknown>, message: string) => void;
  /** Another process still runs some of those that are stored. */
  readonly isBesideAnother?: boolean;
}

export interface ListQuestion {
  readonly viewer: Viewer;
  readonly status?: AgentStatus;
  readonly batch?: string;
  readonly session?: string;
  readonly limit: number;
}

/** Where a stream of a batch begins, and what is told there. */
export interface BatchPlace {
  readonly after: number;
  readonly what: 'all' | 'ends';
}

/** What is under way, with the places that it has or waits for. */
interface ActiveRun {
  readonly run: AgentRun;
  readonly request: AgentRequest;
  readonly feed: EventFeed;
  readonly batch: AgentBatch | null;
  gate: Place | null;
  turn: SessionTurn | null;
  slot: Place | null;
  gateway: OpenGateway | null;
}

const LOST = 'Sluice ended while it ran.';
const EARLIER =
  'The agent runs in the Sluice that this one has taken over from, and ends there: it can only be followed.';
const FORGET_EVERY_MS = 3_600_000;
const FORGET_NEXT_MS = 1_000;
const FORGOTTEN_AT_ONCE = 20;
const RETRY_AFTER_MS = 5_000;
/** Of all batches together, whatever waits included. */
const MOST_ACTIVE = 10_000;

export class AgentService {
  readonly #events: AgentEvents;
  readonly #surroundings: AgentSurroundings;
  readonly #log: AgentServiceOptions['log'];
  readonly #writer: EventWriter;
  readonly #slots: FairSlots;
  readonly #sessions = new SessionTurns();
  readonly #versions: CliVersions;
  readonly #active = new Map<string, ActiveRun>();
  readonly #batches = new Map<string, AgentBatch>();
  #settings: AgentSettings;
  /** null: no other process has any of the runs. */
  #earlier: EarlierRuns | null;
  #forgetting: NodeJS.Timeout | null = null;
  #isClosed = false;

  constructor({ events, settings, surroundings, log, isBesideAnother = false }: AgentServiceOptions) {
    this.#events = events;
    this.#surroundings = surroundings;
    this.#log = log;
    this.#settings = settings;
    this.#slots = new FairSlots(slotLimits(settings));
    this.#versions = new CliVersions({ surroundings, log });
    this.#writer = new EventWriter(events, {
      stored: (run, stored) => this.#stored(run, stored),
      troubled: (error) => this.#troubled(error),
      recovered: () => this.#recovered(),
      filled: () => this.#holdAll(),
      drained: () => this.#releaseAll(),
    });
    this.#earlier = isBesideAnother ? new EarlierRuns(events) : null;
    if (!isBesideAnother) this.#recover();
    this.#forget();
  }

  get running(): number {
    return [...this.#active.values()].filter(({ run }) => run.row.status === 'running').length;
  }

  get queued(): number {
    return [...this.#active.values()].filter(({ run }) => run.row.status === 'queued').length;
  }

  /** Of the programs that were used. */
  versions(): CliVersion[] {
    return this.#versions.known();
  }

  /** For what starts from now on. */
  configure(settings: AgentSettings): void {
    this.#settings = settings;
    this.#slots.setLimits(slotLimits(settings));
  }

  /** Resolves when it runs, or waits for its turn. */
  async start(request: AgentRequest, user: string): Promise<AgentRunRow> {
    const prepared = this.#prepare(request, user);
    // Those of a batch that wait for others of it keep nobody out.
    const waiting = [...this.#active.values()].filter(({ run, gate }) => {
      return run.row.status === 'queued' && (gate === null || gate.position === 0);
    });
    if (waiting.length >= this.#settings.maxQueued && this.#slots.running >= this.#settings.maxConcurrent) {
      throw busy();
    }
    const { run } = this.#begin(prepared, null, 0);
    await run.begun;
    if (run.isOver && run.row.startedAtMs === null) {
      throw new SluiceError('agent_unavailable', { message: run.row.reason });
    }
    return run.row;
  }

  /** All of them, or none where one is not right; the error then says which. */
  startBatch(
    requests: readonly AgentRequest[],
    user: string,
    concurrency: number,
  ): { readonly id: string; readonly runs: readonly AgentRunRow[] } {
    if (this.#active.size + requests.length > MOST_ACTIVE) throw busy();
    const prepared = requests.map((request, index) => {
      try {
        return this.#prepare(request, user);
      } catch (cause) {
        if (!(cause instanceof SluiceError)) throw cause;
        throw new SluiceError(cause.code, { message: `agents[${index}]: ${cause.message}`, cause });
      }
    });
    const batch = new AgentBatch(newRunId(), {
      events: this.#events,
      remaining: requests.length,
      concurrency: Math.min(concurrency, this.#settings.maxConcurrent),
    });
    this.#batches.set(batch.id, batch);
    return { id: batch.id, runs: prepared.map((each, place) => this.#begin(each, batch, place).run.row) };
  }

  /** Resolves when nothing of it is left. */
  async stop(id: string, viewer: Viewer): Promise<AgentRunRow> {
    const row = this.require(id, viewer);
    if (this.#isEarlier(row)) throw new SluiceError('shutting_down', { message: EARLIER });
    const run = this.#active.get(id)?.run;
    await run?.stop('stopped');
    return run?.row ?? row;
  }

  say(id: string, viewer: Viewer, text: string): void {
    const row = this.require(id, viewer);
    if (this.#isEarlier(row)) throw new SluiceError('shutting_down', { message: EARLIER });
    const active = this.#active.get(id);
    if (active === undefined) throw new SluiceError('agent_not_listening', { message: 'The agent has ended.' });
    active.run.say(text);
  }

  /** As it is now. Runs of others are as if they were not there. */
  require(id: string, viewer: Viewer): AgentRunRow {
    const row = this.#active.get(id)?.run.row ?? this.#events.find(id);
    if (row === undefined || (viewer !== null && row.user !== viewer)) {
      throw new SluiceError('not_found', { message: `Agent ${id} not found` });
    }
    return row;
  }

  /** It was begun here, and is not under way in another process with the same file. */
  has(id: string): boolean {
    const row = this.#active.get(id)?.run.row ?? this.#events.find(id);
    return row !== undefined && (row.endedAtMs !== null || this.#active.has(id));
  }

  /** Somebody has run that session here with that kind of agent. */
  hasSession(kind: string, session: string): boolean {
    this.#writer.flush();
    return this.#events.sessionOwner(this.kindName(kind), session) !== undefined;
  }

  /** Empty: the default one. */
  kindName(kind: string): string {
    return kind === '' ? this.#settings.defaultKind : kind;
  }

  list({ viewer, ...question }: ListQuestion): AgentRunRow[] {
    // What runs is in the file as it was at the last turn of the event loop.
    this.#writer.flush();
    const rows = this.#events.runs({ user: viewer, ...question });
    return rows.map((row) => this.#active.get(row.id)?.run.row ?? row);
  }

  /** Its place in the line; 0: it does not wait. */
  positionOf(id: string): number {
    const active = this.#active.get(id);
    if (active?.run.row.status !== 'queued') return 0;
    return active.slot?.position ?? active.gate?.position ?? 1;
  }

  /** The number of the last event of a run that has ended; 0: it has not. */
  endOf(id: string): number {
    const row = this.#active.get(id)?.run.row ?? this.#events.find(id);
    return this.#active.has(id) || row?.endedAtMs === null ? 0 : this.#events.lastNumber(id);
  }

  /** Its events as server-sent ones, after that number; the last one is `complete`. */
  follow(id: string, viewer: Viewer, after: number, sink: FeedSink): Follower {
    const row = this.require(id, viewer);
    const { feed } = this.#active.get(id) ?? {};
    const earlier = this.#isEarlier(row) ? this.#earlier?.feedOf(id) : undefined;
    return (feed ?? earlier ?? this.#feedOf(id, row)).follow(after, sink);
  }

  /** What all runs of a batch print, a line each, in the order in which it was stored; after that place in it. */
  followBatch(id: string, viewer: Viewer, from: BatchPlace, sink: FeedSink): Follower {
    const runs = this.list({ viewer, batch: id, limit: 1 });
    if (runs.length === 0) throw new SluiceError('not_found', { message: `Batch ${id} not found` });
    const earlier = this.#batches.has(id) || this.#earlier?.isOver(id) !== false ? null : this.#earlier;
    if (earlier !== null) return earlier.feedOfBatch(id, from.what).follow(from.after, sink);
    const batch = this.#batches.get(id) ?? new AgentBatch(id, { events: this.#events, remaining: 0, concurrency: 1 });
    return batch.feeds[from.what].follow(from.after, sink);
  }

  /** The process before this one has ended: what it has not finished is lost, and whoever follows is told. */
  inherit(): void {
    if (this.#earlier !== null && !this.#isClosed) this.#recover();
  }

  /** The process before this one has it. */
  #isEarlier({ id, endedAtMs }: AgentRunRow): boolean {
    return this.#earlier !== null && endedAtMs === null && !this.#active.has(id);
  }

  /** Resolves when nothing runs any more and all is stored. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    if (this.#forgetting !== null) clearTimeout(this.#forgetting);
    this.#earlier?.close();
    await Promise.all([...this.#active.values()].map(({ run }) => run.stop('shutdown')));
    this.#writer.close();
    for (const { feed } of this.#active.values()) feed.abandon(new SluiceError('shutting_down'));
    for (const batch of this.#batches.values()) batch.abandon();
    this.#events.close();
  }

  /** Throws when it is not right, or cannot be run here. */
  #prepare(request: AgentRequest, user: string): PreparedRun {
    if (this.#isClosed) throw new SluiceError('shutting_down');
    const kind = this.#kindOf(request.kind);
    const known = this.#knownSession(kind, request.session, user);
    const { workspace: folder, isPerUser } = this.#settings;
    // An agent finds its session again only from where it was.
    const cwd = workingFolder({ folder, isPerUser }, user, request.cwd || (known?.cwd ?? ''));
    findProgram(kind.program, this.#surroundings.ownEnv['PATH'] ?? '');
    return { request, kind, user, cwd };
  }

  #kindOf(wanted: string): AgentKind {
    const { kinds, defaultKind } = this.#settings;
    const kind = kinds.get(wanted === '' ? defaultKind : wanted);
    if (kind !== undefined) return kind;
    const message = `kind: there is none of that name; there are ${[...kinds.keys()].join(', ')}.`;
    throw new SluiceError('invalid_input', { message });
  }

  /** Sessions of others are as if they were not there. Where nobody says who it is, any may be resumed. */
  #knownSession(kind: AgentKind, session: string, user: string): AgentRunRow | undefined {
    if (session === '') return undefined;
    this.#writer.flush();
    const known = this.#events.sessionOwner(kind.name, session);
    if (user === '' ? known === undefined || known.user === '' : known?.user === user) return known;
    throw new SluiceError('not_found', { message: 'session_id: there is no such session.' });
  }

  #begin(prepared: PreparedRun, batch: AgentBatch | null, place: number): ActiveRun {
    const { kind, request } = prepared;
    const row = newRow(prepared, batch?.id ?? '', place);
    const { session } = request;
    const run = new AgentRun(row, {
      kind,
      before: () => (session === '' ? null : this.#events.sessionTotals(kind.name, session)),
      writer: this.#writer,
      startProcess: this.#surroundings.startProcess,
      onStart: () => this.#started(run),
      onSession: (one) => this.#claimSession(one),
      onEnd: (one) => this.#ended(one),
    });
    const feed = this.#feedOf(row.id, row);
    const active: ActiveRun = { run, request, feed, batch, gate: null, turn: null, slot: null, gateway: null };
    this.#active.set(row.id, active);
    if (batch === null) this.#awaitSession(active);
    else active.gate = batch.gate.enter('', () => setImmediate(() => this.#awaitSession(active)));
    return active;
  }

  #awaitSession(active: ActiveRun): void {
    const { run, request } = active;
    if (run.isOver) return;
    if (request.session === '') {
      this.#awaitSlot(active);
      return;
    }
    active.turn = this.#sessions.enter(sessionKey(run.row), () => setImmediate(() => this.#awaitSlot(active)));
    // It may be long before it comes.
    if (active.turn.isWaiting) run.queued();
  }

  #awaitSlot(active: ActiveRun): void {
    const { run } = active;
    if (run.isOver) return;
    active.slot = this.#slots.enter(run.row.user, () => setImmediate(() => this.#launch(active)));
    if (active.slot !== null && active.slot.position > 0) run.queued();
  }

  #launch(active: ActiveRun): void {
    const { run, request } = active;
    if (run.isOver) return;
    const { kind, row } = run;
    const surroundings = this.#surroundings;
    try {
      active.gateway = surroundings.openGateway(kind, row.user);
      const plan = planOf({ kind, row, request, settings: this.#settings, surroundings, gateway: active.gateway });
      run.start(plan);
      this.#versions.look(kind, plan.file, this.#settings.env.get(kind.name) ?? {});
    } catch (error) {
      run.failed(error);
    }
  }

  /** Whoever wants to go on with the session that has just begun waits for its end. */
  #claimSession(run: AgentRun): void {
    const active = this.#active.get(run.row.id);
    if (active !== undefined) active.turn ??= this.#sessions.claim(sessionKey(run.row));
  }

  #started(run: AgentRun): void {
    const { id: agent, kind, user, pid } = run.row;
    this.#log('info', { event: 'agent', agent, kind, user, pid }, 'an agent has started');
    this.#surroundings.onCount(this.running);
    this.#surroundings.onStored?.(run.row, []);
  }

  #ended(run: AgentRun): void {
    const { row } = run;
    const active = this.#active.get(row.id);
    active?.gateway?.close();
    active?.gate?.leave();
    active?.turn?.leave();
    active?.slot?.leave();
    const { id: agent, kind, user, status, exitCode } = row;
    this.#log('info', { event: 'agent', agent, kind, user, status, exit_code: exitCode }, 'an agent has ended');
    this.#surroundings.onEnd(row);
    this.#surroundings.onCount(this.running);
  }

  #stored(id: string, events: readonly PlacedAgentEvent[]): void {
    const active = this.#active.get(id);
    if (active === undefined) return;
    active.batch?.stored(events);
    active.feed.push(events.map(feedEventOf));
    this.#surroundings.onStored?.(active.run.row, events);
    if (events.at(-1)?.type !== COMPLETE) return;
    this.#active.delete(id);
    active.batch?.runEnded();
    if (active.batch?.isOver === true) this.#batches.delete(active.batch.id);
  }

  #troubled(error: unknown): void {
    this.#log('error', { err: error }, 'what agents print cannot be stored: they wait');
    this.#holdAll();
  }

  #recovered(): void {
    this.#log('info', {}, 'what agents print can be stored again');
    this.#releaseAll();
  }

  #holdAll(): void {
    for (const { run } of this.#active.values()) run.hold();
  }

  #releaseAll(): void {
    for (const { run } of this.#active.values()) run.release();
  }

  #feedOf(id: string, row: AgentRunRow): EventFeed {
    return new EventFeed((after) => {
      const events = this.#events.eventsAfter(id, after).map(feedEventOf);
      // Nobody waits for an end that was told already.
      if (events.length > 0 || this.#active.has(id)) return events;
      return [feedEventOf(completeEvent(this.#events.find(id) ?? row, after + 1))];
    });
  }

  /** What ran when Sluice was killed has ended by now: whoever follows is told. */
  #recover(): void {
    const lost = this.#events.endUnfinished(LOST, Date.now(), [...this.#active.keys()]);
    const ends = lost.flatMap(({ id }) => {
      const row = this.#events.find(id);
      return row === undefined ? [] : [completeEvent(row, this.#events.lastNumber(id) + 1)];
    });
    if (ends.length === 0) return;
    this.#events.add(ends);
    for (const end of ends) {
      const row = this.#events.find(end.run);
      if (row !== undefined) this.#surroundings.onStored?.(row, [end]);
    }
    this.#log('warn', { event: 'agent', agents: lost.map(({ id }) => id) }, 'agents were lost when Sluice ended');
  }

  /** Some at a time, so that nothing waits for it for long. */
  #forget(): void {
    let isMore = false;
    try {
      isMore = this.#events.forgetBefore(Date.now() - this.#settings.keepMs, FORGOTTEN_AT_ONCE) === FORGOTTEN_AT_ONCE;
    } catch (error) {
      this.#log('error', { err: error }, 'old runs of agents cannot be forgotten');
    }
    this.#forgetting = setTimeout(() => this.#forget(), isMore ? FORGET_NEXT_MS : FORGET_EVERY_MS).unref();
  }
}

/** How many wait is judged before. */
function slotLimits({ maxConcurrent }: AgentSettings): SlotLimits {
  return { running: maxConcurrent, waiting: Number.MAX_SAFE_INTEGER };
}

function busy(): SluiceError {
  const message = 'As many agents run as may, and as many wait as may.';
  return new SluiceError('processes_busy', { message, retryAfterMs: RETRY_AFTER_MS });
}

function sessionKey({ kind, session }: AgentRunRow): string {
  return `${kind} ${session}`;
}
