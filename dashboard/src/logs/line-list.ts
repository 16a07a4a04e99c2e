// The lines of the log that the page shows: the last ones, and those that are written now. Rule: it is bounded, and whoever is shown a list with holes
// is told how many lines are missing.
import { signal, type ReadonlySignal } from '@preact/signals';
import type { EventAnswer, EventBatchAnswer, EventsAnswer } from '../../../src/control/event-answers.ts';
import { askJson } from '../state/api.ts';
import { EventStream, type StreamState } from '../state/event-stream.ts';

const PATH = '/api/v1/events';
const AT_FIRST = '1000';
const MOST_KEPT = 5000;

export interface Lines {
  /** The newest first. */
  readonly lines: readonly EventAnswer[];
  /** Have come since the page was opened. */
  readonly arrived: number;
  readonly missed: number;
  readonly isRead: boolean;
}

export class LineList {
  readonly #state = signal<Lines>({ lines: [], arrived: 0, missed: 0, isRead: false });
  readonly #error = signal<Error | null>(null);
  readonly #connection = signal<StreamState>('connecting');
  readonly #left = new AbortController();
  #unfollow = (): void => {};

  /** `query`: the filters, as the API has them. */
  constructor(query: URLSearchParams) {
    void this.#begin(query);
  }

  get state(): ReadonlySignal<Lines> {
    return this.#state;
  }

  get error(): ReadonlySignal<Error | null> {
    return this.#error;
  }

  get connection(): ReadonlySignal<StreamState> {
    return this.#connection;
  }

  leave(): void {
    this.#left.abort();
    this.#unfollow();
  }

  async #begin(query: URLSearchParams): Promise<void> {
    const { signal } = this.#left;
    try {
      const asked = new URLSearchParams([...query, ['limit', AT_FIRST]]);
      const { events } = await askJson<EventsAnswer>(`${PATH}?${asked.toString()}`, { signal });
      this.#state.value = { lines: events, arrived: 0, missed: 0, isRead: true };
      this.#follow(query, events[0]?.number ?? 0);
    } catch (error) {
      if (!signal.aborted) this.#error.value = error instanceof Error ? error : new Error(String(error));
    }
  }

  #follow(query: URLSearchParams, after: number): void {
    if (this.#left.signal.aborted) return;
    const stream = new EventStream({
      path: `${PATH}?${query.toString()}`,
      after: String(after),
      take: ({ data }) => this.#take(JSON.parse(data) as EventBatchAnswer),
    });
    const forget = stream.state.subscribe((state) => (this.#connection.value = state));
    this.#unfollow = () => {
      forget();
      stream.leave();
    };
  }

  #take({ events, missed }: EventBatchAnswer): void {
    const before = this.#state.value;
    this.#state.value = {
      lines: [...events.toReversed(), ...before.lines].slice(0, MOST_KEPT),
      arrived: before.arrived + events.length,
      missed: before.missed + missed,
      isRead: true,
    };
  }
}
