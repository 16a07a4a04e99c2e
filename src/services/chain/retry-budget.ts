// How much of the traffic may be tries that follow a failure, so that an outage does not become a storm. Rule: a short burst
// of failures is always tried again; what is limited is the share that lasts.

/** Tries that may follow failures at once. */
const RESERVE = 1000;
const DEFAULT_SHARE = 0.2;

export class RetryBudget {
  readonly #share: number;
  #left = RESERVE;

  /** `share`: what each request adds, from 0 (the burst alone) on. */
  constructor(share: number = DEFAULT_SHARE) {
    this.#share = share;
  }

  /** A request has come. */
  earn(): void {
    if (this.#left < RESERVE) this.#left += this.#share;
  }

  /** Whether one more may be tried again. */
  get isOpen(): boolean {
    return this.#left >= 1;
  }

  /** Tries one more, if it may. */
  spend(): boolean {
    if (!this.isOpen) return false;
    this.#left -= 1;
    return true;
  }
}
