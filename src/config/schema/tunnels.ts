// Section tunnels: the server that gives local servers a public address, and the client that asks for one.

import { z } from 'zod';
import { hostPattern, identifier, listenAddress, nonEmptyText, port, secret } from './fields.ts';

export interface PortRange {
  readonly from: number;
  readonly to: number;
}

export interface TunnelServerConfig {
  readonly enabled: boolean;
  readonly listen: string;
  readonly domain: string;
  readonly public_url: string;
  readonly tcp_ports: PortRange;
  readonly registration: 'open' | 'closed';
}

export interface ClientTunnel {
  readonly name: string;
  readonly protocol: 'http' | 'tcp';
  readonly local_host: string;
  readonly local_port: number;
  readonly subdomain: string | null;
  readonly hostname: string | null;
  readonly auth: string | null;
  readonly remote_port: number | null;
}

export interface TunnelClientConfig {
  readonly server: string;
  readonly auth_token: string | null;
  readonly tunnels: readonly ClientTunnel[];
}

export interface TunnelsConfig {
  readonly server: TunnelServerConfig;
  readonly client: TunnelClientConfig;
}

const RANGE_EXPECTED = 'expected a range of ports such as 20000-20999';

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
  .refine(({ from, to }) => from >= 1 && from <= to && to <= 65_535, RANGE_EXPECTED);

const server: z.ZodType<TunnelServerConfig> = z.strictObject({
  enabled: z.boolean().prefault(false).describe('Accept tunnels.'),
  listen: listenAddress().prefault('127.0.0.1:6400').describe('Where clients of tunnels connect to.'),
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
  tcp_ports: portRange.prefault('20000-20999').describe('Ports that TCP tunnels may get, as soon as there are any.'),
  registration: z
    .enum(['open', 'closed'])
    .prefault('open')
    .describe('`open` gives a token to everyone who asks; `closed` knows only the users of this configuration.'),
});

const clientTunnel: z.ZodType<ClientTunnel> = z.strictObject({
  name: identifier()
    .describe('The name in logs and on the panel.')
    .meta({ samples: ['web'] }),
  protocol: z.enum(['http', 'tcp']).prefault('http').describe('What is spoken through the tunnel.'),
  local_host: nonEmptyText().prefault('127.0.0.1').describe('The machine that the local server runs on.'),
  local_port: port()
    .describe('The port of the local server.')
    .meta({ samples: [3000] }),
  subdomain: z
    .string()
    .regex(/^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/i, 'expected a name of letters, digits and "-"')
    .transform((text) => text.toLowerCase())
    .nullable()
    .prefault(null)
    .describe('The wanted name below the domain of the server.')
    .meta({ samples: ['myapp'] }),
  hostname: hostPattern()
    .nullable()
    .prefault(null)
    .describe('A domain of your own.')
    .meta({ samples: ['app.example.com'] }),
  auth: z
    .string()
    .regex(/^[^:]+:.+$/s, 'expected user:password')
    .nullable()
    .prefault(null)
    .describe('Ask visitors for this user name and password.')
    .meta({ writeOnly: true, samples: ['user:${WEB_PASSWORD}'] }),
  remote_port: port().nullable().prefault(null).describe('The wanted port on the server, for TCP.'),
});

const SERVER_ADDRESS = /^(?:(?:wss?|https?):\/\/)?(?:\[[0-9a-f:.]+\]|[^\s/:@]+)(?::\d{1,5})?\/?$/i;

const client: z.ZodType<TunnelClientConfig> = z.strictObject({
  server: z
    .string()
    .regex(SERVER_ADDRESS, 'expected host:port or a URL such as wss://tunnels.example.com')
    .prefault('localhost:6400')
    .describe('The tunnel server: host:port, or a ws, wss, http or https URL.'),
  auth_token: secret()
    .nullable()
    .prefault(null)
    .describe('The token for the server. Without it, the one that `sluice authtoken` has saved.'),
  tunnels: z
    .array(clientTunnel)
    .prefault([])
    .describe('Tunnels that `sluice start` opens.')
    .meta({ samples: [[{ name: 'web', protocol: 'http', local_port: 8080, subdomain: 'myapp' }]] }),
});

export const tunnelsSchema: z.ZodType<TunnelsConfig> = z
  .strictObject({
    server: server.prefault({}).describe('The tunnel server.'),
    client: client.prefault({}).describe('The tunnel client.'),
  })
  .prefault({})
  .describe('Public addresses for local servers.');
