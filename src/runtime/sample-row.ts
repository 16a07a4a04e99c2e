// The last few of what is noted again and again, for what has to be told over a while. Rule: as many as it was made for, and no timer keeps the
// process alive.

export interface SampleRowOptions<Sample> {
  readonly everyMs: number;
  readonly most: number;
  readonly look: () => Sample;
}

export class SampleRow<Sample> {
  readonly #options: SampleRowOptions<Sample>;
  /** The oldest one first. */
  readonly #samples: Sample[] = [];
  #timer: NodeJS.Timeout | null = null;

  constructor(options: SampleRowOptions<Sample>) {
    this.#options = options;
  }

  /** The oldest one first. */
  get samples(): readonly Sample[] {
    return this.#samples;
  }

  start(): void {
    this.sample();
    this.#timer = setInterval(() => this.sample(), this.#options.everyMs).unref();
  }

  stop(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
  }

  sample(): void {
    this.#samples.push(this.#options.look());
    if (this.#samples.length > this.#options.most) this.#samples.shift();
  }
}
