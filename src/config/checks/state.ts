// The Redis server that nodes share: what it is not used for yet, and who could listen. Rule: it is said before somebody relies on it.
import { formatHostPort, isLocalAddress } from '../../core/address.ts';
import { parseStateUrl, type StateServerAddress } from '../../core/state-url.ts';
import type { Check } from './finding.ts';

const NOT_SHARED = 'process.state: numbers of running requests (limits.concurrent, ai_streams) stay with each node';

export const checkState: Check = ({ config: { process } }) => {
  if (process.state === 'embedded') return [];
  const place = { severity: 'warning', path: ['process', 'state'], atKey: true } as const;
  const notShared = { ...place, code: 'not_available_yet', message: NOT_SHARED } as const;
  const url = parseStateUrl(process.state);
  const isSafe = url === undefined || url.isTls || url.servers.every(isHere);
  if (isSafe) return [notShared];
  const message = 'its password, and the names of users, go to another machine in the clear';
  return [notShared, { ...place, code: 'config_unsafe', message, hint: 'use rediss' }];
};

function isHere({ host, port }: StateServerAddress): boolean {
  return isLocalAddress(formatHostPort(host, port));
}
