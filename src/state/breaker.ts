// Keeps us from asking a server again and again that does not answer. Rule: after some failures in a row nobody waits for it for a while;
// then one asks, and only when that was answered do the others.
const MOST_FAILURES = 3;
const FIRST_REST_MS = 1_000;
const MOST_REST_MS = 30_000;

export class Breaker {
  readonly #nowMs: () => number;
  readonly #mostRestMs: number;
  #failures = 0;
  #restMs = FIRST_REST_MS;
  #restsUntilMs = 0;
  #isTrying = false;

  /** `mostRestMs`: nobody rests for longer before the next try. */
  constructor(nowMs: () => number, mostRestMs: number = MOST_REST_MS) {
    this.#nowMs = nowMs;
    this.#mostRestMs = mostRestMs;
  }

  get isOpen(): boolean {
    return this.#failures >= MOST_FAILURES;
  }

  /** Until it may be asked again; 0: now. */
  get restMs(): number {
    return this.isOpen ? Math.max(0, this.#restsUntilMs - this.#nowMs()) : 0;
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
    const isNews = this.#isTrying || this.#failures === MOST_FAILURES;
    this.#isTrying = false;
    // Of those that were on their way together one counts.
    if (!this.isOpen || !isNews) return;
    this.#restsUntilMs = this.#nowMs() + this.#restMs;
    this.#restMs = Math.min(this.#mostRestMs, 2 * this.#restMs);
  }
}
