// A JSON schema that an answer is held to: what Anthropic can hold it to stays, what it cannot is told to the model in words. Rule: no
// constraint is lost, and every object has the properties that are named and no others, as Anthropic wants it.
import { isObject, type JsonObject } from './json-fields.ts';

/** Taken as they are, wherever they stand. */
const PLAIN = ['type', 'enum', 'const', 'title', 'description', 'required', 'default'];
const FORMATS = new Set(['date-time', 'time', 'date', 'duration', 'email', 'hostname', 'uri', 'ipv4', 'ipv6', 'uuid']);
/** Schemas by name. */
const NAMED = ['properties', '$defs', 'definitions'];
const ALTERNATIVES = ['anyOf', 'oneOf', 'allOf'];

export function strictSchema(schema: JsonObject): JsonObject {
  const { $ref, $defs } = schema;
  // What stands beside a reference says nothing.
  if ($ref !== undefined) return { $ref, ...(isObject($defs) ? { $defs: eachStrict($defs) } : {}) };
  const strict: Record<string, unknown> = {};
  const told: string[] = [];
  for (const [key, value] of Object.entries(schema)) {
    const kept = keptOf(key, value);
    if (kept !== null) Object.assign(strict, kept);
    else if (value !== undefined) told.push(`${key}: ${JSON.stringify(value)}`);
  }
  if (isObjectSchema(schema)) {
    strict['properties'] ??= {};
    strict['additionalProperties'] = false;
  }
  if (told.length > 0) strict['description'] = describedBy(strict['description'], told);
  return strict;
}

/** null: Anthropic does not know that. */
function keptOf(key: string, value: unknown): JsonObject | null {
  if (PLAIN.includes(key)) return { [key]: value };
  // The dialect of the schema, and what every object is held to anyway.
  if (key === '$schema' || (key === 'additionalProperties' && typeof value === 'boolean')) return {};
  return keptBelow(key, value) ?? (isKnownBound(key, value) ? { [key]: value } : null);
}

function keptBelow(key: string, value: unknown): JsonObject | null {
  if (NAMED.includes(key) && isObject(value)) return { [key]: eachStrict(value) };
  if (key === 'items' && isObject(value)) return { items: strictSchema(value) };
  if (!ALTERNATIVES.includes(key) || !Array.isArray(value)) return null;
  // Exactly one of them cannot be asked for.
  return { [key === 'oneOf' ? 'anyOf' : key]: value.map((each) => (isObject(each) ? strictSchema(each) : each)) };
}

function isKnownBound(key: string, value: unknown): boolean {
  if (key === 'minItems') return value === 0 || value === 1;
  return key === 'format' && typeof value === 'string' && FORMATS.has(value);
}

function eachStrict(schemas: JsonObject): JsonObject {
  return Object.fromEntries(
    Object.entries(schemas).map(([name, each]) => [name, isObject(each) ? strictSchema(each) : each]),
  );
}

function isObjectSchema({ type, properties }: JsonObject): boolean {
  return type === 'object' || (Array.isArray(type) && type.includes('object')) || isObject(properties);
}

function describedBy(description: unknown, told: readonly string[]): string {
  const before = typeof description === 'string' ? `${description}\n\n` : '';
  return `${before}{${told.join(', ')}}`;
}
