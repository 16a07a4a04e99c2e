// Runs of agents as all nodes know them: each node tells what its runs say, and any of them can follow it. Rule: what a run has said is kept on its
// own node in any case; that nobody can be told holds no run up, and what was not told in time is told later, as far as there is room.
import type { NodeEntry, SharedState } from '../../state/shared-state.ts';
import type { AgentEvent, AgentRunRow } from '../../state/agent-events.ts';
import type { FeedSink, Follower } from './event-feed.ts';
import { RemoteFollower } from './remote-follower.ts';
import { eventOfText, eventText, runOfText, runText, type ToldRun } from './run-text.ts';

export interface SharedRunsOptions {
  readonly state: Pick<SharedState, 'append' | 'readAfter' | 'put' | 'get' | 'publish' | 'hear'>;
  /** The id of this one. */
  readonly node: string;
  readonly nodes: () => readonly NodeEntry[];
}

interface Waiting {
  row: AgentRunRow;
  events: AgentEvent[];
}

const KEPT_MS = 86_400_000;
const MOST_EVENTS = 10_000;
/** Of all runs together, while nobody can be told. */
const MOST_WAITING = 20_000;
const RETRY_MS = 1_000;
const PAGE = 256;
const CHANNEL = 'agent-events';

export class SharedRuns {
  readonly #options: SharedRunsOptions;
  readonly #waiting = new Map<string, Waiting>();
  readonly #followers = new Map<string, Set<RemoteFollower>>();
  #waitingEvents = 0;
  #isTelling = false;
  #retry: NodeJS.Timeout | null = null;

  constructor(options: SharedRunsOptions) {
    this.#options = options;
    const wakeAll = (): void => {
      for (const some of this.#followers.values()) for (const one of some) one.wake();
    };
    options.state.hear(
      CHANNEL,
      (run) => {
        for (const one of this.#followers.get(run) ?? []) one.wake();
      },
      wakeAll,
    );
  }

  /** Of a run of this node, in order. */
  note(row: AgentRunRow, events: readonly AgentEvent[]): void {
    const waiting = this.#waiting.get(row.id) ?? { row, events: [] };
    this.#waiting.set(row.id, waiting);
    waiting.row = row;
    if (this.#waitingEvents < MOST_WAITING) {
      waiting.events.push(...events);
      this.#waitingEvents += events.length;
    }
    void this.#tellAll();
  }

  /** Of whatever node. */
  async find(id: string): Promise<ToldRun | null> {
    const text = await this.#options.state.get(rowKey(id));
    return text === null ? null : runOfText(text);
  }

  /** As `AgentService.follow`. */
  follow(run: ToldRun, after: number, sink: FeedSink): Follower {
    const { id } = run.row;
    const follower = new RemoteFollower({
      run,
      after,
      sink,
      page: async (number) => {
        const items = await this.#options.state.readAfter(logKey(id), number, PAGE);
        return items.map((item) => eventOfText(item.id, item.text));
      },
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

  /** What was appended already may be appended again. */
  async #tell(waiting: Waiting): Promise<void> {
    const { state, node } = this.#options;
    const { row, events } = waiting;
    const some = events.slice(0, PAGE);
    const items = some.map((event) => ({ id: event.number, text: eventText(event) }));
    await state.append(logKey(row.id), items, { most: MOST_EVENTS, ttlMs: KEPT_MS });
    await state.put(rowKey(row.id), runText({ node, row }), KEPT_MS);
    waiting.events = waiting.events.slice(some.length);
    this.#waitingEvents -= some.length;
    if (waiting.events.length === 0 && waiting.row === row) this.#waiting.delete(row.id);
    await state.publish(CHANNEL, row.id).catch(() => {});
  }
}

function rowKey(id: string): string {
  return `agent:${id}`;
}

function logKey(id: string): string {
  return `agent:${id}`;
}
