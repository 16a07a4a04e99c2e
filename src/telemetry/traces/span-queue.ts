// Spans that wait to be sent. Rule: there is room for so many and no more; what finds none is dropped and counted, and nobody waits.

export class SpanQueue {
  readonly #room: number;
  #spans: string[] = [];

  constructor(room: number) {
    this.#room = room;
  }

  get length(): number {
    return this.#spans.length;
  }

  /** How many found no room. */
  add(spans: readonly string[]): number {
    const fitting = Math.min(spans.length, Math.max(0, this.#room - this.#spans.length));
    for (const span of fitting === spans.length ? spans : spans.slice(0, fitting)) this.#spans.push(span);
    return spans.length - fitting;
  }

  /** The oldest, at most so many. */
  take(most: number): string[] {
    if (this.#spans.length <= most) {
      const all = this.#spans;
      this.#spans = [];
      return all;
    }
    return this.#spans.splice(0, most);
  }
}
