// Who comes into question for one pick: the ask of the caller, held in one object per group that is filled anew each time.
// Rule: reads the clock at most once per pick, and only when somebody needs it.
import type { Member } from './member.ts';

export interface Ask<T> {
  /** What belongs together: the same key, the same member, whatever the strategy. */
  readonly key?: string | null;
  /** Members that were tried already. */
  readonly exclude?: ReadonlySet<Member<T>> | null;
  /** Every one of them must be a tag of the member. */
  readonly tags?: Readonly<Record<string, string>> | null;
}

const RANGE = 2 ** 32;
/** Fits a small integer, which needs no object. */
const FINE = 2 ** 30;

export class Admission<T> {
  key: string | null = null;
  readonly #clock: () => number;
  #exclude: ReadonlySet<Member<T>> | null = null;
  #tags: Readonly<Record<string, string>> | null = null;
  #now: number = Number.NaN;
  /** Of a generator of our own (mulberry32): the fractions of Math.random would be put into objects. */
  #chance: number;

  constructor(clock: () => number, random: () => number) {
    this.#clock = clock;
    this.#chance = Math.floor(random() * RANGE) | 0;
  }

  consider(ask: Ask<T>): void {
    this.key = ask.key ?? null;
    this.#exclude = ask.exclude ?? null;
    this.#tags = ask.tags ?? null;
    this.#now = Number.NaN;
  }

  get now(): number {
    if (Number.isNaN(this.#now)) this.#now = this.#clock();
    return this.#now;
  }

  /** A whole number by chance, from 0 up to but not including `limit`. */
  draw(limit: number): number {
    this.#chance = (this.#chance + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.#chance ^ (this.#chance >>> 15), this.#chance | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / RANGE) * limit);
  }

  /** Happens in `part` of `whole` cases. */
  happens(part: number, whole: number): boolean {
    return part >= whole || this.draw(FINE) < (part / whole) * FINE;
  }

  admits(member: Member<T>): boolean {
    return this.fits(member) && (member.isPlain || member.obstacleAt(this.now) === null);
  }

  /** Whether it lets this one pass, because it has just come and starts slowly. */
  hesitates(member: Member<T>): boolean {
    return member.isWarming && !this.happens(member.warmth(this.now), 1);
  }

  /** Whether the caller would take it, whatever its state. */
  fits(member: Member<T>): boolean {
    if (this.#exclude !== null && this.#exclude.has(member)) return false;
    return this.#tags === null || member.hasTags(this.#tags);
  }
}
