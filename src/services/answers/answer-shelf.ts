// The stores of answers of one thread, by name. Rule: one that the next configuration still wants keeps what is in it.
import { AnswerStore } from './answer-store.ts';

export class AnswerShelf {
  private stores: ReadonlyMap<string, AnswerStore> = new Map();
  private readonly tell: (bytes: number, count: number) => void;

  /** `tell` is told of all of them together when that has changed. */
  constructor(tell: (bytes: number, count: number) => void = () => {}) {
    this.tell = tell;
  }

  /** By name with the most that each may take; all others are forgotten. */
  open(wanted: ReadonlyMap<string, number>): ReadonlyMap<string, AnswerStore> {
    const stores = [...wanted].map(([name, maxBytes]): [string, AnswerStore] => {
      const store = this.stores.get(name) ?? new AnswerStore(maxBytes, this.changed);
      store.bound(maxBytes);
      return [name, store];
    });
    this.stores = new Map(stores);
    this.changed();
    return this.stores;
  }

  private readonly changed = (): void => {
    const all = [...this.stores.values()];
    this.tell(
      all.reduce((sum, { bytes }) => sum + bytes, 0),
      all.reduce((sum, { count }) => sum + count, 0),
    );
  };
}
