// Who decides on clients. Rule: a door that cannot do what its policies say does not open as if they said nothing.

import type { Check } from './finding.ts';

/** The forward proxy asks for users in its own way, and knows no other. */
export const checkForwardAuth: Check = ({ config: { policies, egress } }) => {
  const isOwn = egress.policies.auth !== undefined;
  const auth = egress.policies.auth ?? policies.auth;
  const isForwarded = typeof auth === 'object' && 'forward' in auth;
  if (!isForwarded || egress.listen.length === 0 || egress.auth === 'users') return [];
  return [
    {
      code: 'config_unsafe',
      message: 'the forward proxy asks no other server, and would stand open',
      path: isOwn ? ['egress', 'policies', 'auth'] : ['policies', 'auth'],
      atKey: true,
      hint: 'move it to gateway.policies, or set egress.policies.auth to users or none, or egress.listen to null',
    },
  ];
};
