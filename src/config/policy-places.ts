// Where the configuration speaks of policies. Rule: a place is listed here and nowhere else.

import type { Config } from './config.ts';
import type { KeyPath } from './key-path.ts';
import type { Policies } from './schema/policies.ts';

export interface PolicyPlace {
  readonly path: KeyPath;
  readonly policies: Policies;
}

export function policyPlaces({ policies, egress, gateway }: Config): readonly PolicyPlace[] {
  return [
    { path: ['policies'], policies },
    { path: ['egress', 'policies'], policies: egress.policies },
    { path: ['gateway', 'policies'], policies: gateway.policies },
    ...gateway.listen.map((listen, index) => {
      return { path: ['gateway', 'listen', index, 'policies'], policies: listen.policies };
    }),
    ...gateway.routes.map((route, index) => {
      return { path: ['gateway', 'routes', index, 'policies'], policies: route.policies };
    }),
  ];
}
