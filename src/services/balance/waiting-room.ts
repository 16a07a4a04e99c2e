// Who waits for a member of a group to have room, in the order in which they came. The threads that have somebody waiting are
// woken in turn. Rule: whoever waits is called once: when it is time to look again, when that has taken too long, or when it leaves.
import { Deadline, wheel } from '../../transport/timers.ts';
import { INT, type MemberSlot } from './member-slot.ts';
import type { MemberTable } from './member-table.ts';

export interface WaitingRoomOptions {
  /** Of the group; with it the other threads are found. */
  readonly name: string;
  readonly table: MemberTable;
  /** The most that may wait in this thread. */
  readonly size: number;
}

/** What has become of one that waits. */
export type Call = 'look' | 'late' | 'left';

/** The slot of a group uses two of its fields: how many wait in all threads, and what changes with each call. */
const WAITING = INT.ACTIVE;
const CALLS = INT.GENERATION;

/** Nobody is woken by what passes by itself, such as the time of a breaker, or by a call that came a moment too early. */
const LOOKS_AFTER_MS = 100;

export class WaitingRoom<K extends object> {
  readonly #options: WaitingRoomOptions;
  readonly #slot: MemberSlot;
  readonly #line: Waiter<K>[] = [];
  readonly #waiters = new Map<K, Waiter<K>>();
  #isListening = false;

  constructor(options: WaitingRoomOptions) {
    this.#options = options;
    this.#slot = options.table.hold(`${options.name}\n\nwaiting`);
  }

  /** How many wait in this thread. */
  get length(): number {
    return this.#waiters.size;
  }

  /** How many wait in all threads. */
  get total(): number {
    return this.#slot.get(WAITING);
  }

  get isFull(): boolean {
    return this.#waiters.size >= this.#options.size;
  }

  /** Waits at the end of the line, and goes on waiting at its head for as long as `look` finds nothing. */
  async wait<R>(who: K, limitMs: number, look: () => R | null): Promise<R | Exclude<Call, 'look'>> {
    const waiter = new Waiter(who, limitMs);
    this.#waiters.set(who, waiter);
    this.#slot.add(WAITING, 1);
    this.#line.push(waiter);
    this.#listen();
    try {
      for (;;) {
        const call = await waiter.called();
        if (call !== 'look') return call;
        const found = look();
        if (found !== null) return found;
        this.#line.unshift(waiter);
        this.#listen();
      }
    } finally {
      this.#forget(waiter);
      // There may be room for one more.
      this.call();
    }
  }

  /** False: it did not wait. */
  leave(who: K): boolean {
    const waiter = this.#waiters.get(who);
    if (waiter === undefined) return false;
    waiter.call('left');
    this.#remove(waiter);
    return true;
  }

  /** Somebody has room again: whoever has waited longest may look, in whichever thread. */
  call(): void {
    const slot = this.#slot;
    if (slot.get(WAITING) === 0) return;
    slot.add(CALLS, 1);
    slot.wakeOne(CALLS);
  }

  /** Whoever has waited longest in this thread may look, and then the others: there are other members, or it is known that there are none. */
  callHere(): void {
    this.#line.shift()?.call('look');
  }

  /** Nobody waits any more. */
  dispose(): void {
    for (const waiter of this.#line.splice(0)) waiter.call('left');
    this.#options.table.release(this.#slot);
  }

  #listen(): void {
    if (this.#isListening) return;
    this.#isListening = true;
    void this.#slot.changed(CALLS, this.#slot.get(CALLS), LOOKS_AFTER_MS).then(() => {
      this.#isListening = false;
      // It listens again if it finds nothing, and otherwise calls the next one.
      this.#line.shift()?.call('look');
    });
  }

  #forget(waiter: Waiter<K>): void {
    waiter.over();
    this.#remove(waiter);
    this.#waiters.delete(waiter.who);
    this.#slot.add(WAITING, -1);
    if (this.#line.length > 0) this.#listen();
  }

  #remove(waiter: Waiter<K>): void {
    const index = this.#line.indexOf(waiter);
    if (index >= 0) this.#line.splice(index, 1);
  }
}

class Waiter<K> {
  readonly who: K;
  readonly #late = new Deadline(() => this.call('late'));
  /** What it was told before it has asked. */
  #told: Call | null = null;
  #tell: ((call: Call) => void) | null = null;

  constructor(who: K, limitMs: number) {
    this.who = who;
    wheel.arm(this.#late, limitMs);
  }

  called(): Promise<Call> {
    return new Promise((resolve) => {
      this.#tell = resolve;
      if (this.#told !== null) this.call(this.#told);
    });
  }

  /** Being late or gone is for good. */
  call(call: Call): void {
    if (this.#told === null || this.#told === 'look') this.#told = call;
    const { tell, told } = { tell: this.#tell, told: this.#told };
    if (tell === null) return;
    this.#tell = null;
    if (told === 'look') this.#told = null;
    tell(told);
  }

  over(): void {
    wheel.release(this.#late);
  }
}
