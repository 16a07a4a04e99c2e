// The configuration without its secrets, for everyone who only looks at it. Rule: masked is what the schema calls secret,
// what came from a secret file, header fields that carry secrets, and whatever looks like one.

import { redactHeader, redactText } from '../core/redact.ts';
import type { Config } from './config.ts';
import { formatPath, type KeyPath } from './key-path.ts';
import type { Origins } from './origins.ts';
import { fieldTraits } from './schema-reference.ts';
import { isPolicyFile } from './schema/user-policies.ts';
import { plainMap, type PlainValue } from './source-tree.ts';

const MASK = '***';

export function maskConfig(loaded: { readonly config: Config; readonly secrets: Origins['secrets'] }): Config {
  const masked = mapLeaves(loaded.config as unknown as PlainValue, (value, path) =>
    typeof value === 'string' ? maskText(value, path, loaded.secrets) : value,
  );
  return masked as unknown as Config;
}

function maskText(text: string, path: KeyPath, secrets: Origins['secrets']): string {
  if (secrets.has(formatPath(path)) || fieldTraits(path).secret) return MASK;
  const holder = path.at(-2);
  const isHeader = holder === 'set' || holder === 'headers' || holder === 'header';
  // Of the settings of somebody else's policy only the names say what is a secret.
  const isSetting = path.slice(0, -1).some((key) => typeof key === 'string' && isPolicyFile(key));
  return isHeader || isSetting ? redactHeader(String(path.at(-1)), text) : redactText(text);
}

/** A copy in which `change` has replaced every value that is neither a list nor a map. */
export function mapLeaves(
  value: PlainValue,
  change: (value: PlainValue, path: KeyPath) => PlainValue,
  path: KeyPath = [],
): PlainValue {
  if (typeof value !== 'object' || value === null) return change(value, path);
  if (Array.isArray(value)) return value.map((item, index) => mapLeaves(item, change, [...path, index]));
  return plainMap(Object.entries(value).map(([key, item]) => [key, mapLeaves(item, change, [...path, key])]));
}
