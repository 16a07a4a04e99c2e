// Takes a share of what comes, evenly: of 10% every tenth. Rule: after any number of requests no more and no fewer than the share of
// them have been taken, up to one.

/** Shares are exact to a millionth. */
const WHOLE = 1_000_000;

export class ShareCounter {
  readonly #part: number;
  #sum = 0;

  constructor(share: number) {
    this.#part = Math.round(share * WHOLE);
  }

  takes(): boolean {
    this.#sum += this.#part;
    if (this.#sum < WHOLE) return false;
    this.#sum -= WHOLE;
    return true;
  }
}
