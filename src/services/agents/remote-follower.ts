// Follows a run of another node. Rule: it looks when it is woken, and now and then by itself; a run whose node is gone without a word has ended, and
// whoever follows is told so.
import type { AgentEvent } from '../../state/agent-events.ts';
import type { FeedSink, Follower } from './event-feed.ts';
import { COMPLETE, completeEvent, sseOf } from './event-text.ts';
import type { ToldRun } from './run-text.ts';

export interface RemoteRun {
  readonly run: ToldRun;
  readonly after: number;
  readonly sink: FeedSink;
  /** Some of the events after that number. */
  readonly page: (after: number) => Promise<readonly AgentEvent[]>;
  readonly find: () => Promise<ToldRun | null>;
  readonly isThere: (node: string) => boolean;
  readonly onOver: () => void;
}

const LOOK_EVERY_MS = 2_000;
/** The node may only have been slow to say that it is there. */
const LOOKS_WITHOUT_NODE = 3;
const GONE = 'The node that it ran on is gone.';

export class RemoteFollower implements Follower {
  readonly #remote: RemoteRun;
  #position: number;
  #isBlocked = true;
  #isOver = false;
  #isLooking = false;
  #isWoken = false;
  #withoutNode = 0;
  readonly #timer: NodeJS.Timeout;

  constructor(remote: RemoteRun) {
    this.#remote = remote;
    this.#position = remote.after;
    this.#timer = setInterval(() => void this.#lookAround(), LOOK_EVERY_MS).unref();
  }

  resume(): void {
    this.#isBlocked = false;
    this.wake();
  }

  wake(): void {
    this.#isWoken = true;
    void this.#look();
  }

  leave(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    clearInterval(this.#timer);
    this.#remote.onOver();
  }

  async #look(): Promise<void> {
    if (this.#isLooking) return;
    this.#isLooking = true;
    try {
      while (this.#isWoken && !this.#isBlocked && !this.#isOver) {
        this.#isWoken = false;
        const events = await this.#remote.page(this.#position);
        if (events.length > 0) this.#write(events);
        else await this.#checkEnd();
      }
    } catch {
      // The next look may find more.
    }
    this.#isLooking = false;
  }

  /** What was told of it may have lost its end. */
  async #checkEnd(): Promise<void> {
    const known = await this.#remote.find();
    if (known === null || known.row.endedAtMs === null || this.#isOver) return;
    // It may have been told between the two.
    const rest = await this.#remote.page(this.#position);
    this.#write(rest.length > 0 ? rest : [completeEvent(known.row, this.#position + 1)]);
  }

  #write(events: readonly AgentEvent[]): void {
    const last = events.at(-1);
    if (last === undefined || this.#isOver) return;
    this.#position = last.number;
    // There may be more.
    this.#isWoken = true;
    this.#isBlocked = !this.#remote.sink.write(Buffer.concat(events.map(sseOf)));
    if (last.type !== COMPLETE) return;
    this.leave();
    this.#remote.sink.end();
  }

  async #lookAround(): Promise<void> {
    this.wake();
    const { run, isThere, find } = this.#remote;
    this.#withoutNode = isThere(run.node) ? 0 : this.#withoutNode + 1;
    if (this.#withoutNode < LOOKS_WITHOUT_NODE || this.#isBlocked) return;
    const known = (await find().catch(() => null)) ?? run;
    if (known.node !== run.node || this.#isOver) return;
    const row = { ...known.row, status: 'crashed', reason: GONE, endedAtMs: Date.now() } as const;
    this.#write([completeEvent(row, this.#position + 1)]);
  }
}
