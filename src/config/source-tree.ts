// The configuration as it was written: values with the place that each comes from. Rule: every value knows its source, so
// that merged files, environment and flags still give errors that name the right line.

import type { KeyPath } from './key-path.ts';

export interface Source {
  readonly kind: 'file' | 'environment' | 'flag';
  /** The file as the user knows it, the name of the variable, or the flag. */
  readonly name: string;
  /** What relative paths start from. */
  readonly folder: string;
  /** The text of the file; '' for the others. */
  readonly text: string;
}

/** A piece of a source; offsets into its text, half-open. */
export interface Place {
  readonly source: Source;
  readonly from: number;
  readonly to: number;
}

/** undefined = a key with nothing behind it, such as a section whose lines are all comments: as if it were not there. */
export type ScalarValue = string | number | boolean | null | undefined;

export interface ScalarNode {
  readonly kind: 'scalar';
  readonly place: Place;
  readonly value: ScalarValue;
  /** Text that came from a variable, the environment or a flag: it may stand for a number or boolean. */
  readonly soft: boolean;
  /** Text read from a secret file. */
  readonly secret: boolean;
}

export interface ListNode {
  readonly kind: 'list';
  readonly place: Place;
  readonly items: readonly ConfigNode[];
}

export interface MapEntry {
  readonly keyPlace: Place;
  readonly value: ConfigNode;
}

export interface MapNode {
  readonly kind: 'map';
  readonly place: Place;
  readonly entries: ReadonlyMap<string, MapEntry>;
}

/** Deeper nesting is an attack or a mistake; the schema needs nine levels. */
export const MAX_DEPTH = 64;

export type ConfigNode = ScalarNode | ListNode | MapNode;

export type PlainValue = ScalarValue | PlainValue[] | { [key: string]: PlainValue };

export type JsonValue = string | number | boolean | null | readonly JsonValue[] | { readonly [key: string]: JsonValue };

/** A value that was not written in a file: all of it stands at one place, and its texts may stand for numbers. */
export function fromJson(value: JsonValue, place: Place): ConfigNode {
  if (typeof value !== 'object' || value === null) return scalar(value, place, true);
  if (isJsonList(value)) return { kind: 'list', place, items: value.map((item) => fromJson(item, place)) };
  const entries = Object.entries(value).map(([key, item]): [string, MapEntry] => [
    key,
    { keyPlace: place, value: fromJson(item, place) },
  ]);
  return { kind: 'map', place, entries: new Map(entries) };
}

function isJsonList(value: object): value is readonly JsonValue[] {
  return Array.isArray(value);
}

/** A copy of the tree with one value replaced or added; maps on the way are made. */
export function setNode(root: MapNode, path: KeyPath, value: ConfigNode): MapNode {
  const [key, ...rest] = path;
  if (key === undefined) return root;
  const below = root.entries.get(String(key))?.value;
  const { place } = value;
  const map: MapNode = below?.kind === 'map' ? below : { kind: 'map', place, entries: new Map() };
  const child = rest.length > 0 ? setNode(map, rest, value) : below === undefined ? value : mergeNodes(below, value);
  const keyPlace = root.entries.get(String(key))?.keyPlace ?? place;
  return { ...root, entries: new Map([...root.entries, [String(key), { keyPlace, value: child }]]) };
}

export function scalar(value: ScalarValue, place: Place, soft = false): ScalarNode {
  return { kind: 'scalar', place, value, soft, secret: false };
}

/** Maps are merged key by key; anything else, lists included, is replaced. */
export function mergeNodes(lower: ConfigNode, upper: ConfigNode): ConfigNode {
  if (upper.kind === 'scalar' && upper.value === undefined) return lower;
  if (lower.kind !== 'map' || upper.kind !== 'map') return upper;
  const entries = new Map(lower.entries);
  for (const [key, entry] of upper.entries) {
    const below = entries.get(key);
    entries.set(key, below === undefined ? entry : { ...entry, value: mergeNodes(below.value, entry.value) });
  }
  return { ...upper, entries };
}

/** A copy in which `change` has replaced every scalar; `path` is the place of the scalar. */
export function mapScalars(
  node: ConfigNode,
  change: (scalar: ScalarNode, path: KeyPath) => ScalarNode,
  path: KeyPath = [],
): ConfigNode {
  if (node.kind === 'scalar') return change(node, path);
  if (node.kind === 'list') {
    return { ...node, items: node.items.map((item, index) => mapScalars(item, change, [...path, index])) };
  }
  const entries = [...node.entries].map(([key, entry]): [string, MapEntry] => [
    key,
    { ...entry, value: mapScalars(entry.value, change, [...path, key]) },
  ]);
  return { ...node, entries: new Map(entries) };
}

