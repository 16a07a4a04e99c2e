// The lists that a configuration names, read once for all threads. Rule: a file that has not changed is not read again; what could
// not be read changes nothing.
import { type DomainList, readDomainList } from './domain-list.ts';

/** The memory of each list by the name of its file, to be handed to the threads. */
export type SharedLists = ReadonlyMap<string, SharedArrayBuffer>;

export class DomainLists {
  readonly #report: (list: DomainList) => void;
  #known: ReadonlyMap<string, DomainList> = new Map();

  /** `report` is told of each list that was read. */
  constructor(report: (list: DomainList) => void = () => {}) {
    this.#report = report;
  }

  /** Those that are not named are forgotten. */
  async read(files: readonly string[]): Promise<SharedLists> {
    const lists = new Map<string, DomainList>();
    for (const file of new Set(files)) {
      const known = this.#known.get(file) ?? null;
      const list = await readDomainList(file, known);
      lists.set(file, list);
      if (list !== known) this.#report(list);
    }
    this.#known = lists;
    return new Map([...lists].map(([file, { set }]) => [file, set.memory]));
  }
}
