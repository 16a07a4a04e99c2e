// The one lock of the memory of the cache: whoever changes it holds it, on whichever thread. Rule: it is held for microseconds and
// never across a callback; nobody takes it from a thread that lives, and what a dead thread has left half done is thrown away whole.

/** Turns before the thread lets another have its core. */
const TURNS = 200;
const NAP_MS = 1;
/** The lock is held for microseconds: who has it for so many naps of another thread has died with it, and nobody has heard of that yet. */
const NAPS_OF_THE_DEAD = 5000;

export class StoreLock {
  readonly #ints: Int32Array<SharedArrayBuffer>;
  readonly #at: number;
  /** What the lock says while this thread holds it. */
  readonly #mine: number;
  readonly #onInherited: () => void;

  /** `onInherited`: it was taken from a thread that has died with it. */
  constructor(ints: Int32Array<SharedArrayBuffer>, at: number, thread: number, onInherited: () => void = () => {}) {
    this.#ints = ints;
    this.#at = at;
    this.#mine = thread + 1;
    this.#onInherited = onInherited;
  }

  take(): void {
    let holder = 0;
    for (let naps = 0; ; naps += 1) {
      for (let turn = 0; turn < TURNS; turn += 1) {
        if (Atomics.compareExchange(this.#ints, this.#at, 0, this.#mine) === 0) return;
      }
      const now = Atomics.load(this.#ints, this.#at);
      if (now !== holder) naps = 0;
      holder = now;
      if (holder !== 0 && naps > NAPS_OF_THE_DEAD && this.inherit(holder - 1)) {
        this.#onInherited();
        return;
      }
      Atomics.wait(this.#ints, this.#at, now || this.#mine, NAP_MS);
    }
  }

  give(): void {
    // Only one's own: whoever was taken for dead has nothing to give.
    Atomics.compareExchange(this.#ints, this.#at, this.#mine, 0);
  }

  /** Takes it over from a thread that has died with it; false: that one did not hold it. */
  inherit(thread: number): boolean {
    return Atomics.compareExchange(this.#ints, this.#at, thread + 1, this.#mine) === thread + 1;
  }
}
