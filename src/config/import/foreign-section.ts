// A map of somebody else's file, read key by key. Rule: a key that nobody has asked for is told at the end, so that nothing
// gets lost unnoticed. Keys are found in any case and with any separator: `AnthropicBase` is `anthropic_base`.

import { parseDuration } from '../../core/duration.ts';
import type { PlainValue } from '../source-tree.ts';
import type { ImportNotes } from './import-notes.ts';

type Entries = ReadonlyMap<string, { readonly name: string; readonly value: PlainValue }>;

export class ForeignSection {
  readonly notes: ImportNotes;
  readonly #path: string;
  readonly #entries: Entries;
  readonly #asked = new Set<string>();
  readonly #below: ForeignSection[] = [];

  constructor(value: PlainValue, notes: ImportNotes, path = '') {
    this.notes = notes;
    this.#path = path;
    this.#entries = entriesOf(value);
  }

  get isEmpty(): boolean {
    return this.#entries.size === 0;
  }

  has(...keys: readonly string[]): boolean {
    return keys.some((key) => this.#entries.has(plain(key)));
  }

  /** The key with everything that leads to it, as it is written in the file. */
  pathOf(key: string): string {
    const name = this.#entries.get(plain(key))?.name ?? key;
    return this.#path === '' ? name : `${this.#path}.${name}`;
  }

  /** Of several names for one thing the first that is there. Numbers are taken as text. */
  text(...keys: readonly string[]): string | undefined {
    const [key, value] = this.#take(keys);
    if (value === undefined || value === null || value === '') return undefined;
    if (typeof value !== 'object') return String(value);
    this.lose(key, 'expected a text');
    return undefined;
  }

  /** A number, or the text of a variable that holds one. */
  number(...keys: readonly string[]): number | string | undefined {
    const key = keys.find((each) => this.has(each)) ?? '';
    const text = this.text(...keys);
    if (text === undefined || isVariable(text)) return text;
    if (/^\d+(?:\.\d+)?$/.test(text)) return Number(text);
    this.lose(key, 'expected a number');
    return undefined;
  }

  /** A duration as Sluice writes it; a number without a unit is seconds. */
  duration(...keys: readonly string[]): string | undefined {
    const key = keys.find((each) => this.has(each)) ?? '';
    const text = this.text(...keys);
    if (text === undefined) return undefined;
    if (/^\d+$/.test(text) || isVariable(text)) return `${text}s`;
    const ms = parseDuration(text);
    if (ms !== undefined) return text;
    const fraction = /^(\d*\.\d+)s?$/.exec(text)?.[1];
    if (fraction !== undefined) return `${Math.round(Number(fraction) * 1000)}ms`;
    this.lose(key, 'expected a duration');
    return undefined;
  }

  flag(...keys: readonly string[]): boolean | undefined {
    const key = keys.find((each) => this.has(each)) ?? '';
    const text = this.text(...keys);
    if (text === undefined) return undefined;
    if (/^(?:true|yes|on|1)$/i.test(text)) return true;
    if (/^(?:false|no|off|0)$/i.test(text)) return false;
    const isOpen = isVariable(text);
    this.notes.add(isOpen ? 'changed' : 'lost', this.pathOf(key), isOpen ? 'taken as true' : 'expected true or false');
    return isOpen ? true : undefined;
  }

  /** Texts of a list; one text alone is a list of one. */
  texts(...keys: readonly string[]): string[] {
    const [key, value] = this.#take(keys);
    if (value === undefined || value === null) return [];
    const items = Array.isArray(value) ? value : [value];
    const texts = items.flatMap((item) => (typeof item === 'object' || item === undefined ? [] : [String(item)]));
    if (texts.length < items.length) this.lose(key, 'expected a list of texts');
    return texts;
  }

  section(...keys: readonly string[]): ForeignSection {
    const [key, value] = this.#take(keys);
    const isMap = typeof value === 'object' && !Array.isArray(value);
    if (!isMap && value !== undefined) this.lose(key, 'expected a map');
    return this.#enter(value, this.pathOf(key));
  }

  sections(...keys: readonly string[]): ForeignSection[] {
    const [key, value] = this.#take(keys);
    if (!Array.isArray(value)) {
      if (value !== undefined && value !== null) this.lose(key, 'expected a list');
      return [];
    }
    return value.map((item, index) => this.#enter(item, `${this.pathOf(key)}[${index}]`));
  }

  /** Names with texts. */
  textsByName(...keys: readonly string[]): Record<string, string> {
    const section = this.section(...keys);
    return Object.fromEntries(
      [...section.#entries.values()].flatMap(({ name }) => {
        const text = section.text(name);
        return text === undefined ? [] : [[name, text]];
      }),
    );
  }

  lose(key: string, why: string): void {
    this.#asked.add(plain(key));
    this.notes.add('lost', this.pathOf(key), why);
  }

  /** As `lose`, for a key that may not be there. */
  loseIfThere(key: string, why: string): void {
    if (this.has(key)) this.lose(key, why);
  }

  change(key: string, what: string): void {
    this.notes.add('changed', this.pathOf(key), what);
  }

  /** Tells of every key that nobody has asked for, here and below. */
  finish(): void {
    for (const [key, { name }] of this.#entries) {
      if (!this.#asked.has(key)) this.notes.add('lost', this.pathOf(name), 'Sluice has nothing of this kind');
    }
    for (const section of this.#below) section.finish();
  }

  #take(keys: readonly string[]): readonly [key: string, value: PlainValue] {
    for (const key of keys) this.#asked.add(plain(key));
    const key = keys.find((each) => this.has(each)) ?? keys[0] ?? '';
    return [key, this.#entries.get(plain(key))?.value];
  }

  #enter(value: PlainValue, path: string): ForeignSection {
    const section = new ForeignSection(value, this.notes, path);
    this.#below.push(section);
    return section;
  }
}

function entriesOf(value: PlainValue): Entries {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return new Map();
  return new Map(Object.entries(value).map(([name, item]) => [plain(name), { name, value: item }]));
}

function plain(key: string): string {
  return key.toLowerCase().replace(/[-_ ]/g, '');
}

export function isVariable(text: string): boolean {
  return text.includes('${');
}
