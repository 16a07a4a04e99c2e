// Runs of agents as all nodes know them: each node tells what its runs say, and any of them can follow it. Rule: what a run has said is kept on its
// own node in any case; that nobody can be told holds no run up, and what was not told in time is told later, as far as there is room.
import type { NodeEntry, SharedState } from '../../state/shared-state.ts';
import type { AgentEvent, AgentRunRow } from '../../state/agent-events.ts';
import type { FeedSink, Follower } from './event-feed.ts';
import { RemoteFollower } from './remote-follower.ts';
import type { ToldNode, ToldRun } from './run-text.ts';
import { PAGE, ToldRuns } from './told-runs.ts';

export interface SharedRunsOptions {
  readonly state: Pick<
    SharedState,
    | 'append'
    | 'readAfter'
    | 'put'
    | 'get'
    | 'pin'
    | 'unpin'
    | 'pinned'
    | 'claim'
    | 'release'
    | 'publish'
    | 'hear'
    | 'isUp'
  >;
  /** The id of this one. */
  readonly node: string;
  /** As others are told of it. */
  readonly self: () => Omit<ToldNode, 'at'>;
  readonly nodes: () => readonly NodeEntry[];
}

interface Waiting {
  row: AgentRunRow;
  events: AgentEvent[];
}

/** Of all runs together, while nobody can be told. */
const MOST_WAITING = 20_000;
const RETRY_MS = 1_000;
const CHANNEL = 'agent-events';
/** By it a node that was taken for gone hears of it, should it be there after all. */
const GONE_CHANNEL = 'agents-gone';

export class SharedRuns {
  readonly told: ToldRuns;
  readonly #options: SharedRunsOptions;
  readonly #waiting = new Map<string, Waiting>();
  /** Runs of this node that have not ended. */
  readonly #unfinished = new Map<string, AgentRunRow>();
  readonly #followers = new Map<string, Set<RemoteFollower>>();
  #waitingEvents = 0;
  #isTelling = false;
  #retry: NodeJS.Timeout | null = null;
  #settled = Promise.withResolvers<void>();

  constructor(options: SharedRunsOptions) {
    this.#options = options;
    this.told = new ToldRuns(options);
    const { state, node } = options;
    const wakeAll = (): void => {
      for (const some of this.#followers.values()) for (const one of some) one.wake();
    };
    state.hear(
      CHANNEL,
      (run) => {
        for (const one of this.#followers.get(run) ?? []) one.wake();
      },
      wakeAll,
    );
    state.hear(
      GONE_CHANNEL,
      (gone) => {
        if (gone === node) this.#tellAgain();
      },
      () => this.#tellAgain(),
    );
  }

  /** This one. */
  get node(): string {
    return this.#options.node;
  }

  /** What people call it. */
  get name(): string {
    return this.#options.self().name;
  }

  /** Those that are there. */
  get nodes(): readonly NodeEntry[] {
    return this.#options.nodes();
  }

  /** Of a run of this node, in order. */
  note(row: AgentRunRow, events: readonly AgentEvent[]): void {
    const waiting = this.#waiting.get(row.id) ?? { row, events: [] };
    this.#waiting.set(row.id, waiting);
    waiting.row = row;
    if (row.endedAtMs === null) this.#unfinished.set(row.id, row);
    else this.#unfinished.delete(row.id);
    if (this.#waitingEvents < MOST_WAITING) {
      waiting.events.push(...events);
      this.#waitingEvents += events.length;
    }
    void this.#tellAll();
  }

  /** Of whatever node. */
  find(id: string): Promise<ToldRun | null> {
    return this.told.find(id);
  }

  /** Resolves when all was told, and after that time in any case; at once where nobody can be told. */
  async settled(withinMs: number): Promise<void> {
    if (this.#waiting.size === 0 || !this.#options.state.isUp) return;
    let timer: NodeJS.Timeout | undefined;
    const patience = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, withinMs);
    });
    await Promise.race([this.#settled.promise, patience]);
    clearTimeout(timer);
  }

  /** A node is gone: what it had under way has ended, and whoever follows it is told. */
  async bury(node: string): Promise<void> {
    const lost = await this.told.bury(node);
    for (const id of lost) await this.#options.state.publish(CHANNEL, id).catch(() => {});
    if (lost.length > 0) await this.#options.state.publish(GONE_CHANNEL, node).catch(() => {});
  }

  /** As `AgentService.follow`. */
  follow(run: ToldRun, after: number, sink: FeedSink): Follower {
    const { id } = run.row;
    const follower = new RemoteFollower({
      run,
      after,
      sink,
      page: (number) => this.told.page(id, number),
      find: () => this.find(id),
      isThere: (node) => this.#options.nodes().some((entry) => entry.id === node),
      onOver: () => this.#forget(id, follower),
    });
    this.#followers.set(id, (this.#followers.get(id) ?? new Set()).add(follower));
    follower.resume();
    return follower;
  }

  close(): void {
    if (this.#retry !== null) clearTimeout(this.#retry);
  }

  /** Somebody may have said that they have ended. */
  #tellAgain(): void {
    for (const row of this.#unfinished.values()) this.note(row, []);
  }

  #forget(id: string, follower: RemoteFollower): void {
    const all = this.#followers.get(id);
    all?.delete(follower);
    if (all?.size === 0) this.#followers.delete(id);
  }

  async #tellAll(): Promise<void> {
    if (this.#isTelling || this.#retry !== null) return;
    this.#isTelling = true;
    try {
      for (let next = this.#first(); next !== undefined; next = this.#first()) await this.#tell(next);
      this.#settled.resolve();
      this.#settled = Promise.withResolvers();
    } catch {
      this.#retry = setTimeout(() => {
        this.#retry = null;
        void this.#tellAll();
      }, RETRY_MS).unref();
    } finally {
      this.#isTelling = false;
    }
  }

  #first(): Waiting | undefined {
    return this.#waiting.values().next().value;
  }

  async #tell(waiting: Waiting): Promise<void> {
    const { row, events } = waiting;
    const some = events.slice(0, PAGE);
    await this.told.append(row.id, some);
    if (some.length === events.length) await this.told.tell(row);
    waiting.events = waiting.events.slice(some.length);
    this.#waitingEvents -= some.length;
    if (waiting.events.length === 0 && waiting.row === row) this.#waiting.delete(row.id);
    await this.#options.state.publish(CHANNEL, row.id).catch(() => {});
  }
}
