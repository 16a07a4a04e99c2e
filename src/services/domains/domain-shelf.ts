// Where the policies of a thread find the lists that the main thread has read. Rule: lists are put there before the configuration that
// names them comes into force; whoever has taken a list keeps it, whatever is put there later.
import { SluiceError } from '../../core/errors.ts';
import type { SharedLists } from './domain-lists.ts';
import { DomainSet } from './domain-set.ts';

export class DomainShelf {
  #sets: ReadonlyMap<string, DomainSet> = new Map();

  put(lists: SharedLists): void {
    const before = this.#sets;
    this.#sets = new Map(
      [...lists].map(([file, memory]) => {
        const known = before.get(file);
        return [file, known?.memory === memory ? known : new DomainSet(memory)];
      }),
    );
  }

  requireSet(file: string): DomainSet {
    const set = this.#sets.get(file);
    if (set === undefined) throw new SluiceError('internal', { message: `the list ${file} has not been read` });
    return set;
  }
}
