// Those that are open just now, in no order. It stands where a Set would: a Set that is added to and deleted from all the time
// keeps the dead in the tables that it has outgrown, and with them everything they refer to, until the next full collection.
// bench/connection: a tenth of what a connection costs. Rule: something is on one roster at a time.

export interface Listed {
  /** Where it stands on its roster; kept by the roster, -1 while it is on none. */
  place: number;
}

export class Roster<T extends Listed> implements Iterable<T> {
  private readonly entries: T[] = [];

  get size(): number {
    return this.entries.length;
  }

  add(entry: T): void {
    entry.place = this.entries.length;
    this.entries.push(entry);
  }

  /** False: it was not there. */
  delete(entry: T): boolean {
    const { place } = entry;
    if (place < 0 || this.entries[place] !== entry) return false;
    entry.place = -1;
    const last = this.entries.pop();
    if (last !== undefined && last !== entry) {
      this.entries[place] = last;
      last.place = place;
    }
    return true;
  }

  /** Who leaves during the walk, and who comes, does not disturb it. */
  [Symbol.iterator](): Iterator<T> {
    return [...this.entries][Symbol.iterator]();
  }
}
