// Locks for the sets of slots of a table in shared memory. Rule: a lock is held for less than a microsecond, so that a thread which
// has died with one in its hand stops nobody: after a while the lock counts as free.

/** Held no longer than this, unless the system has put its thread to sleep. */
const TURNS = 1000;
const NAP_MS = 1;
const MAX_NAPS = 50;

export class SetLocks {
  readonly #locks: Int32Array<SharedArrayBuffer>;

  constructor(locks: Int32Array<SharedArrayBuffer>) {
    this.#locks = locks;
  }

  get count(): number {
    return this.#locks.length;
  }

  take(set: number): void {
    for (let nap = 0; nap < MAX_NAPS; nap += 1) {
      for (let turn = 0; turn < TURNS; turn += 1) {
        if (Atomics.compareExchange(this.#locks, set, 0, 1) === 0) return;
      }
      Atomics.wait(this.#locks, set, 1, NAP_MS);
    }
  }

  give(set: number): void {
    Atomics.store(this.#locks, set, 0);
  }
}
