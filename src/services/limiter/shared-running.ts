// How many requests of a key run at once on all nodes together, as one thread counts them. A thread takes places for a key and fills them by itself, so
// that nobody waits while there are some. Rule: no request waits for longer than the state has time to answer and a second try takes, and none fails
// because it does not: then this node counts for itself, as if it were alone.
import { createHash, randomUUID } from 'node:crypto';
import { Breaker } from '../../state/breaker.ts';
import type { Places, PlaceWish, SharedState } from '../../state/shared-state.ts';
import { REFUSED, type RunningTable, UNKNOWN } from './running-table.ts';

/** What counts what runs at once. */
export interface RunningLimiter {
  /** Where keys of one limit begin that are not to meet those of another. */
  scope(name: string): number;
  /** A place, for `leave`; REFUSED, UNCOUNTED, or UNKNOWN: others have to be asked. */
  enter(scope: number, key: string, most: number): number;
  /** The same when others had to be asked. Never UNKNOWN. */
  ask(scope: number, key: string, most: number): Promise<number>;
  leave(place: number): void;
}

export interface SharedRunningOptions {
  readonly state: Pick<SharedState, 'isUp' | 'occupy'>;
  /** Where this node counts, with all of its threads. */
  readonly table: RunningTable;
  readonly threads: number;
  readonly now?: () => number;
}

interface Waiting {
  readonly most: number;
  readonly resolve: (place: number) => void;
  tries: number;
}

/** Of one key, on this thread. */
interface Room {
  readonly scope: number;
  readonly key: string;
  /** What the others know it by. */
  readonly name: string;
  most: number;
  /** How many run. */
  running: number;
  /** How many may, as far as the others know. */
  held: number;
  /** Others need what there is. */
  isScarce: boolean;
  /** Until when nobody needs to be asked. */
  fullUntilMs: number;
  usedAtMs: number;
  toldAtMs: number;
  isWanted: boolean;
  isAsked: boolean;
  waiting: Waiting[];
}

/** Of the whole, for one node. */
const SLICE = 1 / 20;
/** Fewer are not worth it. */
const LEAST_SLICE = 2;
/** What a node that has ended had taken is free after so long. */
const TTL_MS = 10_000;
const TELL_EVERY_MS = 3_000;
const SWEEP_MS = 100;
const SOON_MS = 5;
/** A place may be on its way back from another node. */
const TRIES = 3;
const RETRY_MS = 12;
/** Where so many are refused at once, who comes soon after them is refused without a question. */
const MANY = 32;
const FULL_MS = 10;
const MOST_ROOMS = 65_536;
const MOST_REST_MS = 2_000;
const DIGEST_CHARACTERS = 22;

export class SharedRunning implements RunningLimiter {
  readonly #options: SharedRunningOptions;
  readonly #now: () => number;
  readonly #owner: string = randomUUID();
  readonly #breaker: Breaker;
  readonly #scopes = new Map<number, string>();
  readonly #rooms = new Map<number, Map<string, Room>>();
  /** In which something runs, or is held. */
  readonly #busy = new Set<Room>();
  readonly #byPlace = new Map<number, Room>();
  readonly #sweeping: NodeJS.Timeout;
  #count = 0;
  #wanted: Room[] = [];
  #isAsking = false;
  #soon: NodeJS.Timeout | null = null;

  constructor(options: SharedRunningOptions) {
    this.#options = options;
    this.#now = options.now ?? (() => performance.now());
    this.#breaker = new Breaker(this.#now, MOST_REST_MS);
    this.#sweeping = setInterval(() => this.sweep(), SWEEP_MS).unref();
  }

  get isAlone(): boolean {
    return !this.#options.state.isUp || this.#breaker.isOpen;
  }

  scope(name: string): number {
    const scope = this.#options.table.scope(name);
    this.#scopes.set(scope, name);
    return scope;
  }

