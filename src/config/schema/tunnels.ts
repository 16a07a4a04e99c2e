// Section tunnels: the server that gives local servers a public address, and the client that asks for one.

import { z } from 'zod';
import { serverTls, type TlsConfig } from './tls.ts';
import { hostPattern, listenAddress, port } from './fields.ts';
import { tunnelClient, type TunnelClientConfig } from './tunnel-client.ts';
import { tunnelAccountKeys, type TunnelAccountsConfig } from './tunnels-accounts.ts';
import { type InterstitialConfig, interstitialSchema } from './tunnels-interstitial.ts';
import { type TcpTunnelsConfig, tcpTunnelsSchema } from './tunnels-tcp.ts';

export interface PortRange {
  readonly from: number;
  readonly to: number;
}

export interface TunnelServerConfig extends TunnelAccountsConfig {
  /** Hostnames of accounts that lead somewhere at the moment; never written, known while Sluice runs. */
  readonly verified?: readonly string[];
  readonly enabled: boolean;
  readonly listen: string;
  readonly tls: TlsConfig | null;
  readonly one_port: boolean;
  readonly domain: string;
  readonly public_url: string;
  /** null: there are no TCP tunnels. */
  readonly tcp_ports: PortRange | null;
  readonly tcp: TcpTunnelsConfig;
  /** null: there are no tunnels of TLS. */
  readonly tls_domain: string | null;
  /** null: there is no page before a visit. */
  readonly interstitial: InterstitialConfig | null;
}

export interface TunnelsConfig {
  readonly server: TunnelServerConfig;
  readonly client: TunnelClientConfig;
}

/** Those below are for what the machine itself offers. */
const FIRST_PORT = 1024;
const RANGE_EXPECTED = 'expected a range of ports from 1024 on, such as 20000-20999';

const portRange: z.ZodType<PortRange> = z
  .union(
    [
      z.string().transform((text) => {
        const match = /^(\d{1,5})-(\d{1,5})$/.exec(text);
        return { from: Number(match?.[1]), to: Number(match?.[2]) };
      }),
      z.strictObject({ from: port().describe('The first port.'), to: port().describe('The last port.') }),
    ],
    { error: RANGE_EXPECTED },
  )
  .refine(({ from, to }) => from >= FIRST_PORT && from <= to && to <= 65_535, RANGE_EXPECTED);

const server: z.ZodType<TunnelServerConfig> = z.strictObject({
  enabled: z.boolean().prefault(false).describe('Accept tunnels.'),
  listen: listenAddress().prefault('127.0.0.1:6400').describe('Where clients of tunnels connect to.'),
  tls: serverTls.nullable().prefault(null).describe('TLS where clients connect. `null`: in the clear.'),
  one_port: z
    .boolean()
    .prefault(false)
    .describe('Clients may connect to the gateway as well, at the host `domain`, so that one port is enough.'),
  domain: hostPattern()
    .prefault('localhost')
    .describe('Tunnels are names below this domain.')
    .meta({ samples: ['tunnels.example.com'] }),
  public_url: z
    .string()
    .regex(/^https?:\/\/\S*\{subdomain\}\S*$/, 'expected a URL with {subdomain} in it')
    .prefault('http://{subdomain}.localhost:8080')
    .describe('The address of a tunnel that is told to its owner.')
    .meta({ samples: ['https://{subdomain}.tunnels.example.com'] }),
  tcp_ports: z
    .union([z.literal(false).transform(() => null), z.null(), portRange], { error: RANGE_EXPECTED })
    .prefault('20000-20999')
    .describe('Ports that TCP tunnels may get; `null` or `false`: there are no TCP tunnels.'),
  tls_domain: hostPattern()
    .nullable()
    .prefault(null)
    .describe(
      'Names below it are tunnels whose TLS the local server ends itself: the gateway passes it on as it is, by the name that is asked for. `null`: there are none.',
    )
    .meta({ samples: ['tls.example.com'] }),
  tcp: tcpTunnelsSchema.prefault({}).describe('Who may have how much of TCP tunnels, and who reaches them.'),
  interstitial: interstitialSchema,
  ...tunnelAccountKeys,
});

export const tunnelsSchema: z.ZodType<TunnelsConfig> = z
  .strictObject({
    server: server.prefault({}).describe('The tunnel server.'),
    client: tunnelClient.prefault({}).describe('The tunnel client.'),
  })
  .prefault({})
  .describe('Public addresses for local servers.');
