// Keeps us from asking a server again and again that does not answer. Rule: after some failures in a row nobody waits for it for a while;
// then one asks, and only when that was answered do the others.
const MOST_FAILURES = 3;
const FIRST_REST_MS = 1_000;
const MOST_REST_MS = 30_000;

export class TierBreaker {
  readonly #nowMs: () => number;
  #failures = 0;
  #restMs = FIRST_REST_MS;
  #restsUntilMs = 0;
  #isTrying = false;

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  get isOpen(): boolean {
    return this.#failures >= MOST_FAILURES;
  }

  /** Whether it may be asked now. */
  mayAsk(): boolean {
    if (!this.isOpen) return true;
    if (this.#isTrying || this.#nowMs() < this.#restsUntilMs) return false;
    this.#isTrying = true;
    return true;
  }

  answered(): void {
    this.#failures = 0;
    this.#restMs = FIRST_REST_MS;
    this.#isTrying = false;
  }

  failed(): void {
    this.#failures++;
    this.#isTrying = false;
    if (!this.isOpen) return;
    this.#restsUntilMs = this.#nowMs() + this.#restMs;
    this.#restMs = Math.min(MOST_REST_MS, 2 * this.#restMs);
  }
}
