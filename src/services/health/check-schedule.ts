// When which check runs: every interval for each member, spread by chance so that they don't come in step, and only so many
// at once. Rule: knows nothing of what a check does; time and chance come from outside.

export interface ScheduleTimers {
  /** Calls `run` once after `ms`, until the returned function is called. Doesn't keep the process alive. */
  after(ms: number, run: () => void): () => void;
}

export interface ScheduleOptions<K> {
  readonly intervalMs: number;
  /** The most runs at once. */
  readonly concurrency: number;
  readonly timers: ScheduleTimers;
  /** From 0 to 1. */
  readonly random: () => number;
  /** One run; the next one of the same key is planned when it is over. Never rejects. */
  readonly run: (key: K) => Promise<void>;
}

/** The first run of each comes within this part of the interval, so that the first results are there soon. */
const FIRST_WITHIN = 0.1;
/** Each wait is up to this part shorter or longer. */
const JITTER = 0.1;

export class CheckSchedule<K> {
  readonly #options: ScheduleOptions<K>;
  /** How to call off what is planned for a key; null while it waits for its place or runs. */
  readonly #planned = new Map<K, (() => void) | null>();
  readonly #waiting: K[] = [];
  #running = 0;

  constructor(options: ScheduleOptions<K>) {
    this.#options = options;
  }

  /** Plans for these keys and no others; those that are planned already keep their time. */
  follow(keys: ReadonlySet<K>): void {
    for (const [key, cancel] of this.#planned) {
      if (keys.has(key)) continue;
      cancel?.();
      this.#planned.delete(key);
    }
    for (const key of keys) if (!this.#planned.has(key)) this.#plan(key, this.#firstWaitMs());
  }

  stop(): void {
    this.follow(new Set());
  }

  #firstWaitMs(): number {
    const { intervalMs, random } = this.#options;
    return intervalMs * FIRST_WITHIN * random();
  }

  #nextWaitMs(): number {
    const { intervalMs, random } = this.#options;
    return intervalMs * (1 - JITTER + 2 * JITTER * random());
  }

  #plan(key: K, ms: number): void {
    const cancel = this.#options.timers.after(ms, () => this.#due(key));
    this.#planned.set(key, cancel);
  }

  #due(key: K): void {
    this.#planned.set(key, null);
    this.#waiting.push(key);
    this.#runWaiting();
  }

  #runWaiting(): void {
    while (this.#running < this.#options.concurrency) {
      const key = this.#waiting.shift();
      if (key === undefined) return;
      if (this.#planned.has(key)) void this.#run(key);
    }
  }

  async #run(key: K): Promise<void> {
    this.#running += 1;
    await this.#options.run(key);
    this.#running -= 1;
    // It may have been given up, or given up and planned anew, meanwhile.
    if (this.#planned.get(key) === null) this.#plan(key, this.#nextWaitMs());
    this.#runWaiting();
  }
}
