// One fetch for all who want the same at once. Who claims a key first flies; the others wait, and get what comes from its first byte on.
// Rule: nobody waits for what cannot be shared: a key whose answer turned out not to be cacheable is remembered, and everybody goes alone.
import type { AnswerMeta } from '../answer-meta.ts';
import type { Filling, FillOptions, FillRequest } from './filling.ts';
import { keyHash } from './slot-table.ts';
import type { StoreMemory } from './store-memory.ts';

/* oxlint-disable typescript/no-non-null-assertion -- every index lies within the memory that was laid out. */

/** Exactly one of these is called, once, unless the waiter leaves; it may be called before `claim` has returned. */
export interface FlightWaiter {
  /** An answer has begun. It may be another variant than the waiter wants: then it claims that one. */
  joined(filling: Filling): void;
  /** The flight has brought something that is in the store, or its pilot has left: look, and claim again. */
  again(): void;
  /** It is not worth waiting for: fetch alone, and claim nothing. */
  alone(): void;
  /** The origin has failed the flight. */
  failed(): void;
}

/** Held by who fetches. It is ended by exactly one of its methods; what is filled ends it with the filling. */
export interface Flight {
  readonly key: string;
  /** Who waits now. */
  readonly waiting: number;
  /** The answer has begun, and is kept. */
  fill(key: string, meta: AnswerMeta, bodyLength: number, more?: FillOptions): Filling;
  /** The store has what was wanted (a 304 has come), or the pilot leaves before it has an answer. */
  release(): void;
  /** The answer is for nobody else, and so will others be for some time. */
  uncacheable(forMs: number): void;
  failed(): void;
}

/** Remembers keys by a hash in shared memory; a newer one may take the place of an older. */
export class UncacheableKeys {
  readonly #ints: Int32Array<SharedArrayBuffer>;
  readonly #nowMs: () => number;

  constructor({ uncacheable }: StoreMemory, nowMs: () => number) {
    this.#ints = uncacheable;
    this.#nowMs = nowMs;
  }

  put(key: string, forMs: number): void {
    const { one, two } = keyHash(key);
    const at = this.#placeOf(one);
    this.#ints[at] = two;
    this.#ints[at + 1] = Math.ceil((this.#nowMs() + forMs) / 1000);
  }

  has(key: string): boolean {
    const { one, two } = keyHash(key);
    const at = this.#placeOf(one);
    return this.#ints[at] === two && this.#ints[at + 1]! * 1000 > this.#nowMs();
  }

  forget(key: string): void {
    const { one, two } = keyHash(key);
    const at = this.#placeOf(one);
    if (this.#ints[at] === two) this.#ints[at + 1] = 0;
  }

  #placeOf(hash: number): number {
    return (hash & (this.#ints.length / 2 - 1)) * 2;
  }
}

type FillAny = (request: FillRequest) => Filling;

class LocalFlight implements Flight {
  readonly key: string;
  filling: Filling | null = null;
  readonly waiters: Set<FlightWaiter> = new Set<FlightWaiter>();
  readonly #flights: Flights;

  constructor(key: string, flights: Flights) {
    this.key = key;
    this.#flights = flights;
  }

  get waiting(): number {
    return this.waiters.size;
  }

  fill(key: string, meta: AnswerMeta, bodyLength: number, more: FillOptions = {}): Filling {
    const filling = this.#flights.begin({ ...more, key, meta, bodyLength });
    this.filling = filling;
    filling.onOverflow = () => this.#flights.end(this);
    filling.onOver = () => this.#flights.end(this);
    if (!filling.isKept) this.#flights.end(this);
    for (const waiter of this.#leaving()) {
      if (filling.isKept) waiter.joined(filling);
      else waiter.alone();
    }
    return filling;
  }

  release(): void {
    this.#flights.end(this);
    for (const waiter of this.#leaving()) waiter.again();
  }

  uncacheable(forMs: number): void {
    this.#flights.keys.put(this.key, forMs);
    this.#flights.end(this);
    for (const waiter of this.#leaving()) waiter.alone();
  }

  failed(): void {
    this.#flights.end(this);
    for (const waiter of this.#leaving()) waiter.failed();
  }

  #leaving(): FlightWaiter[] {
    const all = [...this.waiters];
    this.waiters.clear();
    return all;
  }
}

export class Flights {
  readonly keys: UncacheableKeys;
  readonly #fill: FillAny;
  readonly #mostBytes: () => number;
  readonly #byKey = new Map<string, LocalFlight>();

  constructor(keys: UncacheableKeys, fill: FillAny, mostBytes: () => number) {
    this.keys = keys;
    this.#fill = fill;
    this.#mostBytes = mostBytes;
  }

  /** A flight: it is for the caller to fly. `waiting`: the waiter is told. `alone`: fetch, and claim nothing. */
  claim(key: string, waiter: FlightWaiter): Flight | 'waiting' | 'alone' {
    if (this.keys.has(key)) return 'alone';
    const flight = this.#byKey.get(key);
    if (flight === undefined) {
      const mine = new LocalFlight(key, this);
      this.#byKey.set(key, mine);
      return mine;
    }
    if (flight.filling === null) flight.waiters.add(waiter);
    else waiter.joined(flight.filling);
    return 'waiting';
  }

  /** Its client has gone. */
  leave(key: string, waiter: FlightWaiter): void {
    this.#byKey.get(key)?.waiters.delete(waiter);
  }

  begin(request: FillOptions & Pick<FillRequest, 'key' | 'meta' | 'bodyLength'>): Filling {
    const most = this.#mostBytes();
    return this.#fill({ ...request, mostBytes: Math.min(most, request.mostBytes ?? most) });
  }

  end(flight: LocalFlight): void {
    if (this.#byKey.get(flight.key) === flight) this.#byKey.delete(flight.key);
  }
}
