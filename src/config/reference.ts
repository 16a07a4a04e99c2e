// docs/config.md: the reference of every key, written from the schema. Rule: nothing in it is written by hand, so it
// cannot say anything else than the program does.

import { unavailableFeatures } from './availability.ts';
import { alternatives, definition, documentJsonSchema, referenceOf, type JsonSchema } from './schema-reference.ts';
import { typeName } from './type-name.ts';

/** `toYaml` writes an example as the reader would. */
export function configReference(toYaml: (value: unknown) => string): string {
  const root = documentJsonSchema();
  const sections = Object.entries(root.properties ?? {});
  return [
    '# Configuration reference',
    '',
    '<!-- Written by scripts/generate-config-docs.ts from the schema. Changes belong there. -->',
    '',
    'Every key is optional unless it is marked as needed. How files, environment and flags come together stands in the',
    '[guide](guide-configuration.md). `sluice config explain KEY` shows the same text in a terminal.',
    '',
    'Kinds of values: a **duration** is written as `500ms`, `30s`, `10m`, `1h` or `1d`; a **size** as `16KiB`, `10MB` or a',
    'number of bytes; a **rate** as `100/s`, `30/m` or `1000/h`; a **share** as `20%` or `0.2`; an **address** as',
    '`127.0.0.1:8080`, `[::1]:8080`, `8080` (this machine only), `:8080` (every address) or `unix:/run/x.sock`. A **path**',
    'starts from the folder of the file that names it.',
    '',
    `Validated, but refused while it does not exist in this version: ${unavailableFeatures().join(', ')}.`,
    '',
    ...sections.map(([name, { description }]) => `- [${name}](#${name}): ${description ?? ''}`),
    '',
    ...sections.flatMap(([name, schema]) => sectionText(name, schema, toYaml)),
  ].join('\n');
}

function sectionText(name: string, schema: JsonSchema, toYaml: (value: unknown) => string): string[] {
  // Policies stand in four places; they are described once, in the section of that name.
  const reference = referenceOf(schema);
  const rows = rowsOf(reference === undefined ? schema : definition(reference), '');
  return [
    `## ${name}`,
    '',
    schema.description ?? '',
    '',
    ...(schema.examples ?? []).flatMap((example) => ['```yaml', toYaml({ [name]: example }).trimEnd(), '```', '']),
    '| key | type | default | |',
    '|---|---|---|---|',
    ...rows,
    '',
  ];
}

function rowsOf(schema: JsonSchema, prefix: string): string[] {
  const branches = branchesOf(schema);
  const maps = branches.filter((branch) => branch.properties !== undefined);
  const rows: string[] = [];
  const seen = new Set<string>();
  for (const map of maps) {
    for (const [key, property] of Object.entries(map.properties ?? {})) {
      if (seen.has(key)) continue;
      seen.add(key);
      // What only one of several shapes needs is not needed.
      const needed = maps.every((other) => other.required?.includes(key));
      const path = prefix === '' ? key : `${prefix}.${key}`;
      rows.push(rowOf(path, property, needed));
      if (referenceOf(property) === undefined) rows.push(...rowsOf(property, path));
    }
  }
  for (const { items, additionalProperties, patternProperties } of branches) {
    for (const free of Object.values(patternProperties ?? {})) rows.push(rowOf(`${prefix}./FILE`, free, false));
    // A list of what may also stand alone has the same keys.
    if (items !== undefined && maps.length === 0) rows.push(...rowsOf(items, `${prefix}[]`));
    if (typeof additionalProperties === 'object') {
      rows.push(...rowsOf(additionalProperties, prefix === '' ? 'NAME' : `${prefix}.NAME`));
    }
  }
  return rows;
}

function branchesOf(schema: JsonSchema): readonly JsonSchema[] {
  return schema.anyOf === undefined ? [schema] : schema.anyOf.flatMap(branchesOf);
}

function rowOf(path: string, schema: JsonSchema, needed: boolean): string {
  const fallback = needed ? 'needed' : schema.default === undefined ? '' : code(schema.default);
  const type = referenceOf(schema) === undefined ? typeName(schema) : '[policies](#policies)';
  const secret = isSecret(schema) ? ' Secret: masked wherever it is shown.' : '';
  const example = (schema.examples ?? []).slice(0, 1).map((value) => ` Example: ${code(value)}`);
  return `| ${cells([code(path), type, fallback, `${schema.description ?? ''}${secret}${example.join('')}`])} |`;
}

function isSecret(schema: JsonSchema): boolean {
  return [schema, ...alternatives(schema)].some((branch) => branch.writeOnly === true);
}

function code(value: unknown): string {
  return `\`${typeof value === 'string' && value !== '' ? value : flowText(value)}\``;
}

/** As in YAML on one line: `{ host: a, port: 1 }`. */
function flowText(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(flowText).join(', ')}]`;
  if (typeof value === 'object' && value !== null) {
    const pairs = Object.entries(value).map(([key, item]) => `${key}: ${flowText(item)}`);
    return pairs.length === 0 ? '{}' : `{ ${pairs.join(', ')} }`;
  }
  return typeof value === 'string' && /^[\w./-][\w./:-]*$/.test(value) ? value : JSON.stringify(value);
}

function cells(texts: readonly string[]): string {
  return texts.map((text) => text.replaceAll('|', String.raw`\|`)).join(' | ');
}
