// The Redis server that nodes share: what it is not used for yet, and who could listen. Rule: it is said before somebody relies on it.
import { isLocalAddress } from '../../core/address.ts';
import type { Check } from './finding.ts';

const NOT_SHARED =
  'process.state: so far nodes share what was used of AI providers, and the budgets of users; rate limits, numbers of running requests, sessions and ' +
  'tokens stay with each node';

export const checkState: Check = ({ config: { process } }) => {
  if (process.state === 'embedded') return [];
  const place = { severity: 'warning', path: ['process', 'state'], atKey: true } as const;
  const notShared = { ...place, code: 'not_available_yet', message: NOT_SHARED } as const;
  const { protocol, hostname, port } = new URL(process.state);
  if (protocol === 'rediss:' || isLocalAddress(`${hostname}:${port === '' ? 6379 : port}`)) return [notShared];
  const message = 'its password, and the names of users, go to another machine in the clear';
  return [notShared, { ...place, code: 'config_unsafe', message, hint: 'use rediss' }];
};
