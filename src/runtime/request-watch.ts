// What has gone through all threads, for whoever looks back or follows. Rule: the threads are asked only while somebody looks; nobody who
// reads slowly holds up anything, and everybody is told how many requests they have not seen.
import { redactTarget } from '../core/redact.ts';
import type { TapeReading } from '../telemetry/request-tape.ts';
import type { SeenRequest } from '../telemetry/seen-request.ts';
import { fits, type RequestFilter } from './request-filter.ts';
import { sinceIn, TailFollower } from './tail-follower.ts';

/** Numbered in the order in which they ended; those that nobody could keep have no number. */
export interface WatchedRequest extends SeenRequest {
  readonly number: number;
}

export interface RequestBatch {
  /** The oldest first. */
  readonly requests: readonly WatchedRequest[];
  /** So many more have gone through since the batch before, that could not be kept. */
  readonly missed: number;
  /** By which a later follower goes on. */
  readonly position: number;
}

/** False: the follower takes nothing more until it has called `resume`. */
export type TakeBatch = (batch: RequestBatch) => boolean;

export interface RequestFollower {
  resume(): void;
  leave(): void;
}

type ReadTapes = (since: readonly number[], most: number) => Promise<readonly TapeReading[]>;

/** Kept over all threads. */
export const HISTORY_LENGTH = 5000;
/** Of each thread at once: more than this many between two looks are missed. */
const MOST_AT_ONCE = 500;
const LOOK_EVERY_MS = 250;

export class RequestWatch {
  readonly #read: ReadTapes;
  readonly #history: WatchedRequest[] = [];
  /** As they came, where the history has something masked; by number. */
  readonly #targets = new Map<number, string>();
  readonly #followers = new Set<TailFollower<WatchedRequest>>();
  #positions: readonly number[] = [];
  #number = 0;
  #missed = 0;
  #timer: NodeJS.Timeout | null = null;
  #looking: Promise<void> | null = null;

  constructor(read: ReadTapes) {
    this.#read = read;
  }

  /** The newest first. */
  async recent(filter: RequestFilter, most: number): Promise<WatchedRequest[]> {
    await this.#look();
    const fitting = this.#history.filter((seen) => fits(seen, filter));
    return fitting.slice(-most).toReversed();
  }

  async find(id: string): Promise<WatchedRequest | undefined> {
    await this.#look();
    return this.#history.findLast((seen) => seen.id === id);
  }

  /** As it came, for whoever sends it again: never to be shown. */
  async findWhole(id: string): Promise<{ seen: SeenRequest; hidesTarget: boolean } | undefined> {
    const found = await this.find(id);
    if (found === undefined) return undefined;
    const target = this.#targets.get(found.number);
    return { seen: { ...found, target: target ?? found.target }, hidesTarget: target !== undefined };
  }

  /** From behind a number on; null: from now on. */
  async follow(filter: RequestFilter, after: number | null, take: TakeBatch): Promise<RequestFollower> {
    await this.#look();
    const start = after ?? this.#number;
    const follower = new TailFollower<WatchedRequest>(start, {
      since: (position) => sinceIn(this.#history, this.#number, position),
      wants: (seen) => fits(seen, filter),
      take: ({ items: requests, ...rest }) => take({ requests, ...rest }),
    });
    this.#followers.add(follower);
    follower.tell(this.#missed);
    this.#timer ??= setInterval(() => void this.#look(), LOOK_EVERY_MS).unref();
    return {
      resume: () => follower.resume(),
      leave: () => {
        follower.leave();
        this.#followers.delete(follower);
        if (this.#followers.size > 0 || this.#timer === null) return;
        clearInterval(this.#timer);
        this.#timer = null;
      },
    };
  }

  /** Whoever asks while the threads are being asked gets the same answer. */
  #look(): Promise<void> {
    this.#looking ??= this.#ask().finally(() => {
      this.#looking = null;
    });
    return this.#looking;
  }

  async #ask(): Promise<void> {
    const readings = await this.#read(this.#positions, MOST_AT_ONCE);
    const isFirst = this.#positions.length === 0;
    this.#positions = readings.map(({ position }) => position);
    const missed = readings.reduce((sum, reading) => sum + reading.missed, 0);
    // What went through before anybody looked was not missed.
    if (!isFirst) this.#missed += missed;
    const seen = readings.flatMap(({ requests }) => requests);
    seen.sort((one, other) => endOf(one) - endOf(other));
    for (const each of seen) this.#keep(each);
    for (const follower of this.#followers) follower.tell(this.#missed);
  }

  #keep(seen: SeenRequest): void {
    this.#number += 1;
    const target = redactTarget(seen.target);
    if (target !== seen.target) this.#targets.set(this.#number, seen.target);
    this.#history.push({ ...seen, target, number: this.#number });
    if (this.#history.length <= HISTORY_LENGTH * 2) return;
    for (const { number } of this.#history.splice(0, HISTORY_LENGTH)) this.#targets.delete(number);
  }
}

function endOf({ atMs, durationMs }: SeenRequest): number {
  return atMs + durationMs;
}
