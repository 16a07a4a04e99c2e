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

export class Admission<T> {
  key: string | null = null;
  readonly random: () => number;
  readonly #clock: () => number;
  #exclude: ReadonlySet<Member<T>> | null = null;
  #tags: Readonly<Record<string, string>> | null = null;
  #now = Number.NaN;

  constructor(clock: () => number, random: () => number) {
    this.#clock = clock;
    this.random = random;
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

  admits(member: Member<T>): boolean {
    return this.fits(member) && (member.isPlain || member.obstacleAt(this.now) === null);
  }

  /** Whether it lets this one pass, because it has just come and starts slowly. */
  hesitates(member: Member<T>): boolean {
    return member.isWarming && this.random() >= member.warmth(this.now);
  }

  /** Whether the caller would take it, whatever its state. */
  fits(member: Member<T>): boolean {
    if (this.#exclude !== null && this.#exclude.has(member)) return false;
    return this.#tags === null || hasTags(member.tags, this.#tags);
  }
}

function hasTags(tags: Readonly<Record<string, string>>, wanted: Readonly<Record<string, string>>): boolean {
  for (const name in wanted) if (tags[name] !== wanted[name]) return false;
  return true;
}
