// One fetch for all who want the same at once. Who claims a key first flies; the others wait, and get what comes from its first byte on.
// Rule: nobody waits for what cannot be shared: a key whose answer turned out not to be cacheable is remembered, and everybody goes alone. Nor does
// who asks after a purge wait for what was being fetched before it: that goes on for those who have it, and the next flies anew.
import type { AnswerMeta } from '../answer-meta.ts';
import type { Filling, FillOptions, FillRequest, JoinedFilling } from './filling.ts';
import { DistantFilling } from './distant-filling.ts';
import { FlightMap, type Keyed } from './flight-map.ts';
import { FlightTable } from './flight-table.ts';
import { SLOT } from './slot-fields.ts';
import { type KeyHash, keyHash } from './slot-table.ts';
import type { StoreCore } from './store-core.ts';
import type { StoreMemory } from './store-memory.ts';
import { unpackSlot } from './stored-answer.ts';

/* oxlint-disable typescript/no-non-null-assertion -- every index lies within the memory that was laid out. */

/** Exactly one of these is called, once, unless the waiter leaves; it may be called before `claim` has returned. */
export interface FlightWaiter {
  /** An answer has begun. It may be another variant than the waiter wants: then it claims that one. */
  joined(filling: JoinedFilling): void;
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

/** Seconds are counted from here, so that they fit for long. */
const EPOCH_S = 1_700_000_000;

/** Remembers keys by a hash in shared memory; a newer one may take the place of an older. */
export class UncacheableKeys {
  readonly #ints: Int32Array<SharedArrayBuffer>;
  readonly #nowMs: () => number;

  constructor({ uncacheable }: StoreMemory, nowMs: () => number) {
    this.#ints = uncacheable;
    this.#nowMs = nowMs;
  }

  put(key: string, forMs: number): void {
    if (forMs <= 0) return;
    const { one, two } = keyHash(key);
    const at = this.#placeOf(one);
    this.#ints[at] = two;
    this.#ints[at + 1] = Math.ceil((this.#nowMs() + forMs) / 1000) - EPOCH_S;
  }

  has(key: string): boolean {
    const { one, two } = keyHash(key);
    const at = this.#placeOf(one);
    return this.#ints[at] === two && (this.#ints[at + 1]! + EPOCH_S) * 1000 > this.#nowMs();
  }

