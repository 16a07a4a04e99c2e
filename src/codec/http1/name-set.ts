// Names of fields that are looked for together, in one pass over a head however many they are. Rule: a name is found by its number or
// by its length first, and is compared octet by octet before it counts.
import { FIELD } from './head.ts';

/** An answer to `whichOf` has a bit for each name. */
const MAX_NAMES = 31;
const NOBODY = -1;
const NUMBERS: ReadonlyMap<string, number> = new Map(
  Object.entries(FIELD).map(([name, id]) => [name.toLowerCase().replaceAll('_', '-'), id]),
);

/** What is asked of a head. Modules of users see this type, and nothing of the buffers that a head lies in. */
interface NamedFields {
  readonly count: number;
  readonly ids: ArrayLike<number>;
  /** Four offsets a field: name from and to, value from and to. */
  readonly fields: ArrayLike<number>;
  readonly drop: ArrayLike<number>;
  nameEquals(index: number, lowercaseName: string): boolean;
}

export class NameSet {
  /** In lower case. */
  readonly names: readonly string[];
  /** The position of a name that has a number, by that number. */
  readonly #byNumber: Int16Array = new Int16Array(256).fill(NOBODY);
  /** The positions of the others, by length. */
  readonly #byLength: number[][] = [];

  constructor(names: readonly string[]) {
    this.names = names.map((name) => name.toLowerCase());
    for (const [position, name] of this.names.entries()) {
      const id = NUMBERS.get(name) ?? FIELD.OTHER;
      if (id === FIELD.OTHER) (this.#byLength[name.length] ??= []).push(position);
      else this.#byNumber[id] = position;
    }
    // A hole would be looked for further up each time.
    for (let length = 0; length < this.#byLength.length; length++) this.#byLength[length] ??= [];
  }

  /** The position of the name that a field of the head has, -1 if it has none of them. */
  positionOf(head: NamedFields, index: number): number {
    const id = head.ids[index]!;
    if (id !== FIELD.OTHER) return this.#byNumber[id]!;
    const length = head.fields[index * 4 + 1]! - head.fields[index * 4]!;
    if (length >= this.#byLength.length) return NOBODY;
    const candidates = this.#byLength[length]!;
    for (let i = 0; i < candidates.length; i++) {
      if (head.nameEquals(index, this.names[candidates[i]!]!)) return candidates[i]!;
    }
    return NOBODY;
  }

  /** A bit for each of the first 31 names that a field with `drop` 0 has; the first name is the lowest bit. */
  whichOf(head: NamedFields): number {
    let found = 0;
    for (let index = 0; index < head.count; index++) {
      const position = head.drop[index] === 0 ? this.positionOf(head, index) : NOBODY;
      if (position >= 0 && position < MAX_NAMES) found |= 1 << position;
    }
    return found;
  }
}
