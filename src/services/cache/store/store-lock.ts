// The one lock of the memory of the cache: whoever changes it holds it, on whichever thread. Rule: it is held for microseconds and
// never across a callback; nobody takes it from a thread that lives, and what a dead thread has left half done is thrown away whole.

/** Turns before the thread lets another have its core. */
const TURNS = 200;
const NAP_MS = 1;

export class StoreLock {
  readonly #ints: Int32Array<SharedArrayBuffer>;
  readonly #at: number;
  /** What the lock says while this thread holds it. */
  readonly #mine: number;

  constructor(ints: Int32Array<SharedArrayBuffer>, at: number, thread: number) {
    this.#ints = ints;
    this.#at = at;
    this.#mine = thread + 1;
  }

  take(): void {
    for (;;) {
      for (let turn = 0; turn < TURNS; turn += 1) {
        if (Atomics.compareExchange(this.#ints, this.#at, 0, this.#mine) === 0) return;
      }
      Atomics.wait(this.#ints, this.#at, Atomics.load(this.#ints, this.#at) || this.#mine, NAP_MS);
    }
  }

  give(): void {
    Atomics.store(this.#ints, this.#at, 0);
  }

  /** Takes it over from a thread that has died with it; false: that one did not hold it. */
  inherit(thread: number): boolean {
    return Atomics.compareExchange(this.#ints, this.#at, thread + 1, this.#mine) === thread + 1;
  }
}
