// Section tunnels.server.tcp: what TCP tunnels of the server may do. Rule: without a word here nobody but this machine reaches them.

import { z } from 'zod';
import { count, hostPattern, network, oneOrMany } from './fields.ts';

export type ProxyVersion = 'none' | 'v1' | 'v2';

export interface TcpTunnelsConfig {
  /** An IP address. */
  readonly listen: string;
  /** null: the domain of the server. */
  readonly host: string | null;
  readonly ports_per_account: number;
  readonly connections: number;
  readonly connections_per_account: number;
  readonly proxy_protocol: ProxyVersion;
  readonly allow: readonly string[];
}

export const proxyVersion: z.ZodType<ProxyVersion> = z.enum(['none', 'v1', 'v2'], {
  error: 'expected none, v1 or v2',
});

export const tcpTunnelsSchema: z.ZodType<TcpTunnelsConfig> = z.strictObject({
  listen: z
    .union([z.ipv4(), z.ipv6()], { error: 'expected an IP address such as 127.0.0.1, or 0.0.0.0 for every address' })
    .prefault('127.0.0.1')
    .describe(
      'The address of this machine that the ports of TCP tunnels are opened on; `0.0.0.0` or `"::"` for the network.',
    )
    .meta({ samples: ['0.0.0.0'] }),
  host: hostPattern()
    .nullable()
    .prefault(null)
    .describe('The host in the address of a TCP tunnel that is told to its owner. `null`: the domain of the server.')
    .meta({ samples: ['tcp.example.com'] }),
  ports_per_account: count(10_000)
    .prefault(8)
    .describe('How many ports an account may have at once, those that wait for their client included.'),
  connections: count(10_000).prefault(200).describe('How many visitors one TCP tunnel has at once.'),
  connections_per_account: count(100_000)
    .prefault(1000)
    .describe('How many visitors the TCP tunnels of one account have at once, all together.'),
  proxy_protocol: proxyVersion
    .prefault('none')
    .describe(
      'Tell the local server who the visitor is, in a head of the PROXY protocol. A client may ask for another version for its tunnel.',
    ),
  allow: oneOrMany(network())
    .prefault([])
    .describe(
      'Who may connect to TCP tunnels, by address or network. Empty: everybody. A client may narrow it for its tunnel.',
    )
    .meta({ samples: [['203.0.113.0/24']] }),
});
