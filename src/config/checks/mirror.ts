// The policy `mirror`. Rule: what is asked for and would never happen is a mistake worth telling.

import type { Check } from './finding.ts';

export const checkMirror: Check = ({ config: { egress } }) => {
  if (egress.policies.mirror === undefined || egress.policies.mirror === false) return [];
  const message = 'the forward proxy copies nothing: what its clients send is for those whom they name';
  const hint = 'mirror the requests of a route, or of the gateway';
  return [{ code: 'config_conflict', message, path: ['egress', 'policies', 'mirror'], atKey: true, hint }];
};
