// Whoever follows something that grows at its end, at his own pace. Rule: nobody who reads slowly holds up anything, and everybody is told
// how much he has not seen.

export interface TailBatch<T> {
  /** The oldest first. */
  readonly items: readonly T[];
  /** So many more have come since the batch before, that could not be kept. */
  readonly missed: number;
  /** By which a later follower goes on. */
  readonly position: number;
}

/** What has come behind a position. */
export interface TailSince<T> {
  readonly items: readonly T[];
  /** Came after the position and are not kept any more. */
  readonly gone: number;
  readonly position: number;
}

export interface TailReader<T> {
  readonly since: (position: number) => TailSince<T>;
  readonly wants: (item: T) => boolean;
  /** False: nothing more until `resume`. */
  readonly take: (batch: TailBatch<T>) => boolean;
}

export class TailFollower<T> {
  readonly #reader: TailReader<T>;
  #position: number;
  #isReady = true;
  #missedBefore: number | null = null;
  #missedNow = 0;

  constructor(position: number, reader: TailReader<T>) {
    this.#position = position;
    this.#reader = reader;
  }

  /** There may be something; so many have been missed by everybody so far. */
  tell(missed = 0): void {
    this.#missedBefore ??= missed;
    this.#missedNow = missed;
    this.#flush();
  }

  resume(): void {
    this.#isReady = true;
    if (this.#missedBefore !== null) this.#flush();
  }

  leave(): void {
    this.#isReady = false;
  }

  #flush(): void {
    if (!this.#isReady) return;
    const { since, wants, take } = this.#reader;
    const { items, gone, position } = since(this.#position);
    const wanted = items.filter(wants);
    const missed = this.#missedNow - (this.#missedBefore ?? 0) + gone;
    this.#position = position;
    this.#missedBefore = this.#missedNow;
    if (wanted.length === 0 && missed === 0) return;
    this.#isReady = take({ items: wanted, missed, position });
  }
}

export interface Numbered {
  /** One more than that of the one before. */
  readonly number: number;
}

/** Of what is kept, in order, and how much there has been. */
export function sinceIn<T extends Numbered>(kept: readonly T[], count: number, position: number): TailSince<T> {
  const first = kept[0]?.number ?? count + 1;
  const from = Math.max(0, position + 1 - first);
  return { items: kept.slice(from), gone: Math.max(0, first - 1 - position), position: count };
}
