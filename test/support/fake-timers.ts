// Timers for tests: time passes when a test says so. Rule: promises that settle get their turn between two timers.

export class FakeTimers {
  now = 0;
  #timers: { readonly at: number; readonly run: () => void }[] = [];

  after(ms: number, run: () => void): () => void {
    const timer = { at: this.now + ms, run };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer);
    };
  }

  /** How many wait. */
  get pending(): number {
    return this.#timers.length;
  }

  async advance(ms: number): Promise<void> {
    const until = this.now + ms;
    await settle();
    for (let next = this.#next(until); next !== undefined; next = this.#next(until)) {
      const timer = next;
      this.#timers = this.#timers.filter((other) => other !== timer);
      this.now = timer.at;
      timer.run();
      await settle();
    }
    this.now = until;
  }

  #next(until: number): { readonly at: number; readonly run: () => void } | undefined {
    return this.#timers.filter(({ at }) => at <= until).toSorted((a, b) => a.at - b.at)[0];
  }
}

/** Every promise that can settle without a timer or a socket has done so. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
}
