// Changes to the header fields of a message, made ready once. Rule: whatever goes is taken out before anything is put in, for
// taking out what was put in costs a new text each time.
import { NameSet } from '../../codec/http1/name-set.ts';
import { ReadyLines } from '../../codec/http1/ready-lines.ts';
import type { Fields } from '../../contract/exchange.ts';

export interface Changes {
  /** In place of the fields that a message has. */
  readonly set: Readonly<Record<string, string>>;
  /** Beside the fields that a message has. */
  readonly add: Readonly<Record<string, string>>;
  readonly remove: readonly string[];
}

export class HeaderChanges {
  readonly #gone: NameSet;
  /** What is put in. */
  readonly fields: readonly (readonly [name: string, value: string])[];
  readonly #lines: ReadyLines;

  constructor({ set, add, remove }: Changes) {
    // Of two spellings of one name the later one counts.
    const wanted = new Map(Object.entries(set).map((entry) => [entry[0].toLowerCase(), entry] as const));
    this.#gone = new NameSet([...new Set([...remove.map((name) => name.toLowerCase()), ...wanted.keys()])]);
    this.fields = [...wanted.values(), ...Object.entries(add)];
    this.#lines = new ReadyLines(this.fields);
  }

  get isEmpty(): boolean {
    return this.#gone.names.length + this.fields.length === 0;
  }

  /** The fields of that name are taken out or replaced. */
  decidesOn(name: string): boolean {
    return this.#gone.names.includes(name.toLowerCase());
  }

  take(fields: Fields): void {
    if (this.#gone.names.length > 0) fields.removeAll(this.#gone);
  }

  put(fields: Fields): void {
    if (this.fields.length > 0) fields.appendReady(this.#lines);
  }
}
