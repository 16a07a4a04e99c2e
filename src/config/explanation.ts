// What there is to say about one key. Rule: it is looked up by the name that stands in messages, with or without the
// numbers of list items.

import { nearestName } from '../core/nearest-name.ts';
import { formatPath, parsePath, type KeyPath } from './key-path.ts';
import { alternatives, knownKeys, schemasAt, type JsonSchema } from './schema-reference.ts';
import { typeName } from './type-name.ts';

export interface Explanation {
  readonly key: string;
  readonly type: string;
  readonly description: string;
  /** Undefined when there is none. */
  readonly default?: unknown;
  readonly examples: readonly unknown[];
  readonly secret: boolean;
  readonly keys: readonly { readonly key: string; readonly description: string }[];
}

export interface UnknownKey {
  /** The part of the name that is known. */
  readonly known: string;
  readonly unknown: string;
  readonly nearest: string | undefined;
  readonly possible: readonly string[];
}

/** '' explains the whole document. */
export function explainKeyName(name: string): Explanation | UnknownKey {
  const path = parsePath(name) ?? [name];
  const schemas = schemasAt(path);
  const [first] = schemas;
  return first === undefined ? unknownKey(path) : explanationOf(name, path, schemas);
}

function explanationOf(name: string, path: KeyPath, schemas: readonly JsonSchema[]): Explanation {
  const described = schemas.find((schema) => schema.description !== undefined) ?? {};
  const withDefault = schemas.find((schema) => schema.default !== undefined);
  const all = [...schemas, ...schemas.flatMap(alternatives)];
  return {
    key: name,
    type: [...new Set(schemas.map(typeName))].join(', or '),
    description: described.description ?? '',
    ...(withDefault !== undefined && { default: withDefault.default }),
    examples: all.find((schema) => schema.examples !== undefined)?.examples ?? [],
    secret: all.some((schema) => schema.writeOnly === true),
    keys: keysBelow(path),
  };
}

function keysBelow(path: KeyPath): Explanation['keys'] {
  const inItem = knownKeys(path).length === 0 ? [...path, '[]'] : path;
  return knownKeys(inItem).map((key) => {
    const description = schemasAt([...inItem, key]).find((schema) => schema.description !== undefined)?.description;
    return { key, description: description ?? '' };
  });
}

function unknownKey(path: KeyPath): UnknownKey {
  const length = path.findIndex((_, index) => schemasAt(path.slice(0, index + 1)).length === 0);
  const known = path.slice(0, length);
  const unknown = String(path[length]);
  const possible = keysBelow(known).map(({ key }) => key);
  return { known: formatPath(known), unknown, nearest: nearestName(unknown, possible), possible };
}
