// TOML into a tree with places. Rule: smol-toml decides what the text means; the scanner only says where things stand.

import { parse, TomlDate, TomlError } from 'smol-toml';
import { formatPath, type KeyPath } from './key-path.ts';
import { scalar, type ConfigNode, type MapEntry, type Place, type ScalarValue, type Source } from './source-tree.ts';
import type { ReadResult, TextFault } from './text-fault.ts';
import { tomlPlaces, type Range, type TomlPlace } from './toml-places.ts';

export function readToml(source: Source): ReadResult {
  try {
    const value: unknown = parse(source.text);
    const reader = new TomlReader(source, tomlPlaces(source.text));
    return { root: reader.read(value, [], { from: 0, to: 0 }), faults: [] };
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    return { root: undefined, faults: [syntaxFault(error, source)] };
  }
}

function syntaxFault(error: TomlError, source: Source): TextFault {
  const from = offsetOf(source.text, error.line, error.column);
  // The message goes on with a drawing of the place; the first line says what is wrong.
  const words = error.message.split('\n')[0]?.replace(/^Invalid TOML document: /, '') ?? error.message;
  const doubled = /trying to redefine/.test(words);
  return {
    code: doubled ? 'config_duplicate_key' : 'config_syntax',
    message: doubled ? 'this key or table stands twice' : words,
    place: { source, from, to: from + 1 },
    ...(words === 'invalid value' && { hint: 'texts stand in quotes, true and false do not' }),
  };
}

function offsetOf(text: string, line: number, column: number): number {
  let from = 0;
  for (let passed = 1; passed < line; passed += 1) {
    const next = text.indexOf('\n', from);
    if (next === -1) break;
    from = next + 1;
  }
  return Math.min(from + column - 1, text.length);
}

class TomlReader {
  readonly #source: Source;
  readonly #places: ReadonlyMap<string, TomlPlace>;

  constructor(source: Source, places: ReadonlyMap<string, TomlPlace>) {
    this.#source = source;
    this.#places = places;
  }

  /** `near` is where the enclosing value stands, for what the scanner did not find. */
  read(value: unknown, path: KeyPath, near: Range): ConfigNode {
    const range = this.#places.get(formatPath(path))?.value ?? near;
    const place = this.#place(range);
    if (Array.isArray(value)) {
      return { kind: 'list', place, items: value.map((item, index) => this.read(item, [...path, index], range)) };
    }
    if (typeof value === 'object' && value !== null && !(value instanceof TomlDate)) {
      const entries = Object.entries(value).map(([key, child]): [string, MapEntry] => {
        const childPath = [...path, key];
        const keyRange = this.#places.get(formatPath(childPath))?.key ?? range;
        return [key, { keyPlace: this.#place(keyRange), value: this.read(child, childPath, keyRange) }];
      });
      return { kind: 'map', place, entries: new Map(entries) };
    }
    return scalar(scalarValue(value), place);
  }

  #place(range: Range): Place {
    return { source: this.#source, from: range.from, to: range.to };
  }
}

function scalarValue(value: unknown): ScalarValue {
  if (typeof value === 'number' || typeof value === 'boolean') return value;
  return value instanceof TomlDate ? value.toISOString() : String(value);
}