  enter(scope: number, key: string, most: number): number {
    const room = this.#roomOf(scope, key);
    room.most = most;
    if (this.isAlone) return this.#take(room);
    const slice = this.#sliceOf(most);
    if (room.running < room.held + (room.isScarce ? 0 : slice)) return this.#takeOf(room, slice);
    return this.#now() < room.fullUntilMs ? REFUSED : UNKNOWN;
  }

  ask(scope: number, key: string, most: number): Promise<number> {
    const room = this.#roomOf(scope, key);
    return new Promise((resolve) => {
      room.waiting.push({ most, resolve, tries: 0 });
      this.#wants(room, true);
    });
  }

  leave(place: number): void {
    if (place < 0) return;
    const room = this.#byPlace.get(place);
    this.#options.table.leave(place);
    if (room === undefined) return;
    room.running -= 1;
    room.fullUntilMs = 0;
    if (room.running === 0) this.#byPlace.delete(place);
    this.#serve(room);
    const slice = this.#sliceOf(room.most);
    if (room.held - room.running > 2 * slice) this.#wants(room, slice === 0);
  }

  /** Gives back what nobody uses, and says again what is taken. */
  sweep(): void {
    if (!this.#options.state.isUp || this.#breaker.restMs > 0) return;
    const now = this.#now();
    for (const room of this.#busy) {
      const isIdle = room.running === 0 && room.waiting.length === 0 && now - room.usedAtMs >= SWEEP_MS;
      if (isIdle && room.held === 0) this.#busy.delete(room);
      else if (isIdle || now - room.toldAtMs >= TELL_EVERY_MS) this.#wants(room, false);
    }
  }

  close(): void {
    clearInterval(this.#sweeping);
    if (this.#soon !== null) clearTimeout(this.#soon);
    for (const room of this.#busy) this.#serveAlone(room);
  }

  /** As far as this node goes. */
  #take(room: Room): number {
    const place = this.#options.table.enter(room.scope, room.key, room.most);
    if (place < 0) return place;
    room.running += 1;
    room.usedAtMs = this.#now();
    if (room.running > 1) return place;
    this.#byPlace.set(place, room);
    this.#busy.add(room);
    return place;
  }

  #takeOf(room: Room, slice: number): number {
    const place = this.#take(room);
    // Who has few at once is not worth telling of.
    if (room.running - room.held > slice / 2) this.#wants(room, false);
    return place;
  }

  /** To those who wait, what has become free here. */
  #serve(room: Room): void {
    while (room.running < room.held && room.waiting.length > 0) {
      const place = this.#take(room);
      if (place === REFUSED) return;
      room.waiting.shift()?.resolve(place);
    }
  }

  #serveAlone(room: Room): void {
    for (const { resolve } of room.waiting.splice(0)) resolve(this.#take(room));
  }

  #sliceOf(most: number): number {
    const slice = Math.floor((most * SLICE) / this.#options.threads);
    return slice < LEAST_SLICE ? 0 : slice;
  }

  #wants(room: Room, isUrgent: boolean): void {
    if (!room.isWanted) {
      room.isWanted = true;
      this.#wanted.push(room);
      this.#busy.add(room);
    }
    if (isUrgent && !this.#isAsking) {
      this.#isAsking = true;
      setImmediate(() => this.#askAll());
    } else if (!isUrgent) this.#soon ??= setTimeout(() => this.#askAll(), SOON_MS).unref();
  }

  /** A key about which something is under way waits for the next time. */
  #askAll(): void {
    this.#isAsking = false;
    if (this.#soon !== null) clearTimeout(this.#soon);
    this.#soon = null;
    const all = this.#wanted;
    this.#wanted = all.filter(({ isAsked }) => isAsked);
    const rooms = all.filter(({ isAsked }) => !isAsked);
    for (const room of rooms) {
      room.isWanted = false;
      room.isAsked = true;
    }
    if (rooms.length > 0) void this.#ask(rooms);
  }

  async #ask(rooms: readonly Room[]): Promise<void> {
    const asked = rooms.map((room) => ({ room, wish: this.#wishFor(room) }));
    const isAsked = this.#options.state.isUp && this.#breaker.mayAsk();
    try {
      if (!isAsked) throw new Error('nobody can be asked');
      const places = await this.#options.state.occupy(
        asked.map(({ wish }) => wish),
        TTL_MS,
      );
      this.#breaker.answered();
      for (const [index, { room, wish }] of asked.entries()) this.#given(room, wish, places[index] ?? NONE);
    } catch {
      if (isAsked) this.#breaker.failed();
      for (const room of rooms) this.#serveAlone(room);
    }
    for (const room of rooms) room.isAsked = false;
    if (this.#wanted.length > 0 && !this.#isAsking) {
      this.#isAsking = true;
      setImmediate(() => this.#askAll());
    }
  }

  #wishFor(room: Room): PlaceWish {
    const slice = this.#sliceOf(room.most);
    const isIdle = room.running === 0 && room.waiting.length === 0 && this.#now() - room.usedAtMs >= SWEEP_MS;
    // What was held beyond that goes back, and is nobody's here from now on.
    if (slice === 0 || isIdle) room.held = room.running;
    room.most = room.waiting.at(-1)?.most ?? room.most;
    const more = isIdle ? 0 : slice;
    return {
      room: room.name,
      owner: this.#owner,
      most: room.most,
      taken: room.running,
      need: room.waiting.length,
      more,
    };
  }

  #given(room: Room, { taken, need, more }: PlaceWish, { granted, left }: Places): void {
    room.held = taken + granted;
    room.toldAtMs = this.#now();
    room.isScarce = granted < need + more || left === 0;
    const before = room.waiting.length;
    this.#serve(room);
    const unserved = room.waiting.splice(0, Math.max(0, need - (before - room.waiting.length)));
    if (unserved.length > 0) this.#refuse(room, unserved);
    // Somebody has left meanwhile.
    if (more === 0 && room.held > room.running) this.#wants(room, false);
  }

  #refuse(room: Room, unserved: readonly Waiting[]): void {
    const again: Waiting[] = [];
    for (const one of unserved) {
      one.tries += 1;
      if (one.tries < TRIES) again.push(one);
      else {
        if (unserved.length >= MANY) room.fullUntilMs = this.#now() + FULL_MS;
        one.resolve(REFUSED);
      }
    }
    if (again.length === 0) return;
    room.waiting.unshift(...again);
    setTimeout(() => {
      if (room.waiting.length > 0) this.#wants(room, true);
    }, RETRY_MS).unref();
  }

  #roomOf(scope: number, key: string): Room {
    const rooms = this.#rooms.get(scope) ?? new Map<string, Room>();
    const known = rooms.get(key);
    if (known !== undefined) return known;
    if (this.#count >= MOST_ROOMS) this.#makeRoom();
    const digest = createHash('sha256')
      .update(`${this.#scopes.get(scope) ?? ''}\n${key}`)
      .digest('base64url');
    const room: Room = {
      scope,
      key,
      name: digest.slice(0, DIGEST_CHARACTERS),
      most: 0,
      running: 0,
      held: 0,
      isScarce: false,
      fullUntilMs: 0,
      usedAtMs: 0,
      toldAtMs: 0,
      isWanted: false,
      isAsked: false,
      waiting: [],
    };
    this.#rooms.set(scope, rooms.set(key, room));
    this.#count += 1;
    return room;
  }

  #makeRoom(): void {
    for (const rooms of this.#rooms.values()) {
      for (const [key, room] of rooms) if (!this.#busy.has(room)) rooms.delete(key);
    }
    this.#count = this.#busy.size;
  }
}

const NONE: Places = { granted: 0, left: 0 };
