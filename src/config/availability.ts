// The parts of the configuration whose feature does not exist yet. Rule: such a part is validated like any other and
// refused only when it is switched on; when the feature arrives, its line here goes.

import type { Config } from './config.ts';
import type { KeyPath } from './key-path.ts';

interface Unavailable {
  /** What is not available, in a few words. */
  readonly what: string;
  /** The places where it is switched on. */
  readonly find: (config: Config) => readonly KeyPath[];
}

const UNAVAILABLE: readonly Unavailable[] = [
  {
    what: 'a policy of retries for the forward proxy',
    find: ({ egress: { policies } }) =>
      when(policies.retry !== undefined && policies.retry !== false, ['egress', 'policies', 'retry']),
  },
];

/** In a few words each, for the reference. */
export function unavailableFeatures(): readonly string[] {
  return UNAVAILABLE.map(({ what }) => what);
}

export interface UnavailableUse {
  readonly path: KeyPath;
  readonly sentence: string;
}

export function unavailableUses(config: Config): readonly UnavailableUse[] {
  return UNAVAILABLE.flatMap(({ what, find }) =>
    find(config).map((path) => ({ path, sentence: `not available yet in this version (${what})` })),
  );
}

function when(on: boolean, path: KeyPath): readonly KeyPath[] {
  return on ? [path] : [];
}
