// Runs that the process whose place we have taken still has: they come to their end there, and are followed here. Rule: that process alone writes
// what they say; here the file is looked at again and again as long as somebody follows.
import type { AgentEvents } from '../../state/agent-events.ts';
import { AgentBatch } from './agent-batch.ts';
import { EventFeed } from './event-feed.ts';
import { feedEventOf } from './event-text.ts';

/** Something that is looked after as long as it has followers. */
interface Watched {
  /** Whether there was something new. */
  look(): boolean;
  followers(): number;
  feed(what: 'all' | 'ends'): EventFeed;
}

const LOOK_EVERY_MS = 100;
/** At once, so that nothing else waits for long. */
const MOST_PAGES = 50;
const MOST_RUNS = 1_000_000;

export class EarlierRuns {
  readonly #events: AgentEvents;
  readonly #everyMs: number;
  readonly #watched = new Map<string, Watched>();
  #timer: NodeJS.Timeout | null = null;

  constructor(events: AgentEvents, everyMs: number = LOOK_EVERY_MS) {
    this.#events = events;
    this.#everyMs = everyMs;
  }

  feedOf(id: string): EventFeed {
    return this.#watch(`run ${id}`, () => this.#run(id)).feed('all');
  }

  feedOfBatch(id: string, what: 'all' | 'ends'): EventFeed {
    return this.#watch(`batch ${id}`, () => this.#batch(id)).feed(what);
  }

  close(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
  }

  #watch(key: string, make: () => Watched): Watched {
    const watched = this.#watched.get(key) ?? make();
    this.#watched.set(key, watched);
    this.#timer ??= setInterval(() => this.#look(), this.#everyMs).unref();
    return watched;
  }

  #run(id: string): Watched {
    let last = this.#events.lastNumber(id);
    const feed = new EventFeed((after) => this.#events.eventsAfter(id, after).map(feedEventOf));
    const look = (): boolean => {
      const events = this.#events.eventsAfter(id, last);
      last = events.at(-1)?.number ?? last;
      feed.push(events.map(feedEventOf));
      return events.length > 0;
    };
    return { look, followers: () => feed.followers, feed: () => feed };
  }

  #batch(id: string): Watched {
    // One stands for all that have not ended.
    const batch = new AgentBatch(id, { events: this.#events, remaining: 1, concurrency: 1 });
    let last = this.#events.lastSequence();
    const look = (): boolean => {
      const isOver = this.isOver(id);
      const events = this.#events.batchEventsAfter(id, last);
      last = events.at(-1)?.sequence ?? last;
      batch.stored(events);
      if (isOver && events.length === 0 && !batch.isOver) batch.runEnded();
      return events.length > 0;
    };
    const { feeds } = batch;
    return { look, followers: () => feeds.all.followers + feeds.ends.followers, feed: (what) => feeds[what] };
  }

  /** A batch, none of whose runs is under way. */
  isOver(batch: string): boolean {
    return this.#events.runs({ user: null, batch, limit: MOST_RUNS }).every(({ endedAtMs }) => endedAtMs !== null);
  }

  #look(): void {
    for (const [key, watched] of this.#watched) {
      // Whoever comes next begins with what is in the file by then.
      if (watched.followers() === 0) this.#watched.delete(key);
      for (let pages = 0; pages < MOST_PAGES && watched.followers() > 0 && watched.look(); pages++);
    }
    if (this.#watched.size === 0) this.close();
  }
}
