// The flags of `sluice relay` as values of the config. Rule: unless it is said, the address of a tunnel is the one at which the gateway
// really listens.

import { parseAddress } from '../core/address.ts';
import type { FlagValue } from '../config/overrides.ts';

export interface RelayFlags {
  readonly domain?: string;
  readonly listen?: string;
  readonly gateway?: string;
  readonly publicUrl?: string;
  readonly verbose?: true;
}

const GATEWAY = '127.0.0.1:8080';
const HTTP_PORT = 80;

export function relayFlagValues({ domain, listen, gateway, publicUrl, verbose }: RelayFlags): FlagValue[] {
  const values: FlagValue[] = [
    { path: 'egress.listen', value: null, flag: 'sluice relay' },
    { path: 'tunnels.server.enabled', value: true, flag: 'sluice relay' },
  ];
  if (domain !== undefined) values.push({ path: 'tunnels.server.domain', value: domain, flag: '--domain' });
  if (listen !== undefined) values.push({ path: 'tunnels.server.listen', value: listen, flag: '--listen' });
  if (gateway !== undefined) values.push({ path: 'gateway.listen', value: gateway, flag: '--gateway' });
  const url = publicUrl ?? ((domain ?? gateway) ? urlAt(domain ?? 'localhost', gateway ?? GATEWAY) : undefined);
  if (url !== undefined) values.push({ path: 'tunnels.server.public_url', value: url, flag: '--public-url' });
  if (verbose) values.push({ path: 'log.level', value: 'debug', flag: '--verbose' });
  return values;
}

function urlAt(domain: string, gateway: string): string {
  const address = parseAddress(gateway, { host: '' });
  const port = address.kind === 'tcp' && address.port !== HTTP_PORT ? `:${address.port}` : '';
  return `http://{subdomain}.${domain}${port}`;
}
