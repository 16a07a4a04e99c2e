// The numbers of the streams of one client. Rule: a number is used again only when its stream is gone.

const MAX_STREAM_ID = 0x7fff_ffff;

export class StreamIds {
  #last: number;

  constructor(last = 0) {
    this.#last = last;
  }

  next(used: { has(id: number): boolean }): number {
    do this.#last = this.#last >= MAX_STREAM_ID ? 1 : this.#last + 1;
    while (used.has(this.#last));
    return this.#last;
  }
}