/** A copy in which `change` has replaced every map, those further out first. */
export function mapMaps(
  node: ConfigNode,
  change: (map: MapNode, path: KeyPath) => MapNode,
  path: KeyPath = [],
): ConfigNode {
  if (node.kind === 'scalar') return node;
  if (node.kind === 'list') {
    return { ...node, items: node.items.map((item, index) => mapMaps(item, change, [...path, index])) };
  }
  const changed = change(node, path);
  const entries = [...changed.entries].map(([key, entry]): [string, MapEntry] => [
    key,
    { ...entry, value: mapMaps(entry.value, change, [...path, key]) },
  ]);
  return { ...changed, entries: new Map(entries) };
}

export function toPlain(node: ConfigNode): PlainValue {
  if (node.kind === 'scalar') return node.value;
  if (node.kind === 'list') return node.items.map(toPlain);
  return plainMap([...node.entries].map(([key, entry]) => [key, toPlain(entry.value)]));
}

/** Object.fromEntries that keeps a key named `__proto__` a key. */
export function plainMap(entries: Iterable<readonly [string, PlainValue]>): { [key: string]: PlainValue } {
  const map: { [key: string]: PlainValue } = {};
  for (const [key, value] of entries) {
    Object.defineProperty(map, key, { value, enumerable: true, configurable: true, writable: true });
  }
  return map;
}

/** Where to point at for what is not there: the item of a list, else the key whose map should have held it. */
export function placeNearest({ node, keyPlace, rest }: Found, path: KeyPath): Place {
  const isItem = typeof path[path.length - rest.length - 1] === 'number';
  return isItem ? node.place : (keyPlace ?? node.place);
}

/** A map or list is shown by its first line. */
export function firstLine(place: Place): Place {
  const newline = place.source.text.indexOf('\n', place.from);
  return { ...place, to: newline === -1 ? place.to : Math.min(place.to, newline) };
}

export interface Found {
  /** The deepest node on the way. */
  readonly node: ConfigNode;
  /** The key that leads to it; undefined at the root and in lists. */
  readonly keyPlace: Place | undefined;
  /** What of the path is missing below the node. */
  readonly rest: KeyPath;
}

/**
 * The place where the value at a path of the normalised configuration was written. Short forms are seen through: the
 * first item of a list may be written as the item alone, and some keys have another name in the short form.
 */
export function findNode(root: ConfigNode, path: KeyPath): Found {
  let node = root;
  let keyPlace: Place | undefined;
  let index = 0;
  while (index < path.length) {
    const step = stepInto(node, path, index);
    if (step === undefined) break;
    node = step.node;
    keyPlace = step.keyPlace ?? keyPlace;
    index += step.taken;
  }
  return { node, keyPlace, rest: path.slice(index) };
}

interface Step {
  readonly node: ConfigNode;
  readonly keyPlace: Place | undefined;
  readonly taken: number;
}

/** `proxies[0].url` may have been written as `proxy`, and `certificates[0].cert` as `cert`. */
const SHORT_FORMS: readonly { readonly long: readonly (string | number)[]; readonly short: string }[] = [
  { long: ['proxies', 0, 'url'], short: 'proxy' },
  { long: ['certificates', 0, 'cert'], short: 'cert' },
  { long: ['certificates', 0, 'key'], short: 'key' },
];

function stepInto(node: ConfigNode, path: KeyPath, index: number): Step | undefined {
  const key = path[index];
  if (node.kind === 'list') {
    const item = typeof key === 'number' ? node.items[key] : undefined;
    return item === undefined ? undefined : { node: item, keyPlace: undefined, taken: 1 };
  }
  if (node.kind === 'scalar') return undefined;
  if (key === 0) return { node, keyPlace: undefined, taken: 1 };
  const entry = node.entries.get(String(key));
  if (entry !== undefined) return { node: entry.value, keyPlace: entry.keyPlace, taken: 1 };
  const form = SHORT_FORMS.find(({ long }) => long.every((step, offset) => path[index + offset] === step));
  const short = form === undefined ? undefined : node.entries.get(form.short);
  if (form === undefined || short === undefined) return undefined;
  return { node: short.value, keyPlace: short.keyPlace, taken: form.long.length };
}
