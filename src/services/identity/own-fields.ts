// Request fields that only Sluice may set, such as the name of a user. Rule: what a client says in them is taken out, also where it
// writes `_` for `-`: many servers hold both for the same name.
import type { Fields } from '../../contract/exchange.ts';

/** A name with more parts is looked for among all names, which costs more than looking for a few. */
const MOST_PARTS = 5;

export class OwnFields {
  readonly #spellings: readonly string[];
  readonly #longNames: ReadonlySet<string>;

  constructor(names: readonly string[]) {
    const all = names.map((name) => plain(name).split('-'));
    this.#spellings = all.filter((parts) => parts.length <= MOST_PARTS).flatMap(spellingsOf);
    this.#longNames = new Set(all.filter((parts) => parts.length > MOST_PARTS).map((parts) => parts.join('-')));
  }

  takeOut(fields: Fields): void {
    for (const name of this.#spellings) fields.remove(name);
    if (this.#longNames.size === 0) return;
    for (const [name] of fields.entries()) {
      if (this.#longNames.has(plain(name))) fields.remove(name.toLowerCase());
    }
  }
}

function plain(name: string): string {
  return name.toLowerCase().replaceAll('_', '-');
}

function spellingsOf([first = '', ...others]: readonly string[]): string[] {
  return others.reduce((begun, part) => begun.flatMap((text) => [`${text}-${part}`, `${text}_${part}`]), [first]);
}
