// What an overlay has to say so that a base becomes something else. Rule: overlays are merged key by key and replace lists
// whole, so a key that is gone has to be said: a policy is switched off, anything else is null.

import { isDeepStrictEqual } from 'node:util';
import type { JsonValue } from '../source-tree.ts';

type JsonMap = Readonly<Record<string, JsonValue>>;

export function overlayDifference(base: JsonMap, wanted: JsonMap): Record<string, JsonValue> {
  return difference(base, wanted, false);
}

function difference(base: JsonMap, wanted: JsonMap, isPolicies: boolean): Record<string, JsonValue> {
  const changed = Object.entries(wanted).filter(([key, value]) => !isDeepStrictEqual(base[key], value));
  const gone = Object.keys(base).filter((key) => !Object.hasOwn(wanted, key));
  return Object.fromEntries([
    ...changed.map(([key, value]): [string, JsonValue] => {
      const below = base[key];
      return [key, isMap(below) && isMap(value) ? difference(below, value, key === 'policies') : value];
    }),
    ...gone.map((key): [string, JsonValue] => [key, isPolicies ? false : null]),
  ]);
}

function isMap(value: JsonValue | undefined): value is JsonMap {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
