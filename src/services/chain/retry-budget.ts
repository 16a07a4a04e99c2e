// How much of the traffic may be tries that follow a failure, so that an outage does not become a storm. Rule: a short burst
// of failures is always tried again; what is limited is the share that lasts.

/** Tries that may follow failures at once. */
const RESERVE = 1000;
/** What each request adds. */
const SHARE = 0.2;

export class RetryBudget {
  #left = RESERVE;

  /** A request has come. */
  earn(): void {
    if (this.#left < RESERVE) this.#left += SHARE;
  }

  /** Whether one more may be tried again. */
  spend(): boolean {
    if (this.#left < 1) return false;
    this.#left -= 1;
    return true;
  }
}