  forget(key: string): void {
    const { one, two } = keyHash(key);
    const at = this.#placeOf(one);
    if (this.#ints[at] === two) this.#ints[at] = 0;
  }

  #placeOf(hash: number): number {
    return (hash & (this.#ints.length / 2 - 1)) * 2;
  }
}

const LOOK_AGAIN_MS = 500;

type FillAny = (request: FillRequest) => Filling;

/** What threads say to each other: look at the flight of this key. */
interface FlightWord {
  readonly one: number;
  readonly two: number;
  /** How it has ended; null: it has not. */
  readonly outcome: 'again' | 'alone' | 'failed' | null;
  /** The key, if the flight of whoever hears it has been overtaken by a purge, and another one flies. */
  readonly overtaken?: string;
}

/** Between the threads that use one store. */
export interface FlightChannel {
  /** To all others. */
  say(word: unknown): void;
  listen(hear: (word: unknown) => void): void;
}

export interface FlightsContext {
  readonly core: StoreCore;
  readonly thread: number;
  readonly keys: UncacheableKeys;
  /** Null: there are no other threads. */
  readonly channel: FlightChannel | null;
  readonly begin: FillAny;
  readonly mostBytes: () => number;
}

const NOBODY: readonly FlightWaiter[] = [];

class LocalFlight implements Flight, Keyed<LocalFlight> {
  readonly key: string;
  next: LocalFlight | null = null;
  filling: Filling | null = null;
  readonly #waiters: FlightWaiter[] = [];
  readonly #flights: Flights;
  readonly #since: number;
  /** By a purge: nobody joins it any more, and nothing of it stands in the table. */
  isOvertaken = false;

  constructor(key: string, flights: Flights) {
    this.key = key;
    this.#flights = flights;
    this.#since = flights.context.core.purges.now;
  }

  get waiting(): number {
    return this.#waiters.length + (this.isOvertaken ? 0 : this.#flights.waitingElsewhere(this.key));
  }

  /** It began before a purge that means what it brings, or may mean it. */
  get isPurged(): boolean {
    const { core } = this.#flights.context;
    if (core.purges.now === this.#since) return false;
    const { filling } = this;
    return core.locked(() =>
      filling === null
        ? core.purges.mayBePurged(this.#since, this.key)
        : core.purges.isPurged(this.#since, filling.key, filling.meta),
    );
  }

  join(waiter: FlightWaiter): void {
    if (this.filling === null) this.#waiters.push(waiter);
    else waiter.joined(this.filling);
  }

  leave(waiter: FlightWaiter): void {
    const at = this.#waiters.indexOf(waiter);
    if (at >= 0) this.#waiters.splice(at, 1);
  }

  fill(key: string, meta: AnswerMeta, bodyLength: number, more: FillOptions = {}): Filling {
    const filling = this.#flights.begin({ since: this.#since, ...more, key, meta, bodyLength });
    this.filling = filling;
    if (filling.isKept) this.#flights.begun(this, filling);
    else this.#flights.end(this, 'alone');
    for (const waiter of this.#leaving()) {
      if (filling.isKept) waiter.joined(filling);
      else waiter.alone();
    }
    return filling;
  }

  release(): void {
    this.#flights.end(this, 'again');
    for (const waiter of this.#leaving()) waiter.again();
  }

  uncacheable(forMs: number): void {
    this.#flights.context.keys.put(this.key, forMs);
    this.#flights.end(this, 'alone');
    for (const waiter of this.#leaving()) waiter.alone();
  }

  failed(): void {
    this.#flights.end(this, 'failed');
    for (const waiter of this.#leaving()) waiter.failed();
  }

  /** Who is told may claim at once. */
  #leaving(): readonly FlightWaiter[] {
    return this.#waiters.length === 0 ? NOBODY : this.#waiters.splice(0);
  }
}

/** The flight of another thread, for those here who wait for it. */
interface DistantFlight {
  readonly key: string;
  readonly hash: KeyHash;
  readonly waiters: Set<FlightWaiter>;
  filling: DistantFilling | null;
  /** How many purges there had been when it was last known to be the one to join. */
  purges: number;
}

/** In place of a place in the table. */
const FREE = -1;
const OVERTAKEN = -2;
const NEWS = -3;

export class Flights {
  readonly context: FlightsContext;
  readonly #table: FlightTable;
  readonly #byKey = new FlightMap<LocalFlight>();
  readonly #distant = new Map<string, DistantFlight>();
  /** Fillings of other threads that nobody new may join. */
  readonly #overflowed = new Set<DistantFilling>();
  readonly #overtaken = new Set<LocalFlight>();
  #watching: NodeJS.Timeout | null = null;
  /** Keys of which others are to hear that there is more. */
  readonly #toTell = new Set<string>();

  constructor(context: FlightsContext) {
    this.context = context;
    this.#table = new FlightTable(context.core.memory, context.thread);
    if (context.channel !== null) context.channel.listen((word) => this.#hear(word as FlightWord | null));
  }

  /**
   * A flight: it is for the caller to fly. `waiting`: the waiter is told. `alone`: fetch, and claim nothing. `version`: of the bucket of the
   * key when the caller looked; null: nobody looked.
   */
  claim(key: string, waiter: FlightWaiter, version: number | null = null): Flight | 'waiting' | 'alone' {
    if (this.context.keys.has(key)) return 'alone';
    const flight = this.#toJoin(key);
    if (flight !== undefined) {
      flight.join(waiter);
      return 'waiting';
    }
    return this.context.channel === null ? this.#take(key) : this.#claimAmongThreads(key, waiter, version);
  }

  /** As `claim`, for who has made no waiter yet; null: claim with one. */
  claimFree(key: string, version: number | null): Flight | 'alone' | null {
    const { keys, channel } = this.context;
    if (keys.has(key)) return 'alone';
    if (this.#toJoin(key) !== undefined) return null;
    if (channel === null) return this.#take(key);
    const at = this.#place(key, keyHash(key), version);
    return at === FREE || at === OVERTAKEN ? this.#takePlace(key, at) : null;
  }

  #toJoin(key: string): LocalFlight | undefined {
    const flight = this.#byKey.get(key);
    if (flight === undefined || !flight.isPurged) return flight;
    this.#overtake(flight);
    return undefined;
  }

  /** Those who have it are told of the rest. */
  #overtake(flight: LocalFlight): void {
    this.#byKey.remove(flight);
    this.#overtaken.add(flight);
    flight.isOvertaken = true;
    if (flight.filling !== null) this.#goOn(flight, flight.filling);
  }

  #goOn(flight: LocalFlight, filling: Filling): void {
    filling.onOverflow = null;
    filling.onBegun = null;
    filling.onMore = () => this.#tellSoon(flight.key);
    // Others have hung on to it.
    const { onOver } = filling;
    filling.onOver = () => {
      onOver?.();
      this.#overtaken.delete(flight);
      this.#tellSoon(flight.key);
    };
  }

  /** Where the flight of another thread stands, or how it is that there is none to join. */
  #place(key: string, hash: KeyHash, version: number | null): number {
    const { core } = this.context;
    return core.locked(() => {
      if (version !== null && core.table.version(core.table.bucketOf(hash.one)) !== version) return NEWS;
      const purges = core.purges.now;
      const at = this.#table.claim(hash, purges);
      if (at < 0) return FREE;
      if (this.#table.sinceAt(at) === purges || !this.#isPurged(at, key)) return at;
      this.#table.takeOver(at, purges);
      return OVERTAKEN;
    });
  }

  /** Under the lock: see LocalFlight.isPurged. */
  #isPurged(at: number, key: string): boolean {
    const { purges, table, memory } = this.context.core;
    const since = this.#table.sinceAt(at);
    const slot = this.#table.slotAt(at);
    if (slot < 0 || table.get(slot, SLOT.GENERATION) !== this.#table.generationAt(at))
      return purges.mayBePurged(since, key);
    const { answer } = unpackSlot(memory, table, slot);
    return purges.isPurged(since, answer.key, answer.meta);
  }

  /** Its client has gone. */
  leave(key: string, waiter: FlightWaiter): void {
    this.#byKey.get(key)?.leave(waiter);
    for (const flight of this.#overtaken) flight.leave(waiter);
    this.#distant.get(key)?.waiters.delete(waiter);
  }

  begin(request: FillOptions & Pick<FillRequest, 'key' | 'meta' | 'bodyLength'>): Filling {
    const most = this.context.mostBytes();
    return this.context.begin({ ...request, mostBytes: Math.min(most, request.mostBytes ?? most) });
  }

  begun(flight: LocalFlight, filling: Filling): void {
    if (flight.isOvertaken) {
      this.#goOn(flight, filling);
      return;
    }
    // What goes into a file others read from there.
    filling.onOverflow = () => filling.isShared || this.#overflown(flight, filling);
    // Those who wait elsewhere get it as it comes.
    if (this.context.channel !== null && this.#table.isHeard(flight.key)) filling.takePlace();
    if (filling.isPending) filling.onBegun = () => this.#placed(flight, filling);
    else if (!filling.isShared) this.#overflown(flight, filling, 'alone');
    filling.onOver = () => this.end(flight, filling.status === 'torn' && !filling.isGivenUp ? 'failed' : 'again');
    if (!filling.isPending) this.#announce(flight, filling);
  }

  #placed(flight: LocalFlight, filling: Filling): void {
    if (filling.isShared) this.#announce(flight, filling);
    else this.#overflown(flight, filling);
  }

  /** Other threads can read it from now on. */
  #announce(flight: LocalFlight, filling: Filling): void {
    if (this.context.channel === null || !filling.isShared) return;
    const { core } = this.context;
    core.locked(() => this.#table.begin(flight.key, filling.slot, core.table.get(filling.slot, SLOT.GENERATION)));
    filling.onMore = () => this.#tellMore(flight.key);
    this.#tellMore(flight.key);
  }

  /** On other threads nobody new may join it; those who have are told of the rest all the same. */
  #overflown(flight: LocalFlight, filling: Filling, outcome: FlightWord['outcome'] = null): void {
    this.#sayOver(flight.key, outcome);
    if (!filling.isKept) this.#byKey.remove(flight);
    filling.onMore = () => this.#tellSoon(flight.key);
    filling.onOver = () => {
      this.#byKey.remove(flight);
      this.#tellSoon(flight.key);
    };
  }

  /** On other threads, as far as is known: whether somebody does. */
  waitingElsewhere(key: string): number {
    return this.context.channel !== null && this.#table.isHeard(key) ? 1 : 0;
  }

  /** `null`: those who have joined it read on. */
  end(flight: LocalFlight, outcome: FlightWord['outcome']): void {
    if (flight.isOvertaken) this.#overtaken.delete(flight);
    else if (this.#byKey.remove(flight)) this.#sayOver(flight.key, outcome);
  }

  #sayOver(key: string, outcome: FlightWord['outcome']): void {
    const { channel, core } = this.context;
    if (channel === null || !core.locked(() => this.#table.end(key))) return;
    channel.say({ ...keyHash(key), outcome } satisfies FlightWord);
  }

  /** A thread is gone with what it was fetching. */
  forget(thread: number): void {
    const { core, channel } = this.context;
    core.locked(() => {
      this.#table.forget(thread);
      core.forgetPins(thread);
    });
    const waitedFor = [...this.#distant.values()];
    for (const flight of waitedFor) this.#look(flight, 'again');
    channel?.say(null);
  }

  #take(key: string): LocalFlight {
    const mine = new LocalFlight(key, this);
    this.#byKey.add(mine);
    return mine;
  }

  #claimAmongThreads(key: string, waiter: FlightWaiter, version: number | null): Flight | 'waiting' {
    const hash = keyHash(key);
    const at = this.#place(key, hash, version);
    if (at === FREE || at === OVERTAKEN) return this.#takePlace(key, at);
    if (at === NEWS) {
      waiter.again();
      return 'waiting';
    }
    const flight = this.#distantToJoin(key, hash);
    flight.waiters.add(waiter);
    this.#watch();
    this.#look(flight, 'again');
    return 'waiting';
  }

  #takePlace(key: string, at: number): LocalFlight {
    const mine = this.#take(key);
    if (at === FREE) return mine;
    const before = this.#distant.get(key);
    if (before !== undefined && before.filling !== null) this.#look(before, 'again');
    else if (before !== undefined) {
      this.#distant.delete(key);
      for (const waiter of before.waiters) mine.join(waiter);
    }
    this.context.channel?.say({ ...keyHash(key), outcome: null, overtaken: key } satisfies FlightWord);
    return mine;
  }

  /** What is read here already may be of a flight that another one has taken the place of. */
  #distantToJoin(key: string, hash: KeyHash): DistantFlight {
    const purges = this.context.core.purges.now;
    const known = this.#distant.get(key);
    if (known !== undefined && known.filling !== null && known.purges !== purges) this.#look(known, 'again');
    const flight = this.#distant.get(key) ?? { key, hash, waiters: new Set(), filling: null, purges };
    flight.purges = purges;
    this.#distant.set(key, flight);
    return flight;
  }

  /** Others hear of what has come within one turn at once. */
  #tellMore(key: string): void {
    if (this.#table.isHeard(key)) this.#tellSoon(key);
  }

  #tellSoon(key: string): void {
    if (this.context.channel === null) return;
    if (this.#toTell.size === 0) setImmediate(this.#tellAll);
    this.#toTell.add(key);
  }

  readonly #tellAll = (): void => {
    for (const key of this.#toTell) {
      this.context.channel?.say({ ...keyHash(key), outcome: null } satisfies FlightWord);
    }
    this.#toTell.clear();
  };

  #hear(word: FlightWord | null): void {
    const mine = word?.overtaken === undefined ? undefined : this.#byKey.get(word.overtaken);
    if (mine !== undefined && mine.isPurged) this.#overtake(mine);
    // Who is told may claim at once.
    const waitedFor = [...this.#distant.values()];
    for (const flight of waitedFor) {
      if (word === null) this.#look(flight, 'again');
      else if (flight.hash.one === word.one && flight.hash.two === word.two)
        this.#look(flight, word.outcome ?? 'again');
    }
    this.#lookAtOverflowed();
  }

  #lookAtOverflowed(): void {
    for (const filling of this.#overflowed) {
      const { isEnded } = filling;
      filling.look();
      if (isEnded) this.#overflowed.delete(filling);
    }
  }

  /** A thread that ends may take its last word with it: nobody waits for words alone. */
  #watch(): void {
    if (this.#watching === null) this.#watching = setTimeout(this.#lookAgain, LOOK_AGAIN_MS).unref();
  }

  readonly #lookAgain = (): void => {
    this.#watching = null;
    const waitedFor = [...this.#distant.values()];
    for (const flight of waitedFor) this.#look(flight, 'again');
    this.#lookAtOverflowed();
    if (this.#distant.size > 0 || this.#overflowed.size > 0) this.#watch();
  };

  /** `outcome`: what it came to if it is no more. */
  #look(flight: DistantFlight, outcome: 'again' | 'alone' | 'failed'): void {
    const { core } = this.context;
    const isThere = core.locked(() => {
      const at = this.#table.find(flight.hash);
      const slot = at < 0 ? -1 : this.#table.slotAt(at);
      // Another flight has taken its place.
      if (flight.filling !== null && flight.filling.slot !== slot) return false;
      if (slot < 0) return at >= 0;
      // Its flight is over, though that is not written down yet, and the slot has been given to another.
      if (core.table.get(slot, SLOT.GENERATION) !== this.#table.generationAt(at)) return false;
      flight.filling ??= new DistantFilling(core, slot);
      return true;
    });
    const { filling } = flight;
    // Asked before its readers look: what ends after that they have not seen.
    const isEnded = filling !== null && filling.isEnded;
    filling?.look();
    const isOver = !isThere || isEnded;
    if (isOver) this.#distant.delete(flight.key);
    if (isOver || filling !== null) this.#tell(flight, outcome);
    if (isOver && filling !== null) this.#letGo(filling, isEnded);
  }

  #tell({ waiters, filling }: DistantFlight, outcome: 'again' | 'alone' | 'failed'): void {
    const all = [...waiters];
    waiters.clear();
    for (const waiter of all) {
      if (filling !== null && filling.status !== 'torn') waiter.joined(filling);
      else waiter[outcome]();
    }
  }

  /** What has overflowed goes on for those who read it already. */
  #letGo(filling: DistantFilling, isEnded: boolean): void {
    filling.letGo();
    if (isEnded) return;
    this.#overflowed.add(filling);
    this.#watch();
  }
}
