// The policies that Sluice is measured with. Rule: they let everything through that the bench sends, so that the work is the same
// with and without them.

import { millionHostsFile } from '../harness/domain-names.ts';

/**
 * `guard`: what every request pays for that comes in from the internet; `proxied`: the same, the client standing behind a proxy;
 * `every`: all that there are; `limit`: a limit of the rate and nothing else; `limit-shared`: the same, of all nodes that share a Redis.
 */
export type PolicySet = 'guard' | 'proxied' | 'every' | 'limit' | 'limit-shared';

/** Of the one user that there is where users are asked for. */
export const TOKEN = 'bench-token-0123456789abcdef';

const CLIENTS = ['127.0.0.0/8', '10.0.0.0/8', '192.0.2.0/24', '2001:db8::/32', '::1/128'];
const UNWANTED = ['198.51.100.0/24', '203.0.113.0/24', '2001:db8:bad::/48'];
const PROXIES = ['172.16.0.0/12', 'fd00::/8'];

const headers = {
  security: true,
  request: { set: { 'X-Gateway': 'sluice' }, add: { 'X-Seen': 'yes' }, remove: ['X-Debug', 'X-Powered-By'] },
  response: { set: { Server: 'sluice' }, add: { 'X-Served-By': 'edge-1' }, remove: ['X-Powered-By', 'X-Runtime'] },
};

/** Who works beside Sluice where every policy is on. */
export interface Helpers {
  /** The address of a clamd. */
  readonly scanner: string;
  /** Where copies of requests go. */
  readonly mirror: string;
}

/** As the key `policies` of a configuration. */
export function policiesOf(set: PolicySet, helpers: Helpers | null = null): object {
  if (set === 'limit' || set === 'limit-shared') return { rate_limit: { per: 'client_ip', rate: '100000/s' } };
  if (set !== 'every') return guard(set);
  const cors = { origins: ['http://localhost:*'], credentials: true };
  return { ...guard(set), ...others, ...(helpers !== null && withHelpers(helpers)), headers: { ...headers, cors } };
}

function withHelpers({ scanner, mirror }: Helpers): object {
  return { scan: { clamd: scanner }, mirror: { to: mirror, share: '10%' } };
}

const others = {
  auth: 'users',
  compress: {},
  limits: { url: '4KiB', header_count: 60, body: '1MiB', methods: ['GET', 'POST'], concurrent: 2000 },
  retry: { attempts: 2 },
  timeout: { connect: '5s', response: '10s', total: '60s' },
};

function guard(set: PolicySet): object {
  const proxies = set === 'proxied' ? [...PROXIES, '127.0.0.1'] : PROXIES;
  return {
    acl: { allow: CLIENTS, deny: UNWANTED, trusted_proxies: proxies },
    filter: { files: [millionHostsFile()] },
    rate_limit: { per: 'client_ip', rate: '1000000/s', burst: 2_000_000 },
    headers,
  };
}
