// The type of a key in words: `duration`, `list of addresses`, `true or false`. Rule: the words of the reference and of
// `config explain` are these, and a reader need not know JSON Schema.

import { definition, referenceOf, type JsonSchema } from './schema-reference.ts';

const KINDS: Readonly<Record<string, string>> = {
  duration: 'duration',
  size: 'size',
  rate: 'rate',
  share: 'share',
  address: 'address',
  path: 'path',
  url: 'URL',
};

const TYPES: Readonly<Record<string, string>> = {
  string: 'text',
  boolean: 'true or false',
  number: 'number',
  null: 'null',
};

export function typeName(schema: JsonSchema): string {
  return [...new Set(typeNames(schema))].join(', or ');
}

function typeNames(schema: JsonSchema): readonly string[] {
  const reference = referenceOf(schema);
  if (reference !== undefined) return typeNames(definition(reference));
  const kind = KINDS[schema['x-kind'] ?? ''];
  if (kind !== undefined) return [kind];
  if (schema.anyOf !== undefined) return unionNames(schema.anyOf);
  if (schema.enum !== undefined) return [schema.enum.map((value) => `\`${String(value)}\``).join(', ')];
  if (schema.const !== undefined) return [`\`${schema.const}\``];
  if (schema.type === 'array') return [`list of ${plural(schema.items)}`];
  if (schema.type === 'object') return [mapName(schema)];
  if (schema.type === 'integer') return [integerName(schema)];
  return simpleNames([schema.type ?? []].flat());
}

function simpleNames(types: readonly string[]): readonly string[] {
  // Where text, numbers and booleans are all fine, the latter are taken as text.
  const names = types.includes('string') && types.includes('number') ? ['string'] : types;
  return names.length === 0 ? ['anything'] : names.map((type) => TYPES[type] ?? type);
}

/** Words that can stand there in one row, single values before `null`, whatever the order in the schema. */
function unionNames(branches: readonly JsonSchema[]): readonly string[] {
  const words = branches.filter(({ const: word }) => word !== undefined).map(({ const: word }) => `\`${word}\``);
  const names = branches.filter(({ const: word }) => word === undefined).flatMap(typeNames);
  return [
    ...(words.length === 0 ? [] : [words.join(', ')]),
    ...names.filter((name) => name !== 'null'),
    ...names.filter((name) => name === 'null'),
  ];
}

function mapName(schema: JsonSchema): string {
  return typeof schema.additionalProperties === 'object'
    ? `map of names to ${plural(schema.additionalProperties)}`
    : 'map';
}

const PLURALS: Readonly<Record<string, string>> = { address: 'addresses', 'true or false': 'true or false' };

function plural(schema: JsonSchema | undefined): string {
  const names = [...new Set(typeNames(schema ?? {}))];
  const [only] = names;
  if (names.length !== 1 || only === undefined) return `(${names.join(', or ')})`;
  if (only.startsWith('`')) return only;
  if (only.startsWith('number ')) return only.replace('number', 'numbers');
  return PLURALS[only] ?? `${only}s`;
}

const LARGEST = 1_000_000_000;

function integerName({ minimum, maximum }: JsonSchema): string {
  const hasMaximum = maximum !== undefined && maximum < LARGEST;
  if (minimum === undefined || minimum < 0) return 'whole number';
  return hasMaximum ? `number from ${minimum} to ${maximum}` : `number from ${minimum} on`;
}
