// Whether it is worth trying to connect: a server that is down must not cost every request a connect time-out. Rule: while it is
// left alone one try per period is let through, and the first that succeeds ends it.

/** Failures in a row after which it is left alone. */
const TOLERATED = 3;
const FIRST_WAIT_MS = 1000;
const LONGEST_WAIT_MS = 16_000;

export class ConnectBreaker {
  readonly #now: () => number;
  #failures = 0;
  #waitMs = FIRST_WAIT_MS;
  /** When the next try may be made. */
  #untilMs = 0;
  #isTrying = false;

  /** `now`: monotonic milliseconds. */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /** Whether to try. Whoever may is asked to tell how it went, but nothing is lost if that never comes. */
  admits(): boolean {
    if (this.#failures < TOLERATED) return true;
    const now = this.#now();
    if (now < this.#untilMs) return false;
    this.#isTrying = true;
    this.#untilMs = now + this.#waitMs;
    return true;
  }

  succeeded(): void {
    this.#failures = 0;
    this.#waitMs = FIRST_WAIT_MS;
    this.#isTrying = false;
  }

  failed(): void {
    if (this.#failures < TOLERATED) {
      this.#failures += 1;
      // What had begun before fails as well, and says nothing new.
      if (this.#failures === TOLERATED) this.#untilMs = this.#now() + this.#waitMs;
    } else if (this.#isTrying) {
      this.#isTrying = false;
      this.#waitMs = Math.min(this.#waitMs * 2, LONGEST_WAIT_MS);
      this.#untilMs = this.#now() + this.#waitMs;
    }
  }
}
