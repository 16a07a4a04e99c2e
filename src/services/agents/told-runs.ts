// What nodes have told each other of their runs, as it is kept for all of them. Rule: a run is told as ended only when all that it has said was told
// before; of a node that is gone it is known what it had, for a day.
import type { AgentEvent, AgentRunRow } from '../../state/agent-events.ts';
import type { SharedState } from '../../state/shared-state.ts';
import { completeEvent } from './event-text.ts';
import { eventOfText, eventText, runOfText, runText, type ToldNode, toldNodeOfText, type ToldRun } from './run-text.ts';

export interface ToldRunsOptions {
  readonly state: Pick<
    SharedState,
    'append' | 'readAfter' | 'put' | 'get' | 'pin' | 'unpin' | 'pinned' | 'claim' | 'release'
  >;
  /** The id of this one. */
  readonly node: string;
  /** As others are told of it. */
  readonly self: () => Omit<ToldNode, 'at'>;
}

/** What is on one node only: a session that can be resumed there, or a batch. */
export type PlacedKind = 'session' | 'batch';

export const PAGE = 256;
const DAY_MS = 86_400_000;
const PLACE_MS = 30 * DAY_MS;
const MOST_EVENTS = 10_000;
/** Of those that have ended, for each node. */
const MOST_ENDED = 500;
const MOST_PLACES = 10_000;
const BURIAL_MS = 30_000;
const NODES = 'agent-nodes';
const GONE = 'The node that it ran on is gone.';

export class ToldRuns {
  readonly #options: ToldRunsOptions;
  /** In the order in which they ended. */
  readonly #ended: string[] = [];
  readonly #placed = new Set<string>();
  #saidAtMs = 0;

  constructor(options: ToldRunsOptions) {
    this.#options = options;
  }

  /** Of whatever node. */
  async find(id: string): Promise<ToldRun | null> {
    const text = await this.#options.state.get(runKey(id));
    return text === null ? null : runOfText(text);
  }

  /** Some of what it has said after that number. */
  async page(id: string, after: number): Promise<AgentEvent[]> {
    const items = await this.#options.state.readAfter(runKey(id), after, PAGE);
    return items.map((item) => eventOfText(item.id, item.text));
  }

  /** What was appended already may be appended again. */
  async append(id: string, events: readonly AgentEvent[]): Promise<void> {
    const items = events.map((event) => ({ id: event.number, text: eventText(event) }));
    await this.#options.state.append(runKey(id), items, { most: MOST_EVENTS, ttlMs: DAY_MS });
  }

  /** A run of this node, of which all was told before. */
  async tell(row: AgentRunRow): Promise<void> {
    const { node, self } = this.#options;
    const { name } = self();
    await this.#introduce();
    await this.#keep({ node, name, row });
    if (row.session !== '') await this.#place('session', sessionOf(row.kind, row.session));
    if (row.batch !== '') await this.#place('batch', row.batch);
    if (row.endedAtMs === null || this.#ended.includes(row.id)) return;
    this.#ended.push(row.id);
    const old = this.#ended.length > MOST_ENDED ? this.#ended.shift() : undefined;
    if (old !== undefined) await this.#options.state.unpin(runsOf(node), old);
  }

  /** Which node has it; null: nobody knows. */
  async placeOf(kind: PlacedKind, name: string): Promise<{ readonly node: string; readonly name: string } | null> {
    const text = await this.#options.state.get(placeKey(kind, name));
    return text === null ? null : (JSON.parse(text) as { node: string; name: string });
  }

  /** All nodes that have had runs within a day, by their ids. */
  async nodes(): Promise<ReadonlyMap<string, ToldNode>> {
    const rows = await this.#options.state.pinned(NODES);
    return new Map(
      [...rows].flatMap(([id, text]) => {
        const told = toldNodeOfText(text);
        return told === null ? [] : [[id, told] as const];
      }),
    );
  }

  /** Those that are known of a node, in no order. */
  async runsOf(node: string): Promise<ToldRun[]> {
    const rows = await this.#options.state.pinned(runsOf(node));
    return [...rows.values()].map(runOfText).filter((run) => run !== null);
  }

  /** A node is gone: whatever it had under way has ended. Answers these; none, where somebody else sees to it. */
  async bury(node: string): Promise<readonly string[]> {
    const { state, node: owner } = this.#options;
    const { lease, isMine } = await state.claim({ name: `agents-of:${node}`, owner, value: '', ttlMs: BURIAL_MS });
    if (!isMine) return [];
    const lost = (await this.runsOf(node)).filter(({ row }) => row.endedAtMs === null);
    for (const run of lost) await this.#buryRun(run);
    await state.release(lease);
    return lost.map(({ row }) => row.id);
  }

  /** Nobody needs to know any more what that node has had. */
  async forget(node: string): Promise<void> {
    const { state } = this.#options;
    for (const id of (await state.pinned(runsOf(node))).keys()) await state.unpin(runsOf(node), id);
    await state.unpin(NODES, node);
  }

  async #buryRun(run: ToldRun): Promise<void> {
    const { id } = run.row;
    const known = await this.find(id);
    // Another process has taken up where that one ended.
    if (known !== null && known.node !== run.node) {
      await this.#options.state.unpin(runsOf(run.node), id);
      return;
    }
    const row = { ...run.row, status: 'crashed', pid: null, reason: GONE, endedAtMs: Date.now() } as const;
    let last = 0;
    for (let page = await this.page(id, last); page.length > 0; page = await this.page(id, last)) {
      last = page.at(-1)?.number ?? last;
    }
    await this.append(id, [completeEvent(row, last + 1)]);
    await this.#keep({ ...run, row });
  }

  async #keep(run: ToldRun): Promise<void> {
    const { state } = this.#options;
    const text = runText(run);
    await state.put(runKey(run.row.id), text, DAY_MS);
    await state.pin(runsOf(run.node), run.row.id, text);
  }

  async #introduce(): Promise<void> {
    const { state, node, self } = this.#options;
    const now = Date.now();
    if (now - this.#saidAtMs < DAY_MS / 24) return;
    await state.pin(NODES, node, JSON.stringify({ ...self(), at: now }));
    this.#saidAtMs = now;
  }

  async #place(kind: PlacedKind, name: string): Promise<void> {
    const key = placeKey(kind, name);
    if (this.#placed.has(key)) return;
    const { state, node, self } = this.#options;
    await state.put(key, JSON.stringify({ node, name: self().name }), PLACE_MS);
    if (this.#placed.size >= MOST_PLACES) this.#placed.clear();
    this.#placed.add(key);
  }
}

export function sessionOf(kind: string, session: string): string {
  return `${kind} ${session}`;
}

function placeKey(kind: PlacedKind, name: string): string {
  return `agent-${kind}:${name}`;
}

function runKey(id: string): string {
  return `agent:${id}`;
}

function runsOf(node: string): string {
  return `agents-of:${node}`;
}
