// One member's numbers in shared memory, by name. Rule: a number on which threads race is only changed with `add`, `swap`
// and the bits of the gate; the others may lose an update to another thread, and nothing depends on that.

/* oxlint-disable typescript/no-non-null-assertion -- every field lies within its slot, and `??` would cost on the hot path. */

/** Whole numbers of a slot. */
export const INT = {
  KEY_HIGH: 0,
  KEY_LOW: 1,
  /** How many groups of how many threads hold the slot. */
  HOLDERS: 2,
  /** Bits that stand in the way of being picked; 0 on the plain path. See GATE. */
  GATE: 3,
  /** Uses that have begun and are not over. */
  ACTIVE: 4,
  /** What active checks say. See HEALTH. */
  HEALTH: 5,
  /** Checks in a row with the same result; below 0 for failures. */
  CHECK_STREAK: 6,
  /** See BREAKER. */
  BREAKER: 7,
  /** Grows with every change of the breaker: a use that began under another one no longer speaks for the member. */
  GENERATION: 8,
  FAILURES_IN_ROW: 9,
  DOUBTS_IN_ROW: 10,
  TRIALS: 11,
  TRIAL_SUCCESSES: 12,
  /** How often it opened without a long good time in between. */
  OPENINGS: 13,
  /** 1 from a refusal of our credentials until they are accepted. */
  AUTH_FAILED: 14,
  /** The number of the current half of the window, and what was counted in it and in the one before. */
  WINDOW: 15,
  WINDOW_SUCCESSES: 16,
  WINDOW_FAILURES: 17,
  PREVIOUS_SUCCESSES: 18,
  PREVIOUS_FAILURES: 19,
  /** The code of the last failure: its place in the catalogue of errors, counted from 1. */
  LAST_ERROR: 20,
  /** A hash of what the state is about. */
  REVISION: 21,
  /** Totals of 64 bits each: the low word, then the high one. */
  USES: 22,
  SUCCESSES: 24,
  FAILURES: 26,
  BYTES_SENT: 28,
  BYTES_RECEIVED: 30,
} as const;

/** Times (of the shared clock), averages and shares of a slot. */
export const FLOAT = {
  OPEN_UNTIL: 0,
  COOL_UNTIL: 1,
  CLOSED_AT: 2,
  /** When the last trial began. */
  TRIAL_AT: 3,
  LATENCY_MS: 4,
  LATENCY_AT: 5,
  /** The share of uses that failed, as a moving average. */
  FAILING: 6,
  /** When a slow start began. */
  WARM_FROM: 7,
  CHECKED_AT: 8,
  ERROR_AT: 9,
  DOUBT_AT: 10,
  /** How far least_used has come with it. */
  USED_UNTIL: 11,
  /** What is left of it, from 0 to 1, as its owner says; stored as what is missing, so that 0 is the start. */
  SPENT: 12,
} as const;

export const GATE = { DRAINING: 1, DISABLED: 2, UNHEALTHY: 4, TRIPPED: 8, COOLING: 16, WARMING: 32 } as const;
export const BREAKER = { CLOSED: 0, OPEN: 1, HALF_OPEN: 2 } as const;
export const HEALTH = { UNKNOWN: 0, HEALTHY: 1, UNHEALTHY: 2 } as const;

/** 128 bytes each, so that no two members share a line of the cache. */
export const INTS_PER_SLOT = 32;
export const FLOATS_PER_SLOT = 16;

const WORD = 2 ** 32;

export type IntField = (typeof INT)[keyof typeof INT];
export type FloatField = (typeof FLOAT)[keyof typeof FLOAT];

export class MemberSlot {
  readonly #ints: Int32Array;
  readonly #floats: Float64Array;
  readonly #int: number;
  readonly #float: number;

  constructor(ints: Int32Array, floats: Float64Array, index: number) {
    this.#ints = ints;
    this.#floats = floats;
    this.#int = index * INTS_PER_SLOT;
    this.#float = index * FLOATS_PER_SLOT;
  }

  get(field: IntField): number {
    return this.#ints[this.#int + field]!;
  }

  set(field: IntField, value: number): void {
    this.#ints[this.#int + field] = value;
  }

  /** Returns the new value. */
  add(field: IntField, amount: number): number {
    return Atomics.add(this.#ints, this.#int + field, amount) + amount;
  }

  /** Whether it was `from`, and so is `to` now. */
  swap(field: IntField, from: number, to: number): boolean {
    return Atomics.compareExchange(this.#ints, this.#int + field, from, to) === from;
  }

  /** Whether the bit was not up before. */
  raise(gateBit: number): boolean {
    return (Atomics.or(this.#ints, this.#int + INT.GATE, gateBit) & gateBit) === 0;
  }

  /** Whether the bit was up before. */
  lower(gateBit: number): boolean {
    return (Atomics.and(this.#ints, this.#int + INT.GATE, ~gateBit) & gateBit) !== 0;
  }

  /** Resolves when somebody wakes whoever waits here, when the number is not `value` any more, or after the time. */
  async changed(field: IntField, value: number, timeoutMs: number): Promise<void> {
    const wait = Atomics.waitAsync(this.#ints, this.#int + field, value, timeoutMs);
    if (wait.async) await wait.value;
  }

  /** Lets the one go on that has waited longest, in whatever thread. */
  wakeOne(field: IntField): void {
    Atomics.notify(this.#ints, this.#int + field, 1);
  }

  read(field: FloatField): number {
    return this.#floats[this.#float + field]!;
  }

  write(field: FloatField, value: number): void {
    this.#floats[this.#float + field] = value;
  }

  /** Adds to a total of 64 bits. */
  count(field: IntField, amount: number): void {
    const at = this.#int + field;
    const low = amount % WORD;
    const before = Atomics.add(this.#ints, at, low | 0) >>> 0;
    const carry = Math.floor(amount / WORD) + (before + low >= WORD ? 1 : 0);
    if (carry !== 0) Atomics.add(this.#ints, at + 1, carry);
  }

  total(field: IntField): number {
    const at = this.#int + field;
    return (Atomics.load(this.#ints, at + 1) >>> 0) * WORD + (Atomics.load(this.#ints, at) >>> 0);
  }
}
