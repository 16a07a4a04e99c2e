// Request fields that only Sluice may set, such as the name of a user. Rule: what a client says in them is taken out, also where it
// writes `_` for `-`: many servers hold both for the same name.
import type { Fields } from '../../contract/exchange.ts';

export class OwnFields {
  readonly #names: ReadonlySet<string>;

  constructor(names: readonly string[]) {
    this.#names = new Set(names.map(plain));
  }

  takeOut(fields: Fields): void {
    for (const [name] of fields.entries()) {
      if (this.#names.has(plain(name))) fields.remove(name.toLowerCase());
    }
  }
}

function plain(name: string): string {
  return name.toLowerCase().replaceAll('_', '-');
}
