// Where keys and values stand in a TOML file, which its parser does not tell. Rule: it is only asked about text that the
// parser has accepted, so it steps over what it need not understand and checks nothing.

import { formatPath, type KeyPath } from './key-path.ts';

export interface TomlPlace {
  /** Offsets of the key; undefined for items of lists. */
  readonly key?: Range;
  readonly value: Range;
}

export interface Range {
  readonly from: number;
  readonly to: number;
}

/** Places by formatted key path. */
export function tomlPlaces(text: string): ReadonlyMap<string, TomlPlace> {
  return new TomlScanner(text).scan();
}

type MutablePath = (string | number)[];

interface ScannedKey {
  readonly name: string;
  readonly range: Range;
}

const SPACE = /[ \t]*/y;
const SPACE_LINES_COMMENTS = /(?:[ \t\r\n]|#[^\n]*)*/y;
const BARE_KEY = /[A-Za-z0-9_-]+/y;
const SCALAR = /[^,\]}#\r\n]*/y;
const TEXTS: readonly RegExp[] = [
  /"""(?:[^\\]|\\[^])*?"{3,5}/y,
  /'''[^]*?'{3,5}/y,
  /"(?:[^"\\\n]|\\.)*"/y,
  /'[^'\n]*'/y,
];

class TomlScanner {
  readonly #text: string;
  readonly #places = new Map<string, TomlPlace>();
  /** How many tables each `[[list]]` has so far. */
  readonly #lengths = new Map<string, number>();
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  scan(): ReadonlyMap<string, TomlPlace> {
    let table: MutablePath = [];
    this.#skip(SPACE_LINES_COMMENTS);
    while (this.#at < this.#text.length) {
      const before = this.#at;
      if (this.#text[this.#at] === '[') table = this.#scanHeader();
      else this.#scanPair(table);
      this.#skip(SPACE_LINES_COMMENTS);
      // Whatever happens, no text may keep the scanner where it is.
      if (this.#at === before) break;
    }
    return this.#places;
  }

  #scanHeader(): MutablePath {
    const isList = this.#text.startsWith('[[', this.#at);
    this.#at += isList ? 2 : 1;
    const keys = this.#scanKeys();
    this.#at += isList ? 2 : 1;
    const path: MutablePath = [];
    for (const [index, key] of keys.entries()) {
      path.push(key.name);
      this.#note(path, { key: key.range, value: key.range });
      const list = formatPath(path);
      const length = this.#lengths.get(list) ?? 0;
      if (isList && index === keys.length - 1) {
        this.#lengths.set(list, length + 1);
        path.push(length);
        this.#note(path, { value: key.range });
      } else if (length > 0) {
        path.push(length - 1);
      }
    }
    return path;
  }

  #scanPair(table: KeyPath): void {
    const keys = this.#scanKeys();
    this.#skip(SPACE);
    this.#at += 1;
    this.#skip(SPACE);
    const path: MutablePath = [...table];
    for (const [index, key] of keys.entries()) {
      path.push(key.name);
      if (index < keys.length - 1) this.#note(path, { key: key.range, value: key.range });
      else this.#places.set(formatPath(path), { key: key.range, value: this.#scanValue(path) });
    }
  }

  /** `a."b c".d` with the place of each part. */
  #scanKeys(): ScannedKey[] {
    const keys: ScannedKey[] = [];
    for (;;) {
      this.#skip(SPACE);
      const from = this.#at;
      const quoted = this.#takeText();
      const name = quoted === undefined ? this.#take(BARE_KEY) : unquote(quoted);
      if (this.#at === from) return keys;
      keys.push({ name, range: { from, to: this.#at } });
      this.#skip(SPACE);
      if (this.#text[this.#at] !== '.') return keys;
      this.#at += 1;
    }
  }

  #scanValue(path: KeyPath): Range {
    const from = this.#at;
    const first = this.#text[this.#at];
    if (first === '[') this.#scanList(path);
    else if (first === '{') this.#scanInlineTable(path);
    else if (this.#takeText() === undefined) {
      const raw = this.#take(SCALAR);
      return { from, to: from + raw.trimEnd().length };
    }
    return { from, to: this.#at };
  }

  #scanList(path: KeyPath): void {
    this.#at += 1;
    for (let index = 0; this.#hasItem(']'); index += 1) {
      const itemPath = [...path, index];
      this.#places.set(formatPath(itemPath), { value: this.#scanValue(itemPath) });
    }
  }

  #scanInlineTable(path: KeyPath): void {
    this.#at += 1;
    while (this.#hasItem('}')) this.#scanPair(path);
  }

  /** Steps over commas, spaces and comments; over the closing bracket too, and says false then. */
  #hasItem(close: ']' | '}'): boolean {
    this.#skip(SPACE_LINES_COMMENTS);
    if (this.#text[this.#at] === ',') {
      this.#at += 1;
      this.#skip(SPACE_LINES_COMMENTS);
    }
    if (this.#at >= this.#text.length) return false;
    if (this.#text[this.#at] !== close) return true;
    this.#at += 1;
    return false;
  }

  #note(path: KeyPath, place: TomlPlace): void {
    const name = formatPath(path);
    if (!this.#places.has(name)) this.#places.set(name, place);
  }

  #takeText(): string | undefined {
    for (const pattern of TEXTS) {
      const text = this.#take(pattern);
      if (text !== '') return text;
    }
    return undefined;
  }

  #take(pattern: RegExp): string {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text)?.[0] ?? '';
    this.#at += found.length;
    return found;
  }

  #skip(pattern: RegExp): void {
    this.#take(pattern);
  }
}

function unquote(text: string): string {
  if (text.startsWith("'")) return text.slice(1, -1);
  try {
    return String(JSON.parse(text));
  } catch {
    // An escape that TOML has and JSON has not, in a key: its place is then not found, and the line of its table is shown.
    return text.slice(1, -1);
  }
}
