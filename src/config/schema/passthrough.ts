// Section gateway.passthrough: TLS that goes on as it is, by the name that a client asks for. Rule: a way leads to one place.

import { z } from 'zod';
import { formatAddress, parseAddress } from '../../core/address.ts';
import { hostPattern, identifier, network, oneOrMany } from './fields.ts';
import { type ProxyVersion, proxyVersion } from './tunnels-tcp.ts';

export interface PassConfig {
  readonly host: readonly string[];
  /** An address, or a tunnel. */
  readonly to: string | { readonly tunnel: string };
  readonly proxy_protocol: ProxyVersion;
  readonly allow: readonly string[];
}

const EXPECTED = 'expected an address such as 10.0.0.5:443 or unix:/run/app.sock, or a map with "tunnel"';

const place = z.string().transform((text, context) => {
  const address = parseAddress(text);
  if (address.kind !== 'invalid') return formatAddress(address);
  context.issues.push({ code: 'custom', message: `"${text}" is not an address: ${address.reason}`, input: text });
  return z.NEVER;
});

export const passWay: z.ZodType<PassConfig> = z.strictObject({
  host: oneOrMany(hostPattern())
    .describe(
      'The name that a client asks for in TLS: a name, `"*.example.com"` for every name below, or a list of these.',
    )
    .meta({ samples: ['db.example.com'] }),
  to: z
    .union([place, z.strictObject({ tunnel: identifier().describe('The name of a tunnel of TLS.') })], {
      error: EXPECTED,
    })
    .describe('Where the connection goes, still encrypted: HOST:PORT, a unix socket, or a tunnel.')
    .meta({ samples: ['10.0.0.5:443'] }),
  proxy_protocol: proxyVersion
    .prefault('none')
    .describe('Say there whose connection it is, in a head of the PROXY protocol. A tunnel has a setting of its own.'),
  allow: oneOrMany(network())
    .prefault([])
    .describe(
      'Who may come, by address or network. Empty: everybody. Policies are for requests, and do not count here.',
    )
    .meta({ samples: [['203.0.113.0/24']] }),
});
