// The schema as data: JSON Schema draft-07, and what it says about a key. Rule: everything that is told about a key
// (errors, `config explain`, docs/config.md, editors) comes from here, so that all of them say the same.

import { z } from 'zod';
import type { KeyPath } from './key-path.ts';
import { documentSchema } from './schema/document.ts';

export interface JsonSchema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  /** duration, size, rate, share, address, path or url. Not `format`: a duration of JSON Schema is written otherwise. */
  readonly 'x-kind'?: string;
  readonly const?: string | number | boolean;
  readonly enum?: readonly unknown[];
  readonly pattern?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly examples?: readonly unknown[];
  readonly minimum?: number;
  readonly maximum?: number;
  /** A secret. */
  readonly writeOnly?: boolean;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  /** Free keys of a certain form, beside `properties`. */
  readonly patternProperties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean | JsonSchema;
  readonly items?: JsonSchema;
  readonly anyOf?: readonly JsonSchema[];
  /** Only around a single reference, which may have no neighbours in draft-07. */
  readonly allOf?: readonly JsonSchema[];
  readonly definitions?: Readonly<Record<string, JsonSchema>>;
}

let cached: JsonSchema | undefined;

/** Made when first asked for: a start with a good configuration never needs it. */
export function documentJsonSchema(): JsonSchema {
  cached ??= z.toJSONSchema(documentSchema, {
    target: 'draft-07',
    io: 'input',
    // zod drops examples where input is turned into something else, because it takes them for examples of the result.
    override: ({ jsonSchema }) => {
      if (jsonSchema.patternProperties !== undefined) jsonSchema.additionalProperties = false;
      const { samples } = jsonSchema as { samples?: unknown[] };
      if (samples === undefined) return;
      jsonSchema.examples = samples;
      delete jsonSchema['samples'];
    },
  }) as JsonSchema;
  return cached;
}

/** The alternatives that a schema stands for: references followed, unions opened, annotations of the union kept apart. */
export function alternatives(schema: JsonSchema): readonly JsonSchema[] {
  const reference = referenceOf(schema);
  if (reference !== undefined) return alternatives(definition(reference));
  const inner = schema.anyOf?.flatMap(alternatives) ?? [];
  return inner.length === 0 ? [schema] : inner;
}

/** The definition that a schema stands for, if it is nothing but a reference. */
export function referenceOf(schema: JsonSchema): string | undefined {
  return schema.$ref ?? schema.allOf?.[0]?.$ref;
}

export function definition(reference: string): JsonSchema {
  const found = documentJsonSchema().definitions?.[reference.replace('#/definitions/', '')];
  if (found === undefined) throw new Error(`no definition ${reference} in the schema`);
  return found;
}

/** The schemas that may stand at a path; none when there is no such key. A name at a list is looked up in its items. */
export function schemasAt(path: KeyPath): readonly JsonSchema[] {
  let level: readonly JsonSchema[] = [documentJsonSchema()];
  for (const key of path) {
    level = level.flatMap(alternatives).flatMap((schema) => child(schema, key));
  }
  return level;
}

function child(schema: JsonSchema, key: string | number): readonly JsonSchema[] {
  if (schema.items !== undefined) {
    return typeof key === 'number' || key === '[]'
      ? [schema.items]
      : alternatives(schema.items).flatMap((item) => child(item, key));
  }
  const property = Object.hasOwn(schema.properties ?? {}, key) ? schema.properties?.[key] : undefined;
  if (property !== undefined) return [property];
  const pattern = Object.entries(schema.patternProperties ?? {}).find(([form]) => new RegExp(form).test(String(key)));
  if (pattern !== undefined) return [pattern[1]];
  return typeof schema.additionalProperties === 'object' ? [schema.additionalProperties] : [];
}

/** The keys that are known at a path; empty where names are free. */
export function knownKeys(path: KeyPath): readonly string[] {
  const keys = schemasAt(path)
    .flatMap(alternatives)
    .flatMap((schema) => Object.keys(schema.items === undefined ? (schema.properties ?? {}) : {}));
  return [...new Set(keys)];
}

export interface FieldTraits {
  readonly kind: string | undefined;
  readonly secret: boolean;
}

/** How the value at a path of the normalised configuration is shown. */
export function fieldTraits(path: KeyPath): FieldTraits {
  const found = schemasAt(path);
  const all = [...found, ...found.flatMap((schema) => schema.anyOf ?? []), ...found.flatMap(alternatives)];
  return {
    kind: all.find((schema) => schema['x-kind'] !== undefined)?.['x-kind'],
    secret: all.some((schema) => schema.writeOnly === true),
  };
}

const VARIABLE = {
  type: 'string',
  pattern: '\\$\\{',
  description: 'A text with a variable: ${NAME}, ${NAME:-default}, ${NAME:?message} or ${file:/path}.',
} as const satisfies JsonSchema;

/** For editors: every field may also be a text with a variable in it. */
export function editorJsonSchema(): JsonSchema {
  const schema = documentJsonSchema();
  return {
    ...withVariables(schema),
    definitions: { ...mapValues(schema.definitions ?? {}, withVariables), variable: VARIABLE },
  };
}

function withVariables(schema: JsonSchema): JsonSchema {
  const inner: JsonSchema = {
    ...schema,
    ...(schema.properties && { properties: mapValues(schema.properties, withVariables) }),
    ...(schema.patternProperties && { patternProperties: mapValues(schema.patternProperties, withVariables) }),
    ...(schema.items && { items: withVariables(schema.items) }),
    ...(schema.anyOf && { anyOf: schema.anyOf.map(withVariables) }),
    ...(typeof schema.additionalProperties === 'object' && {
      additionalProperties: withVariables(schema.additionalProperties),
    }),
  };
  if (!refusesVariables(schema)) return inner;
  const { description, default: fallback, examples, ...constraints } = inner;
  return {
    ...(description !== undefined && { description }),
    ...(fallback !== undefined && { default: fallback }),
    ...(examples !== undefined && { examples }),
    anyOf: [constraints, { $ref: '#/definitions/variable' }],
  };
}

function refusesVariables(schema: JsonSchema): boolean {
  if (schema.type === 'number' || schema.type === 'integer' || schema.type === 'boolean') return true;
  return (
    schema.type === 'string' &&
    (schema.enum !== undefined || schema.const !== undefined || schema.pattern !== undefined)
  );
}

function mapValues<T>(record: Readonly<Record<string, T>>, change: (value: T) => T): Record<string, T> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, change(value)]));
}
