// Routes that pages of other origins may use. Rule: what a browser asks before a request has to come to the route that answers it.

import type { Check } from './finding.ts';

export const checkCors: Check = ({ config: { gateway } }) =>
  gateway.routes.flatMap(({ match, policies }, index) => {
    const isShared = policies.headers !== undefined && policies.headers !== false && policies.headers.cors !== null;
    if (!isShared || match.method.length === 0 || match.method.includes('OPTIONS')) return [];
    return [
      {
        severity: 'warning',
        code: 'config_conflict',
        message: 'browsers ask with OPTIONS before they send what `cors` allows, and this route does not take it',
        path: ['gateway', 'routes', index, 'match', 'method'],
        hint: 'add OPTIONS to the methods',
      },
    ];
  });
