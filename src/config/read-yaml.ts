// YAML 1.2 into a tree with places. Rule: what people trip over (tabs, keys that stand twice, unquoted "*", aliases that
// expand without end, several documents) is refused with words of our own, at the character where it stands.

import {
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  parseDocument,
  type Alias,
  type Document,
  type Node,
  type ParsedNode,
  type Scalar,
  type YAMLMap,
  type YAMLError,
} from 'yaml';
import { MAX_DEPTH, scalar, type ConfigNode, type MapEntry, type Place, type Source } from './source-tree.ts';
import type { ReadResult, TextFault } from './text-fault.ts';

/** A file of ten thousand routes stays far below; aliases that expand each other do not. */
const MAX_NODES = 200_000;

export function readYaml(source: Source): ReadResult {
  const document = parseDocument(source.text, {
    prettyErrors: false,
    strict: true,
    uniqueKeys: true,
    lineCounter: new LineCounter(),
    logLevel: 'error',
  });
  const faults = syntaxFaults([...document.errors, ...document.warnings], source);
  if (faults.length > 0 || document.contents === null) return { root: undefined, faults };
  const reader = new YamlReader(document, source);
  const root = reader.read(document.contents, 0);
  return { root: reader.faults.length === 0 ? root : undefined, faults: reader.faults };
}

/** One broken line makes the parser complain about those after it too: all doubled keys, and the first of the others. */
function syntaxFaults(errors: readonly YAMLError[], source: Source): TextFault[] {
  const doubled = errors.filter((error) => error.code === 'DUPLICATE_KEY');
  const other = errors.find((error) => error.code !== 'DUPLICATE_KEY');
  return (other === undefined ? doubled : [...doubled, other])
    .map((error) => syntaxFault(error, source))
    .sort((left, right) => left.place.from - right.place.from);
}

interface Words {
  readonly message: string;
  readonly hint?: string;
}

const QUOTE_IT = 'put the whole value into quotes';

function syntaxFault(error: YAMLError, source: Source): TextFault {
  const place = { source, from: error.pos[0], to: Math.max(error.pos[1], error.pos[0] + 1) };
  if (error.code === 'DUPLICATE_KEY') {
    const { key, to } = keyAt(source.text, place.from);
    return {
      code: 'config_duplicate_key',
      message: `the key "${key}" stands twice in this map`,
      place: { ...place, to },
    };
  }
  return { code: 'config_syntax', place, ...wordsFor(error, source.text) };
}

