// What a page lists as it happens: what was there before somebody looked, and what comes now. Rule: it is bounded, and whoever is shown a list with holes
// is told how many are missing.
import { signal, type ReadonlySignal } from '@preact/signals';
import { askJson } from './api.ts';
import { EventStream, type StreamState } from './event-stream.ts';

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

interface Numbered {
  readonly number: number;
}

export interface LiveSource {
  /** Of the API: the last ones, and as events those that come. */
  readonly path: string;
  /** Under which name they stand in its answers. */
  readonly part: string;
  /** The filters, as the API has them. */
  readonly query: URLSearchParams;
}

type LiveAnswer<Item> = Readonly<Record<string, readonly Item[] | undefined>>;

export class LiveList<Item extends Numbered> {
  readonly #source: LiveSource;
  readonly #items: Item[] = [];
  readonly #state = signal<ListedState>({ version: 0, count: 0, arrived: 0, missed: 0 });
  readonly #error = signal<Error | null>(null);
  readonly #connection = signal<StreamState>('connecting');
  readonly #left = new AbortController();
  #unfollow = (): void => {};

  constructor(source: LiveSource) {
    this.#source = source;
    void this.#begin();
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
  at(index: number): Item {
    const item = this.#items[this.#items.length - 1 - index];
    if (item === undefined) throw new RangeError(`There is no item ${index}.`);
    return item;
  }

  leave(): void {
    this.#left.abort();
    this.#unfollow();
  }

  async #begin(): Promise<void> {
    const { signal } = this.#left;
    try {
      const [newest] = await this.#ask(new URLSearchParams(), 1);
      const items = await this.#ask(this.#source.query, AT_FIRST);
      this.#take(items.toReversed(), { arrived: 0, missed: 0 });
      this.#follow((items[0] ?? newest)?.number ?? 0);
    } catch (error) {
      if (!signal.aborted) this.#error.value = error instanceof Error ? error : new Error(String(error));
    }
  }

  /** The newest first. */
  async #ask(query: URLSearchParams, limit: number): Promise<readonly Item[]> {
    const { path, part } = this.#source;
    const asked = new URLSearchParams([...query, ['limit', String(limit)]]);
    const answer = await askJson<LiveAnswer<Item>>(`${path}?${asked.toString()}`, { signal: this.#left.signal });
    return answer[part] ?? [];
  }

  #follow(after: number): void {
    if (this.#left.signal.aborted) return;
    const { path, part, query } = this.#source;
    const stream = new EventStream({
      path: query.size === 0 ? path : `${path}?${query.toString()}`,
      after: String(after),
      take: ({ data }) => {
        const batch = JSON.parse(data) as LiveAnswer<Item> & { readonly missed: number };
        const items = batch[part] ?? [];
        this.#take(items, { arrived: items.length, missed: batch.missed });
      },
    });
    const forget = stream.state.subscribe((state) => (this.#connection.value = state));
    this.#unfollow = () => {
      forget();
      stream.leave();
    };
  }

  /** The oldest first. */
  #take(items: readonly Item[], { arrived, missed }: Pick<ListedState, 'arrived' | 'missed'>): void {
    for (const item of items) this.#items.push(item);
    if (this.#items.length > MOST_KEPT + SPARE) this.#items.splice(0, this.#items.length - MOST_KEPT);
    const before = this.#state.value;
    this.#state.value = {
      version: before.version + 1,
      count: this.#items.length,
      arrived: before.arrived + arrived,
      missed: before.missed + missed,
    };
  }
}
