// The spans of one thread on their way to whoever sends them. Rule: they are written here, and handed over together: soon, and at
// most so many at once.
import { spanJson } from './otlp-json.ts';
import type { Span } from './span.ts';

/** Each text is one span. */
export type TakeSpans = (spans: readonly string[]) => void;

const MOST_AT_ONCE = 128;
const HAND_OVER_AFTER_MS = 250;

export class SpanGatherer {
  readonly #take: TakeSpans;
  #spans: string[] = [];
  #timer: NodeJS.Timeout | null = null;
  readonly #onTimer = (): void => {
    this.#timer = null;
    this.flush();
  };

  constructor(take: TakeSpans) {
    this.#take = take;
  }

  add(span: Span): void {
    this.#spans.push(spanJson(span));
    if (this.#spans.length >= MOST_AT_ONCE) this.flush();
    else this.#timer ??= setTimeout(this.#onTimer, HAND_OVER_AFTER_MS).unref();
  }

  flush(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    if (this.#spans.length === 0) return;
    const spans = this.#spans;
    this.#spans = [];
    this.#take(spans);
  }
}
