// A way through hops, as egress, backends and AI providers name it. Rule: a chain is a list of names; none is the direct way.

import type { z } from 'zod';
import { identifier, oneOrMany } from './fields.ts';

/** Hops in order: one name, a list of names, or `direct`, which is the empty list. */
export function hopChain(): z.ZodType<string[]> {
  return oneOrMany(identifier()).transform((names, context) => {
    if (names.length === 1 && names[0] === 'direct') return [];
    if (names.includes('direct')) {
      context.issues.push({ code: 'custom', message: '"direct" stands alone: it is not a hop', input: names });
    }
    return names;
  });
}
