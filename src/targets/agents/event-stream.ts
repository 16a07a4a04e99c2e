// An answer that goes on for as long as an agent does. Rule: a client that takes nothing holds nobody up, and a connection on which nothing
// happens is told so now and then, so that nobody between takes it for dead.
import type { Exchange, Producer } from '../../contract/exchange.ts';
import { SluiceError } from '../../core/errors.ts';
import { Deadline, wheel } from '../../transport/timers.ts';
import type { FeedSink, Follower } from '../../services/agents/event-feed.ts';

export interface StreamForm {
  readonly contentType: string;
  /** Means nothing to a client. */
  readonly heartbeat: Buffer;
}

export const SSE: StreamForm = { contentType: 'text/event-stream', heartbeat: Buffer.from(': \n\n') };
/** A space before the next object means nothing in JSON. */
export const NDJSON: StreamForm = { contentType: 'application/x-ndjson', heartbeat: Buffer.from(' ') };

/** Those that are open; one deadline for all of them. */
export class OpenStreams {
  readonly #everyMs: number;
  readonly #all = new Set<EventStream>();
  readonly #next = new Deadline(() => this.#beat());

  constructor(everyMs: number) {
    this.#everyMs = everyMs;
  }

  add(stream: EventStream): void {
    if (this.#all.size === 0) wheel.arm(this.#next, this.#everyMs);
    this.#all.add(stream);
  }

  remove(stream: EventStream): void {
    this.#all.delete(stream);
    if (this.#all.size === 0) wheel.release(this.#next);
  }

  #beat(): void {
    wheel.arm(this.#next, this.#everyMs);
    for (const stream of this.#all) stream.beat();
  }
}

/** What else there is to say now and then; empty: nothing. */
export type News = () => string;

export class EventStream implements Producer, FeedSink {
  readonly #exchange: Exchange;
  readonly #form: StreamForm;
  readonly #open: OpenStreams;
  #follower: Follower | null = null;
  #isBlocked = false;
  #isOver = false;
  #news: News | null = null;
  /** Nothing has gone out since the last beat. */
  #isQuiet = true;

  constructor(exchange: Exchange, form: StreamForm, open: OpenStreams) {
    this.#exchange = exchange;
    this.#form = form;
    this.#open = open;
  }

  /** Fails where the client has gone meanwhile. */
  begin(first: Buffer, fields: readonly (readonly [string, string])[], follow: (sink: FeedSink) => Follower): void {
    const exchange = this.#exchange;
    const own = [
      ['Content-Type', this.#form.contentType],
      ['Cache-Control', 'no-cache'],
      // What gathers an answer before it passes it on would make a stream of it no more.
      ['X-Accel-Buffering', 'no'],
    ] as const;
    exchange.produce(this);
    exchange.respond({ status: 200, fields: [...own, ...fields] }, -1);
    this.#open.add(this);
    this.write(first);
    this.#follower = follow(this);
    if (this.#isOver) this.#follower.leave();
  }

  write(bytes: Buffer): boolean {
    if (this.#isOver) return false;
    this.#isQuiet = false;
    this.#isBlocked = !this.#exchange.write(bytes, 0, bytes.length);
    return !this.#isBlocked;
  }

  end(): void {
    if (this.#isOver) return;
    this.#close();
    this.#exchange.end();
  }

  fail(error: unknown): void {
    if (this.#isOver) return;
    this.#close();
    this.#exchange.abort(error instanceof SluiceError ? error : new SluiceError('internal', { cause: error }));
  }

  /** Asked at each beat. */
  hasNews(news: News): this {
    this.#news = news;
    return this;
  }

  beat(): void {
    if (this.#isBlocked) return;
    const news = this.#news?.() ?? '';
    if (news !== '') this.write(Buffer.from(news));
    else if (this.#isQuiet) this.write(this.#form.heartbeat);
    this.#isQuiet = true;
  }

  takeBody(): void {}

  takeEnd(): void {}

  resume(): void {
    this.#isBlocked = false;
    this.#follower?.resume();
  }

  cancel(): void {
    this.#close();
    this.#follower?.leave();
  }

  #close(): void {
    this.#isOver = true;
    this.#open.remove(this);
  }
}
