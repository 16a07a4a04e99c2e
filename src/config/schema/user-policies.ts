// Policies of the user's own: a key of the policies that is a path names a module, and what stands behind it are its settings. Rule:
// what the settings mean is for the module to say; here they are a map, or `false` where the module is not wanted.
import { z } from 'zod';
import type { PlainValue } from '../source-tree.ts';
import type { Policies } from './policies.ts';

export type PolicySettings = Readonly<Record<string, PlainValue>>;

export interface UserPolicy {
  /** Absolute, in a configuration that was loaded. */
  readonly file: string;
  /** false: not here, though a farther place has it. */
  readonly settings: PolicySettings | false;
}

const PATH = String.raw`^(?:\.{0,2}|~|[A-Za-z]:)[/\\]`;
const IS_PATH: RegExp = new RegExp(PATH);

export function isPolicyFile(key: string): boolean {
  return IS_PATH.test(key);
}

/** In their order. */
export function userPolicies(policies: Policies): UserPolicy[] {
  return Object.entries(policies)
    .filter(([key]) => isPolicyFile(key))
    .map(([file, settings]) => ({ file, settings: settings as UserPolicy['settings'] }));
}

/** Beside the keys of our own it takes paths; whatever is neither is a mistake, also where something else is wrong as well. */
export function withUserPolicies(ours: z.ZodObject): z.ZodType<Policies> {
  return ours
    .catchall(z.unknown())
    .superRefine(checkFreeKeys(new Set(Object.keys(ours.shape))), { when: () => true })
    .meta({ id: 'policies', patternProperties: { [PATH]: USER_POLICY } });
}

/** For JSON Schema, to which zod cannot say that only some free keys are possible. */
const USER_POLICY = {
  description:
    'A policy of your own: the path of a module that exports `policy`, with the settings that it takes. See the guide to policies.',
  anyOf: [{ type: 'boolean', const: false }, { type: 'object' }],
  examples: [{ from: '08:00', to: '18:00' }],
};

function checkFreeKeys(known: ReadonlySet<string>) {
  return (policies: Readonly<Record<string, unknown>>, { issues }: z.core.$RefinementCtx): void => {
    if (typeof policies !== 'object' || policies === null) return;
    const free = Object.entries(policies).filter(([key]) => !known.has(key));
    const keys = free.map(([key]) => key).filter((key) => !isPolicyFile(key));
    if (keys.length > 0) issues.push({ code: 'unrecognized_keys', keys, input: policies, continue: true });
    for (const [key, value] of free) {
      if (
        !isPolicyFile(key) ||
        value === false ||
        (typeof value === 'object' && value !== null && !Array.isArray(value))
      )
        continue;
      const message = 'expected a map of settings ({} for none), or false';
      issues.push({ code: 'custom', message, path: [key], input: value, continue: true });
    }
  };
}
