// Holds a tree against the schema. Rule: a text that came from a variable, the environment or a flag may stand for a
// number or boolean where the schema wants one; a text in a file may not.

import type { Config } from './config.ts';
import type { Fault } from './problem-report.ts';
import { documentSchema } from './schema/document.ts';
import { schemaFaults, typesAskedFor } from './schema-problems.ts';
import { mapScalars, toPlain, type ConfigNode, type ScalarNode } from './source-tree.ts';

export type Validated = { readonly config: Config } | { readonly faults: readonly Fault[] };

/** A parser that zod compiles is worth its 8 ms only to who reads many times. */
const ONCE = { jitless: true };

export function validate(root: ConfigNode): Validated {
  const first = documentSchema.safeParse(toPlain(root), ONCE);
  if (first.success) return { config: first.data };
  const { issues } = first.error;
  let changed = false;
  const harder = mapScalars(root, (leaf, path) => {
    const value = leaf.soft ? readAs(leaf.value, () => typesAskedFor(issues, path)) : leaf.value;
    changed ||= value !== leaf.value;
    return value === leaf.value ? leaf : { ...leaf, value };
  });
  const value = toPlain(harder);
  const second = changed ? documentSchema.safeParse(value, ONCE) : first;
  if (second.success) return { config: second.data };
  return { faults: schemaFaults(second.error.issues, { root: harder, value }) };
}

function readAs(value: ScalarNode['value'], types: () => ReadonlySet<string>): ScalarNode['value'] {
  if (typeof value !== 'string') return value;
  const text = value.trim();
  const isNumber = /^-?\d+(?:\.\d+)?$/.test(text);
  const isTrue = /^(?:true|yes|on|1)$/i.test(text);
  if (!isNumber && !isTrue && !/^(?:false|no|off|0)$/i.test(text)) return value;
  const asked = types();
  if (asked.has('boolean') && !(isNumber && text !== '0' && text !== '1')) return isTrue;
  return isNumber && (asked.has('number') || asked.has('int')) ? Number(text) : value;
}
