// Flights by their keys. Rule: it allocates nothing as flights come and go. A Map makes a new table every few of them, and each that is
// given up holds on to the ones after it, so that the collector takes for alive what has long been over.

import { keyHash } from './slot-table.ts';

export interface Keyed<T> {
  readonly key: string;
  /** The one behind it under the same number. */
  next: T | null;
}

type Link<T> = T | null;

const FIRST_HEADS = 256;

export class FlightMap<T extends Keyed<T>> {
  #heads: Link<T>[] = heads<T>(FIRST_HEADS);
  #count = 0;

  get(key: string): T | undefined {
    let each = this.#headOf(key);
    while (each !== null && each.key !== key) each = each.next;
    return each ?? undefined;
  }

  /** There is none with its key. */
  add(flight: T): void {
    if (this.#count === this.#heads.length) this.#grow();
    const at = this.#placeOf(flight.key);
    flight.next = this.#headOf(flight.key);
    this.#heads[at] = flight;
    this.#count += 1;
  }

  /** False: it is not there. */
  remove(flight: T): boolean {
    const at = this.#placeOf(flight.key);
    let before: Link<T> = null;
    let each = this.#headOf(flight.key);
    while (each !== null && each !== flight) {
      before = each;
      each = each.next;
    }
    if (each === null) return false;
    if (before === null) this.#heads[at] = flight.next;
    else before.next = flight.next;
    flight.next = null;
    this.#count -= 1;
    return true;
  }

  #headOf(key: string): Link<T> {
    return this.#heads[this.#placeOf(key)] ?? null;
  }

  #placeOf(key: string): number {
    return keyHash(key).two & (this.#heads.length - 1);
  }

  #grow(): void {
    const old = this.#heads;
    this.#heads = heads<T>(old.length * 2);
    this.#count = 0;
    for (const head of old) {
      for (let each = head; each !== null;) {
        const { next } = each;
        this.add(each);
        each = next;
      }
    }
  }
}

function heads<T>(count: number): Link<T>[] {
  return Array.from({ length: count }, () => null);
}
