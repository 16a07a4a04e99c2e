// The requests that the page shows: those that went through before somebody looked, and those that go through now. Rule: it is bounded, and whoever is
// shown a list with holes is told how many are missing.
import { signal, type ReadonlySignal } from '@preact/signals';
import type { RequestAnswer, RequestBatchAnswer, RequestsAnswer } from '../../../src/control/admin-answers.ts';
import { askJson } from '../state/api.ts';
import { EventStream, type StreamState } from '../state/event-stream.ts';

/** So many are kept; when there are a tenth more, the oldest go. */
const MOST_KEPT = 50_000;
const SPARE = MOST_KEPT / 10;
const AT_FIRST = 1000;

export interface ListedState {
  /** Changes with every batch. */
  readonly version: number;
  readonly count: number;
  /** Have come since the list was made. */
  readonly arrived: number;
  readonly missed: number;
}

const PATH = '/api/v1/requests';

export class RequestList {
  readonly #requests: RequestAnswer[] = [];
  readonly #state = signal<ListedState>({ version: 0, count: 0, arrived: 0, missed: 0 });
  readonly #error = signal<Error | null>(null);
  readonly #connection = signal<StreamState>('connecting');
  readonly #left = new AbortController();
  #unfollow = (): void => {};

  /** `query`: the filters, as the API has them. */
  constructor(query: URLSearchParams) {
    void this.#begin(query);
  }

  get state(): ReadonlySignal<ListedState> {
    return this.#state;
  }

  get error(): ReadonlySignal<Error | null> {
    return this.#error;
  }

  get connection(): ReadonlySignal<StreamState> {
    return this.#connection;
  }

  /** The newest is 0. */
  at(index: number): RequestAnswer {
    const request = this.#requests[this.#requests.length - 1 - index];
    if (request === undefined) throw new RangeError(`There is no request ${index}.`);
    return request;
  }

  find(id: string): RequestAnswer | undefined {
    return this.#requests.findLast((each) => each.request_id === id);
  }

  leave(): void {
    this.#left.abort();
    this.#unfollow();
  }

  async #begin(query: URLSearchParams): Promise<void> {
    const { signal } = this.#left;
    try {
      const [newest] = (await askJson<RequestsAnswer>(`${PATH}?limit=1`, { signal })).requests;
      const asked = new URLSearchParams([...query, ['limit', String(AT_FIRST)]]);
      const { requests } = await askJson<RequestsAnswer>(`${PATH}?${asked.toString()}`, { signal });
      this.#take({ requests: requests.toReversed(), missed: 0 }, 0);
      this.#follow(query, (requests[0] ?? newest)?.number ?? 0);
    } catch (error) {
      if (!signal.aborted) this.#error.value = error instanceof Error ? error : new Error(String(error));
    }
  }

  #follow(query: URLSearchParams, after: number): void {
    if (this.#left.signal.aborted) return;
    const stream = new EventStream({
      path: query.size === 0 ? PATH : `${PATH}?${query.toString()}`,
      after: String(after),
      take: ({ data }) => {
        const batch = JSON.parse(data) as RequestBatchAnswer;
        this.#take(batch, batch.requests.length);
      },
    });
    const forget = stream.state.subscribe((state) => (this.#connection.value = state));
    this.#unfollow = () => {
      forget();
      stream.leave();
    };
  }

  #take({ requests, missed }: RequestBatchAnswer, arrived: number): void {
    for (const request of requests) this.#requests.push(request);
    if (this.#requests.length > MOST_KEPT + SPARE) this.#requests.splice(0, this.#requests.length - MOST_KEPT);
    const before = this.#state.value;
    this.#state.value = {
      version: before.version + 1,
      count: this.#requests.length,
      arrived: before.arrived + arrived,
      missed: before.missed + missed,
    };
  }
}
