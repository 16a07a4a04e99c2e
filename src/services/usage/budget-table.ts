// What each user has used of providers of AI today and this month, in memory that every thread reads and writes: whoever reads an answer
// adds, whoever lets a request in looks. Rule: a user has one slot for as long as the process lives, found by name; none is ever forgotten.
import { randomInt } from 'node:crypto';
import { SluiceError } from '../../core/errors.ts';
import { hash32 } from '../balance/hash.ts';
import { SetLocks } from '../limiter/set-locks.ts';
import { dayOf, monthOf } from './utc-periods.ts';

/* oxlint-disable typescript/no-non-null-assertion -- every offset lies within the memory that the constructor laid out. */

/** More names than a configuration has, those of configurations before it included; memory is only taken by the part in use. */
const DEFAULT_CAPACITY = 65_536;
const HEADER_BYTES = 64;
const MAX_SEED = 2 ** 31;
const LOCKS = 64;

/** Amounts of a slot: tokens of the day, of the month, cost of the day, of the month. */
const AMOUNTS = 4;
/** Marks of a slot: two parts of the name, whether it is taken, the day and the month that the amounts are of. */
const MARKS = 5;
const TAKEN = 2;
const DAY = 3;
const MONTH = 4;
const BYTES_PER_SLOT = AMOUNTS * 8 + MARKS * 4;

export interface BudgetTableOptions {
  /** The most users. Only the first table of the process decides. */
  readonly capacity?: number;
  /** The memory of the first table, for the tables of other threads. */
  readonly memory?: SharedArrayBuffer;
}

/** Tokens of all kinds together, and what they cost. */
export interface Spent {
  readonly dayTokens: number;
  readonly monthTokens: number;
  readonly dayCost: number;
  readonly monthCost: number;
}

export class BudgetTable {
  /** To be handed to other threads. */
  readonly memory: SharedArrayBuffer;
  readonly #capacity: number;
  readonly #seeds: Int32Array;
  readonly #amounts: Float64Array;
  readonly #marks: Int32Array;
  readonly #locks: SetLocks;

  constructor({ capacity = DEFAULT_CAPACITY, memory }: BudgetTableOptions = {}) {
    this.memory = memory ?? new SharedArrayBuffer(HEADER_BYTES + capacity * BYTES_PER_SLOT + LOCKS * 4);
    this.#capacity = (this.memory.byteLength - HEADER_BYTES - LOCKS * 4) / BYTES_PER_SLOT;
    this.#seeds = new Int32Array(this.memory, 0, 2);
    this.#amounts = new Float64Array(this.memory, HEADER_BYTES, this.#capacity * AMOUNTS);
    const marksAt = HEADER_BYTES + this.#capacity * AMOUNTS * 8;
    this.#marks = new Int32Array(this.memory, marksAt, this.#capacity * MARKS);
    this.#locks = new SetLocks(new Int32Array(this.memory, marksAt + this.#capacity * MARKS * 4, LOCKS));
    if (memory === undefined) this.#seeds.forEach((_, index, seeds) => (seeds[index] = randomInt(MAX_SEED)));
  }

  /** Where the user is counted, for the other methods; the same for as long as the process lives. */
  slotOf(user: string): number {
    const high = hash32(user, this.#seeds[0]) | 0;
    const low = hash32(user, this.#seeds[1]) | 0;
    this.#locks.take(0);
    const slot = this.#find(high, low);
    this.#locks.give(0);
    if (slot < 0) throw new SluiceError('internal', { message: 'there is no room for the budget of another user' });
    return slot;
  }

  /** What was used at a time that lies before what is counted by now is left out. */
  add(slot: number, atMs: number, tokens: number, cost: number): void {
    const [day, month] = [dayOf(atMs), monthOf(atMs)];
    const lock = this.#lock(slot);
    this.#turn(slot, day, month);
    const at = slot * AMOUNTS;
    if (this.#marks[slot * MARKS + DAY] === day) {
      this.#amounts[at]! += tokens;
      this.#amounts[at + 2]! += cost;
    }
    if (this.#marks[slot * MARKS + MONTH] === month) {
      this.#amounts[at + 1]! += tokens;
      this.#amounts[at + 3]! += cost;
    }
    this.#locks.give(lock);
  }

  /** What is known otherwise: tokens are at least these, and the cost is this. */
  amend(slot: number, atMs: number, { dayTokens, monthTokens, dayCost, monthCost }: Spent): void {
    const lock = this.#lock(slot);
    this.#turn(slot, dayOf(atMs), monthOf(atMs));
    const at = slot * AMOUNTS;
    this.#amounts[at] = Math.max(this.#amounts[at]!, dayTokens);
    this.#amounts[at + 1] = Math.max(this.#amounts[at + 1]!, monthTokens);
    this.#amounts[at + 2] = dayCost;
    this.#amounts[at + 3] = monthCost;
    this.#locks.give(lock);
  }

  /** What is known otherwise, by the same prices: nothing becomes less. */
  raise(slot: number, atMs: number, { dayTokens, monthTokens, dayCost, monthCost }: Spent): void {
    const lock = this.#lock(slot);
    this.#turn(slot, dayOf(atMs), monthOf(atMs));
    const at = slot * AMOUNTS;
    for (const [index, amount] of [dayTokens, monthTokens, dayCost, monthCost].entries()) {
      this.#amounts[at + index] = Math.max(this.#amounts[at + index]!, amount);
    }
    this.#locks.give(lock);
  }

  read(slot: number, nowMs: number): Spent {
    const lock = this.#lock(slot);
    const at = slot * AMOUNTS;
    const isToday = this.#marks[slot * MARKS + DAY]! >= dayOf(nowMs);
    const isThisMonth = this.#marks[slot * MARKS + MONTH]! >= monthOf(nowMs);
    const spent = {
      dayTokens: isToday ? this.#amounts[at]! : 0,
      monthTokens: isThisMonth ? this.#amounts[at + 1]! : 0,
      dayCost: isToday ? this.#amounts[at + 2]! : 0,
      monthCost: isThisMonth ? this.#amounts[at + 3]! : 0,
    };
    this.#locks.give(lock);
    return spent;
  }

  /** Taken; slots have other locks than the search for them. */
  #lock(slot: number): number {
    const lock = 1 + (slot % (LOCKS - 1));
    this.#locks.take(lock);
    return lock;
  }

  /** A new day or month begins with nothing. */
  #turn(slot: number, day: number, month: number): void {
    const [at, marks] = [slot * AMOUNTS, slot * MARKS];
    if (this.#marks[marks + DAY]! < day) {
      this.#marks[marks + DAY] = day;
      this.#amounts[at] = 0;
      this.#amounts[at + 2] = 0;
    }
    if (this.#marks[marks + MONTH]! < month) {
      this.#marks[marks + MONTH] = month;
      this.#amounts[at + 1] = 0;
      this.#amounts[at + 3] = 0;
    }
  }

  /** The slot of that name, or the next free one, made its own; -1: all are taken. */
  #find(high: number, low: number): number {
    const first = (high >>> 0) % this.#capacity;
    for (let step = 0; step < this.#capacity; step += 1) {
      const slot = (first + step) % this.#capacity;
      const at = slot * MARKS;
      if (this.#marks[at + TAKEN] === 0) {
        this.#marks[at] = high;
        this.#marks[at + 1] = low;
        this.#marks[at + TAKEN] = 1;
        return slot;
      }
      if (this.#marks[at] === high && this.#marks[at + 1] === low) return slot;
    }
    return -1;
  }
}
