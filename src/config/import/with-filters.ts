// The filters.yaml of the custom proxy, put where its proxy.yaml has the same keys. Rule: both files may list domains, and
// all of them count.

import { plainMap, type PlainValue } from '../source-tree.ts';

type PlainMap = { [key: string]: PlainValue };

export function withFilters(document: PlainValue, filters: readonly PlainValue[]): PlainValue {
  if (filters.length === 0 || !isMap(document)) return document;
  const security = isMap(document['security']) ? document['security'] : {};
  const filtering = filters.map(filteringOf).reduce(joined, security['filtering']);
  return plainMap(Object.entries({ ...document, security: { ...security, filtering } }));
}

/** The file may hold the section, or its keys at the top. */
function filteringOf(document: PlainValue): PlainValue {
  return isMap(document) && isMap(document['filtering']) ? document['filtering'] : document;
}

/** Maps key by key, lists one after the other; of anything else the later. */
function joined(below: PlainValue, above: PlainValue): PlainValue {
  if (Array.isArray(below) && Array.isArray(above)) return [...below, ...above];
  if (!isMap(below) || !isMap(above)) return above;
  const keys = [...new Set([...Object.keys(below), ...Object.keys(above)])];
  return plainMap(keys.map((key) => [key, key in above ? joined(below[key], above[key]) : below[key]]));
}

function isMap(value: PlainValue): value is PlainMap {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
