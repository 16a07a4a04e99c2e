// The flags of `sluice relay` as values of the config. Rule: unless it is said, the address of a tunnel is the one at which the gateway
// really listens.

import { parseAddress } from '../core/address.ts';
import type { FlagValue } from '../config/overrides.ts';

export interface RelayFlags {
  readonly domain?: string;
  readonly listen?: string;
  readonly gateway?: string;
  readonly publicUrl?: string;
  readonly cert?: string;
  readonly key?: string;
  readonly onePort?: true;
  readonly verbose?: true;
}

const GATEWAY = '127.0.0.1:8080';
const USUAL_PORTS = { http: 80, https: 443 };

export function relayFlagValues(flags: RelayFlags): FlagValue[] {
  const { domain, listen, gateway, publicUrl, verbose } = flags;
  const values: FlagValue[] = [
    { path: 'egress.listen', value: null, flag: 'sluice relay' },
    { path: 'tunnels.server.enabled', value: true, flag: 'sluice relay' },
  ];
  if (domain !== undefined) values.push({ path: 'tunnels.server.domain', value: domain, flag: '--domain' });
  if (listen !== undefined) values.push({ path: 'tunnels.server.listen', value: listen, flag: '--listen' });
  if (gateway !== undefined) values.push({ path: 'gateway.listen', value: gateway, flag: '--gateway' });
  values.push(...tlsValues(flags));
  if (flags.onePort) values.push({ path: 'tunnels.server.one_port', value: true, flag: '--one-port' });
  const scheme = flags.cert === undefined ? 'http' : 'https';
  const isOther = domain !== undefined || gateway !== undefined || scheme === 'https';
  const url = publicUrl ?? (isOther ? urlAt(scheme, domain ?? 'localhost', gateway ?? GATEWAY) : undefined);
  if (url !== undefined) values.push({ path: 'tunnels.server.public_url', value: url, flag: '--public-url' });
  if (verbose) values.push({ path: 'log.level', value: 'debug', flag: '--verbose' });
  return values;
}

/** One certificate for both doors: it is for the domain and for all names below it. */
function tlsValues({ cert, key }: RelayFlags): FlagValue[] {
  const named = [
    ['cert', cert],
    ['key', key],
  ] as const;
  return named.flatMap(([name, value]) => {
    if (value === undefined) return [];
    return ['tunnels.server.tls', 'gateway.tls'].map((place) => ({
      path: `${place}.${name}`,
      value,
      flag: `--${name}`,
    }));
  });
}

function urlAt(scheme: 'http' | 'https', domain: string, gateway: string): string {
  const address = parseAddress(gateway, { host: '' });
  const port = address.kind === 'tcp' && address.port !== USUAL_PORTS[scheme] ? `:${address.port}` : '';
  return `${scheme}://{subdomain}.${domain}${port}`;
}
