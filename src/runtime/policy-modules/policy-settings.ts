// Holds settings against what a module of the user's own says of them. Rule: it does not wait, since the same is asked on every
// thread while a program is put together.
import type { PolicyFault } from '../../config/load.ts';
import type { KeyPath } from '../../config/key-path.ts';
import type { PolicySettings } from '../../config/schema/user-policies.ts';
import type { PolicyModule, StandardIssue } from '../../contract/policy-module.ts';

export type ReadSettings = { readonly settings: unknown } | { readonly faults: readonly PolicyFault[] };

/** The module gets a copy: what it does to it is its own business. */
export function readSettings({ check, schema }: PolicyModule, given: PolicySettings): ReadSettings {
  const settings = structuredClone(given);
  try {
    check?.(settings);
    if (schema === undefined) return { settings };
    const result = schema['~standard'].validate(settings);
    if (result instanceof Promise) {
      void result.catch(() => {});
      return { faults: [{ message: 'its `schema` waits, and must not', at: null }] };
    }
    return result.issues === undefined ? { settings: result.value } : { faults: result.issues.map(faultOf) };
  } catch (cause) {
    return { faults: [{ message: cause instanceof Error ? cause.message : String(cause), at: [] }] };
  }
}

function faultOf({ message, path = [] }: StandardIssue): PolicyFault {
  return { message, at: path.map((part) => keyOf(typeof part === 'object' ? part.key : part)) };
}

function keyOf(key: PropertyKey): KeyPath[number] {
  return typeof key === 'number' ? key : String(key);
}
