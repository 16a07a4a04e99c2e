// A list of runs that were started together: no more of them at once than was asked for, and one stream of all that they print. Rule: an end
// of the batch is told once all its runs have ended and everything of them has been told.
import { SluiceError } from '../../core/errors.ts';
import type { AgentEvents, AgentRunRow, PlacedAgentEvent } from '../../state/agent-events.ts';
import { FairSlots } from '../processes/fair-slots.ts';
import { EventFeed, type FeedEvent } from './event-feed.ts';
import { COMPLETE, ndjsonOf } from './event-text.ts';

/** Beyond all that comes from the file. */
const END = Number.MAX_SAFE_INTEGER;
const MOST_RUNS = 1_000_000;

export class AgentBatch {
  readonly id: string;
  /** All that its runs print, or their ends only. */
  readonly feeds: Readonly<Record<'all' | 'ends', EventFeed>>;
  /** How many of it run at once. */
  readonly gate: FairSlots;
  readonly #events: AgentEvents;
  readonly #places = new Map<string, number>();
  #remaining: number;

  /** `remaining`: how many of its runs have not ended. */
  constructor(
    id: string,
    {
      events,
      remaining,
      concurrency,
    }: { readonly events: AgentEvents; readonly remaining: number; readonly concurrency: number },
  ) {
    this.id = id;
    this.#events = events;
    this.#remaining = remaining;
    this.gate = new FairSlots({ running: concurrency, waiting: MOST_RUNS });
    this.feeds = {
      all: new EventFeed((after) => this.#load(after, () => true)),
      ends: new EventFeed((after) => this.#load(after, isEnd)),
    };
  }

  get isOver(): boolean {
    return this.#remaining === 0;
  }

  stored(events: readonly PlacedAgentEvent[]): void {
    this.feeds.all.push(events.map((event) => this.#feedEventOf(event)));
    this.feeds.ends.push(events.filter(isEnd).map((event) => this.#feedEventOf(event)));
  }

  /** Of one of its runs, all of which has been told. */
  runEnded(): void {
    this.#remaining -= 1;
    if (!this.isOver) return;
    const end = this.#end();
    for (const feed of Object.values(this.feeds)) feed.push([end]);
  }

  abandon(): void {
    for (const feed of Object.values(this.feeds)) feed.abandon(new SluiceError('shutting_down'));
  }

  #load(after: number, isWanted: (event: PlacedAgentEvent) => boolean): readonly FeedEvent[] {
    for (let position = after; position < END;) {
      const events = this.#events.batchEventsAfter(this.id, position);
      const last = events.at(-1);
      if (last === undefined) return this.isOver ? [this.#end()] : [];
      const wanted = events.filter(isWanted);
      if (wanted.length > 0) return wanted.map((event) => this.#feedEventOf(event));
      position = last.sequence;
    }
    return [];
  }

  #feedEventOf(event: PlacedAgentEvent): FeedEvent {
    return { position: event.sequence, bytes: ndjsonOf(event, this.#placeOf(event.run)), isLast: false };
  }

  #placeOf(run: string): number {
    const place = this.#places.get(run) ?? this.#events.find(run)?.place ?? 0;
    this.#places.set(run, place);
    return place;
  }

  #end(): FeedEvent {
    const runs = this.#events.runs({ user: null, batch: this.id, limit: MOST_RUNS });
    return { position: END, bytes: Buffer.from(`${JSON.stringify(batchSummary(this.id, runs))}\n`), isLast: true };
  }
}

function isEnd({ type }: PlacedAgentEvent): boolean {
  return type === COMPLETE;
}

function batchSummary(id: string, runs: readonly AgentRunRow[]): object {
  const statuses = new Map<string, number>();
  for (const { status } of runs) statuses.set(status, (statuses.get(status) ?? 0) + 1);
  const costs = runs.flatMap(({ cost }) => (cost === null ? [] : [cost]));
  return {
    type: 'batch_complete',
    batch_id: id,
    agents: runs.length,
    ...Object.fromEntries(statuses),
    cost_usd: costs.length === 0 ? null : costs.reduce((sum, cost) => sum + cost, 0),
  };
}