function keyAt(text: string, from: number): { key: string; to: number } {
  const raw = /^(?:"[^"\n]*"|'[^'\n]*'|[^:\n]*)/.exec(text.slice(from))?.[0].trimEnd() ?? '';
  return { key: raw.replaceAll(/^["']|["']$/g, ''), to: from + Math.max(1, raw.length) };
}

const WORDS: Partial<Record<YAMLError['code'], (found: string, message: string) => Words>> = {
  TAB_AS_INDENT: () => ({ message: 'a tab cannot indent YAML', hint: 'use spaces' }),
  BLOCK_AS_IMPLICIT_KEY: () => ({
    message: 'a value cannot hold ": " or go on in an indented line',
    hint: `${QUOTE_IT}, or check the indentation`,
  }),
  MULTILINE_IMPLICIT_KEY: () => ({
    message: 'a key without a value',
    hint: 'a colon needs a space behind it, as in "key: value"',
  }),
  BAD_SCALAR_START: (found) => ({ message: `a value cannot begin with "${found}"`, hint: QUOTE_IT }),
  BAD_INDENT: (_, message) => ({ message, hint: 'check the indentation and the closing brackets' }),
  UNEXPECTED_TOKEN: (_, message) => ({
    message: /flow-(?:map|seq)/.test(message) ? 'a bracket in a value that has no quotes' : message,
    hint: QUOTE_IT,
  }),
  MULTIPLE_DOCS: () => ({ message: 'a second document begins here', hint: 'one file holds one configuration' }),
  TAG_RESOLVE_FAILED: (_, message) => ({ message: `${message}; tags mean nothing here`, hint: QUOTE_IT }),
};

function wordsFor(error: YAMLError, text: string): Words {
  const message = lowerFirst(error.message);
  return WORDS[error.code]?.(text.slice(error.pos[0], error.pos[0] + 1), message) ?? { message };
}

function lowerFirst(message: string): string {
  return message.charAt(0).toLowerCase() + message.slice(1);
}

class YamlReader {
  readonly faults: TextFault[] = [];
  readonly #document: Document;
  readonly #source: Source;
  #nodes = 0;
  /** The alias that is being followed, and not those inside it. */
  #alias: Place | undefined;

  constructor(document: Document, source: Source) {
    this.#document = document;
    this.#source = source;
  }

  read(node: Node, depth: number): ConfigNode {
    const place = this.#place(node);
    this.#nodes += 1;
    if (this.#nodes > MAX_NODES || depth > MAX_DEPTH) {
      const message = depth > MAX_DEPTH ? 'nested too deeply' : 'too many values; do aliases contain each other?';
      return this.#fail(message, this.#alias ?? place);
    }
    if (isAlias(node)) return this.#readAlias(node, place, depth);
    if (isMap(node)) return this.#readMap(node, place, depth);
    if (isSeq<ParsedNode>(node)) {
      return { kind: 'list', place, items: node.items.map((item) => this.read(item, depth + 1)) };
    }
    return isScalar(node) ? this.#readScalar(node, place) : scalar(null, place);
  }

  #readScalar(node: Scalar, place: Place): ConfigNode {
    const { value } = node;
    if (typeof value === 'number' || typeof value === 'boolean' || typeof value === 'string')
      return scalar(value, place);
    // Whatever else a value can be in the core schema of YAML is null.
    return scalar(null, place);
  }

  #readAlias(alias: Alias, place: Place, depth: number): ConfigNode {
    const target = alias.resolve(this.#document);
    if (target === undefined) {
      const hint = 'a value that begins with "*" needs quotes: "*.example.com"';
      return this.#fail(`there is no anchor "&${alias.source}" for this alias`, place, hint);
    }
    const outer = this.#alias;
    this.#alias ??= place;
    const value = this.read(target, depth + 1);
    this.#alias = outer;
    return value;
  }

  #readMap(node: YAMLMap, place: Place, depth: number): ConfigNode {
    const entries = new Map<string, MapEntry>();
    const inherited: MapEntry[] = [];
    for (const pair of node.items) {
      const keyNode = pair.key as Node;
      const keyPlace = this.#place(keyNode);
      const empty = pair.value === null || isEmpty(pair.value as Node);
      const entry = {
        keyPlace,
        value: empty ? scalar(undefined, keyPlace) : this.read(pair.value as Node, depth + 1),
      };
      if (!isScalar(keyNode)) this.#fail('a key cannot be a list or a map', keyPlace);
      else if (keyNode.value === '<<') inherited.push(entry);
      else entries.set(String(keyNode.value), entry);
    }
    for (const entry of inherited) this.#inherit(entries, entry);
    return { kind: 'map', place, entries };
  }

  /** The merge key `<<: *anchor`: keys of the map itself go before those that it takes over. */
  #inherit(entries: Map<string, MapEntry>, merged: MapEntry): void {
    const maps = merged.value.kind === 'list' ? merged.value.items : [merged.value];
    for (const map of maps) {
      if (map.kind !== 'map') this.#fail('"<<" takes over the keys of a map: <<: *anchor', merged.keyPlace);
      else for (const [key, entry] of map.entries) if (!entries.has(key)) entries.set(key, entry);
    }
  }

  #place(node: Node): Place {
    const range = node.range ?? [0, 0, 0];
    return { source: this.#source, from: range[0], to: Math.max(range[1], range[0]) };
  }

  /** Only the first fault of this kind: an explosion of aliases would report each of its pieces. */
  #fail(message: string, place: Place, hint?: string): ConfigNode {
    if (this.faults.length === 0 || hint !== undefined) {
      this.faults.push({ code: 'config_syntax', message, place, ...(hint === undefined ? {} : { hint }) });
    }
    return scalar(null, place);
  }
}

function isEmpty(node: Node): boolean {
  return isScalar(node) && node.value === null && node.source === '';
}
