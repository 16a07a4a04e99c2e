// JSON into a tree with places. Rule: strict JSON (RFC 8259) without doubled keys; JSON.parse knows neither places nor
// doubled keys, and a YAML parser takes broken JSON for something else than was meant.

import {
  MAX_DEPTH,
  scalar,
  type ConfigNode,
  type MapEntry,
  type Place,
  type ScalarNode,
  type Source,
} from './source-tree.ts';
import type { ReadResult, TextFault } from './text-fault.ts';

export function readJson(source: Source): ReadResult {
  if (/^\s*$/.test(source.text)) return { root: undefined, faults: [] };
  const reader = new JsonReader(source);
  try {
    return { root: reader.readDocument(), faults: reader.faults };
  } catch (error) {
    if (!(error instanceof JsonFault)) throw error;
    return { root: undefined, faults: [...reader.faults, error.fault] };
  }
}

class JsonFault extends Error {
  readonly fault: TextFault;

  constructor(fault: TextFault) {
    super(fault.message);
    this.fault = fault;
  }
}

const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const STRING = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y;
const WORD = /[A-Za-z_$][\w$]*/y;

const WORDS: ReadonlyMap<string, boolean | null> = new Map([
  ['true', true],
  ['false', false],
  ['null', null],
]);

class JsonReader {
  readonly faults: TextFault[] = [];
  readonly #source: Source;
  readonly #text: string;
  #at = 0;

  constructor(source: Source) {
    this.#source = source;
    this.#text = source.text;
  }

  readDocument(): ConfigNode {
    const root = this.#readValue(0);
    this.#skipSpace();
    if (this.#at < this.#text.length) this.#fail('expected the end of the file');
    return root;
  }

  #readValue(depth: number): ConfigNode {
    this.#skipSpace();
    if (depth > MAX_DEPTH) this.#fail('nested too deeply');
    const next = this.#text[this.#at];
    if (next === '{') return this.#readMap(depth);
    if (next === '[') return this.#readList(depth);
    if (next === '"') return this.#readString();
    return this.#readNumberOrWord();
  }

  #readMap(depth: number): ConfigNode {
    const from = this.#at;
    const entries = new Map<string, MapEntry>();
    this.#at += 1;
    while (!this.#closes('}', entries.size > 0)) {
      this.#skipSpace();
      if (this.#text[this.#at] !== '"') this.#fail('expected a key in double quotes');
      const key = this.#readString();
      const name = String(key.value);
      if (entries.has(name)) {
        this.faults.push({
          code: 'config_duplicate_key',
          message: `the key "${name}" stands twice in this map`,
          place: key.place,
        });
      }
      this.#skipSpace();
      if (this.#text[this.#at] !== ':') this.#fail('expected ":" after the key');
      this.#at += 1;
      entries.set(name, { keyPlace: key.place, value: this.#readValue(depth + 1) });
    }
    return { kind: 'map', place: this.#place(from), entries };
  }

  #readList(depth: number): ConfigNode {
    const from = this.#at;
    const items: ConfigNode[] = [];
    this.#at += 1;
    while (!this.#closes(']', items.length > 0)) items.push(this.#readValue(depth + 1));
    return { kind: 'list', place: this.#place(from), items };
  }

  /** Steps over the closing bracket, or over the comma that must stand before the next item. */
  #closes(bracket: '}' | ']', afterItem: boolean): boolean {
    this.#skipSpace();
    if (this.#text[this.#at] === bracket) {
      this.#at += 1;
      return true;
    }
    if (!afterItem) return false;
    if (this.#text[this.#at] !== ',') this.#fail(`expected "," or "${bracket}"`);
    const comma = this.#at;
    this.#at += 1;
    this.#skipSpace();
    if (this.#text[this.#at] === bracket) this.#fail(`a comma before "${bracket}" is not possible in JSON`, comma);
    return false;
  }

  #readString(): ScalarNode {
    const from = this.#at;
    const raw = this.#take(STRING);
    if (raw === undefined) this.#fail('this text has no closing quote, or holds a character that needs a "\\"');
    return scalar(String(JSON.parse(raw)), this.#place(from));
  }

  #readNumberOrWord(): ScalarNode {
    const from = this.#at;
    const number = this.#take(NUMBER);
    if (number !== undefined) return scalar(Number(number), this.#place(from));
    const word = this.#take(WORD) ?? '';
    const value = WORDS.get(word);
    if (value !== undefined) return scalar(value, this.#place(from));
    if (word !== '') this.#fail(`"${word}" is not JSON; texts stand in double quotes`, from);
    return this.#fail(from < this.#text.length ? 'expected a value' : 'the file ends in the middle of a value', from);
  }

  #take(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text)?.[0];
    this.#at += found?.length ?? 0;
    return found;
  }

  #skipSpace(): void {
    while (/[ \t\r\n]/.test(this.#text[this.#at] ?? '')) this.#at += 1;
    if (/^\/[/*]/.test(this.#text.slice(this.#at, this.#at + 2))) {
      this.#fail('JSON has no comments; YAML and TOML do');
    }
  }

  #place(from: number, to: number = this.#at): Place {
    return { source: this.#source, from, to };
  }

  #fail(message: string, from: number = this.#at): never {
    const place = this.#place(from, Math.max(this.#at, from + 1));
    throw new JsonFault({ code: 'config_syntax', message, place });
  }
}
