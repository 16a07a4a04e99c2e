// The events of one run, or of one batch, on their way to everybody who follows it. Rule: an event is made ready once and is the same
// bytes for all; a follower that is slow is left behind and goes on from the file, and holds nothing up.

export interface FeedEvent {
  /** Rises from event to event. */
  readonly position: number;
  readonly bytes: Buffer;
  /** Nothing follows. */
  readonly isLast: boolean;
}

export interface FeedSink {
  /** False: it takes no more until `Follower.resume`. */
  write(bytes: Buffer): boolean;
  /** Nothing follows. */
  end(): void;
  /** Nothing follows, for no good reason. */
  fail(error: unknown): void;
}

export interface Follower {
  resume(): void;
  /** It wants nothing more. */
  leave(): void;
}

/** What is kept in memory, for those who are a little behind. */
const RECENT_EVENTS = 256;
const RECENT_BYTES = 1024 * 1024;

export class EventFeed {
  /** Some of the events after that position, from the file; none: there are no more yet. */
  readonly #load: (after: number) => readonly FeedEvent[];
  readonly #followers = new Set<FeedFollower>();
  #recent: FeedEvent[] = [];
  #recentBytes = 0;
  #last = 0;

  constructor(load: (after: number) => readonly FeedEvent[]) {
    this.#load = load;
  }

  get followers(): number {
    return this.#followers.size;
  }

  /** They are in the file by now. */
  push(events: readonly FeedEvent[]): void {
    const [first] = events;
    const last = events.at(-1);
    if (first === undefined || last === undefined) return;
    const before = this.#last;
    for (const event of events) this.#remember(event);
    this.#last = last.position;
    const bytes = events.length === 1 ? first.bytes : Buffer.concat(events.map((event) => event.bytes));
    for (const follower of this.#followers) follower.take({ before, bytes, last });
  }

  /** From that position on, all that there is and all that comes. */
  follow(after: number, sink: FeedSink): Follower {
    const follower = new FeedFollower(after, sink, {
      eventsAfter: (position) => this.#eventsAfter(position),
      leave: (one) => this.#followers.delete(one),
    });
    this.#followers.add(follower);
    follower.resume();
    return follower;
  }

  /** Nobody will push any more, though nobody has said so. */
  abandon(error: unknown): void {
    for (const follower of this.#followers) follower.fail(error);
  }

  #remember(event: FeedEvent): void {
    this.#recent.push(event);
    this.#recentBytes += event.bytes.length;
    while (this.#recent.length > RECENT_EVENTS || (this.#recentBytes > RECENT_BYTES && this.#recent.length > 1)) {
      this.#recentBytes -= this.#recent.shift()?.bytes.length ?? 0;
    }
  }

  #eventsAfter(position: number): readonly FeedEvent[] {
    if (this.#last > 0 && position >= this.#last) return [];
    const [oldest] = this.#recent;
    // Those before it may be missing here.
    if (oldest === undefined || oldest.position > position + 1) return this.#load(position);
    return this.#recent.filter((event) => event.position > position);
  }
}

interface FeedSource {
  eventsAfter(position: number): readonly FeedEvent[];
  leave(follower: FeedFollower): void;
}

interface PushedEvents {
  /** The position that they follow. */
  readonly before: number;
  readonly bytes: Buffer;
  readonly last: FeedEvent;
}

class FeedFollower implements Follower {
  readonly #sink: FeedSink;
  readonly #source: FeedSource;
  #position: number;
  #isBlocked = true;
  #isOver = false;

  constructor(position: number, sink: FeedSink, source: FeedSource) {
    this.#position = position;
    this.#sink = sink;
    this.#source = source;
  }

  /** What has just come, if it is all that is missing here. */
  take({ before, bytes, last }: PushedEvents): void {
    if (this.#isBlocked || this.#isOver) return;
    if (this.#position < before) {
      this.resume();
      return;
    }
    if (this.#position >= last.position) return;
    if (this.#position > before) this.resume();
    else this.#write(bytes, last);
  }

  resume(): void {
    if (this.#isOver) return;
    this.#isBlocked = false;
    try {
      while (!this.#isBlocked && !this.#isOver) {
        const events = this.#source.eventsAfter(this.#position);
        const last = events.at(-1);
        if (last === undefined) return;
        this.#write(Buffer.concat(events.map(({ bytes }) => bytes)), last);
      }
    } catch (error) {
      this.fail(error);
    }
  }

  leave(): void {
    this.#isOver = true;
    this.#source.leave(this);
  }

  fail(error: unknown): void {
    if (this.#isOver) return;
    this.leave();
    this.#sink.fail(error);
  }

  #write(bytes: Buffer, { position, isLast }: FeedEvent): void {
    this.#position = position;
    this.#isBlocked = !this.#sink.write(bytes);
    if (!isLast || this.#isOver) return;
    this.leave();
    this.#sink.end();
  }
}
