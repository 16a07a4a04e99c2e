// How much of the quota of one account is left, as its provider has told last: in shared memory, for all threads. Rule: what was told of
// a window holds until it begins anew; then all of it is there again.
import type { FloatField, IntField, MemberSlot } from '../balance/member-slot.ts';
import type { MemberTable } from '../balance/member-table.ts';
import { type AccountDialect, QUOTA_WINDOWS, type QuotaReading } from './quota-fields.ts';

export interface QuotaWindow {
  readonly window: string;
  /** From 0 to 1. */
  readonly left: number;
  readonly limit: number | null;
  readonly remaining: number | null;
  /** Since 1970. */
  readonly resetsAtMs: number;
  readonly minutes: number | null;
}

/** Where things lie in a slot, which belongs to nobody else. The first whole numbers are the table's. */
const USED_AT = 0;
const RESETS_AT = 8;
const LIMITS_AT = 4;
const REMAINING_AT = 12;
const MINUTES_AT = 20;
/** Numbers in shared memory begin with 0, which says nothing. */
const UNKNOWN = 0;
const MOST = 2 ** 31 - 1;
/** For a provider that does not tell. */
const RESETS_AFTER_MS = 300_000;

export class AccountQuota {
  readonly #windows: readonly string[];
  readonly #slot: MemberSlot;
  readonly #table: MemberTable;

  /** `name` is that of the account in its group. */
  constructor(table: MemberTable, name: string, dialect: AccountDialect) {
    this.#table = table;
    this.#windows = QUOTA_WINDOWS[dialect];
    this.#slot = table.hold(`${name}\n\nquota`);
  }

  note(readings: readonly QuotaReading[], nowMs: number): void {
    const slot = this.#slot;
    for (const { window, used, limit, remaining, resetsAtMs, minutes } of readings) {
      slot.write((USED_AT + window) as FloatField, used);
      slot.write((RESETS_AT + window) as FloatField, resetsAtMs ?? nowMs + RESETS_AFTER_MS);
      slot.set((LIMITS_AT + window) as IntField, stored(limit));
      slot.set((REMAINING_AT + window) as IntField, stored(remaining));
      slot.set((MINUTES_AT + window) as IntField, stored(minutes));
    }
  }

  /** From 0 to 1: of whichever window has the least. 1 where nothing is known. */
  leftAt(nowMs: number): number {
    let left = 1;
    for (let window = 0; window < this.#windows.length; window += 1) {
      if (nowMs < this.#slot.read((RESETS_AT + window) as FloatField)) {
        left = Math.min(left, 1 - this.#slot.read((USED_AT + window) as FloatField));
      }
    }
    return left;
  }

  /** When everything that is used up is there again; null: nothing is. */
  exhaustedUntil(nowMs: number): number | null {
    const used = this.at(nowMs).filter(({ left }) => left <= 0);
    return used.length === 0 ? null : Math.max(...used.map(({ resetsAtMs }) => resetsAtMs));
  }

  /** The windows that something is known of. */
  at(nowMs: number): QuotaWindow[] {
    const slot = this.#slot;
    return this.#windows.flatMap((name, window): QuotaWindow[] => {
      const resetsAtMs = slot.read((RESETS_AT + window) as FloatField);
      const left = 1 - slot.read((USED_AT + window) as FloatField);
      // It stands for whatever is used up, and is none of its own.
      if (nowMs >= resetsAtMs || (name === 'unified' && left > 0)) return [];
      const read = (at: number): number | null => known(slot.get((at + window) as IntField));
      const limit = read(LIMITS_AT);
      return [
        {
          window: name,
          left,
          limit,
          remaining: limit === null ? null : read(REMAINING_AT),
          resetsAtMs,
          minutes: read(MINUTES_AT),
        },
      ];
    });
  }

  dispose(): void {
    this.#table.release(this.#slot);
  }
}

function stored(value: number | null): number {
  return value === null ? UNKNOWN : Math.min(value, MOST - 1) + 1;
}

function known(value: number): number | null {
  return value === UNKNOWN ? null : value - 1;
}
