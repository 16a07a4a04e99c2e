// Those who wait for news of a name. Rule: whoever waits is woken once, by the news or by the time.
export class PlaceWaits {
  readonly #waiting = new Map<string, Set<() => void>>();

  /** Resolves when something is said of it, and after so long at the latest. */
  news(name: string, waitMs: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const waiting = this.#waiting.get(name) ?? new Set();
    const wake = (): void => {
      clearTimeout(timer);
      waiting.delete(wake);
      if (waiting.size === 0 && this.#waiting.get(name) === waiting) this.#waiting.delete(name);
      resolve();
    };
    const timer = setTimeout(wake, waitMs);
    this.#waiting.set(name, waiting.add(wake));
    return promise;
  }

  wake(name: string): void {
    for (const wake of this.#waiting.get(name) ?? []) wake();
  }

  /** Nothing more will be said. */
  wakeAll(): void {
    for (const name of this.#waiting.keys()) this.wake(name);
  }

  get size(): number {
    return this.#waiting.size;
  }
}
