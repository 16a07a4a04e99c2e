// Section tunnels.client: local servers that are to have a public address, and the server that gives it.

import { z } from 'zod';
import {
  count,
  duration,
  headerName,
  headerValue,
  hostPattern,
  identifier,
  network,
  nonEmptyText,
  oneOrMany,
  port,
  secret,
  size,
} from './fields.ts';
import { hopChain } from './hop-chain.ts';
import { type ProxyVersion, proxyVersion } from './tunnels-tcp.ts';

export interface ClientTunnel {
  readonly name: string;
  readonly protocol: 'http' | 'tcp' | 'tls';
  readonly local_host: string;
  readonly local_port: number;
  readonly subdomain: string | null;
  readonly hostname: string | null;
  readonly auth: string | null;
  readonly remote_port: number | null;
  /** null: as the server likes. */
  readonly proxy_protocol: ProxyVersion | null;
  readonly group?: boolean;
  /** `local`: the name of the local server; `visitor`: what the visitor said; else this. */
  readonly host_header: string;
  /** Networks that visitors may come from; none: from anywhere. */
  readonly allow: readonly string[];
  readonly request_headers: FieldChanges;
  readonly response_headers: FieldChanges;
  /** null: nobody asks whether the local server is well. */
  readonly health?: LocalHealthConfig | null;
}

export interface LocalHealthConfig {
  /** null: a connection alone. */
  readonly path: string | null;
  /** Milliseconds. */
  readonly interval: number;
  /** Milliseconds. */
  readonly timeout: number;
  readonly unhealthy_after: number;
  readonly healthy_after: number;
}

/** By the name of the field; null removes it. */
export type FieldChanges = Readonly<Record<string, string | null>>;

export interface InspectConfig {
  readonly requests: number;
  readonly max_body: number;
  readonly show_secrets: boolean;
}

export interface TunnelClientConfig {
  readonly server: string;
  readonly auth_token: string | null;
  /** null: as the environment says. */
  readonly via: readonly string[] | null;
  /** What is kept of requests, for `sluice up`. */
  readonly inspect: InspectConfig | false;
  readonly tunnels: readonly ClientTunnel[];
}

function changes(about: string): z.ZodType<FieldChanges> {
  return z
    .record(headerName(), headerValue().nullable())
    .prefault({})
    .describe(about)
    .meta({ samples: [{ 'X-Environment': 'dev', 'X-Debug': null }] });
}

export const localHealth: z.ZodType<LocalHealthConfig> = z.strictObject({
  path: z
    .string()
    .regex(/^\/[\x21-\x7e]*$/, 'expected a path that begins with "/"')
    .nullable()
    .prefault(null)
    .describe(
      'Asked for by GET; an answer with a status below 400 is a success. `null`: that somebody listens is enough.',
    )
    .meta({ samples: ['/healthz'] }),
  interval: duration({ min: '100ms' }).prefault('10s').describe('The time between two checks.'),
  timeout: duration().prefault('2s').describe('A check that takes longer has failed.'),
  unhealthy_after: count(1000).prefault(3).describe('Failures in a row until visitors are answered with 503.'),
  healthy_after: count(1000).prefault(1).describe('Successes in a row until the local server is asked again.'),
});

const clientTunnel: z.ZodType<ClientTunnel> = z.strictObject({
  name: identifier()
    .describe('The name in logs and on the panel.')
    .meta({ samples: ['web'] }),
  protocol: z
    .enum(['http', 'tcp', 'tls'])
    .prefault('http')
    .describe(
      'What is spoken through the tunnel. `tls`: the local server has the certificate, and visitors come by the name that they ask for.',
    ),
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
  proxy_protocol: proxyVersion
    .nullable()
    .prefault(null)
    .describe(
      'For TCP: tell the local server who the visitor is, in a head of the PROXY protocol. `null`: as the server likes.',
    )
    .meta({ samples: ['v2'] }),
  group: z
    .boolean()
    .prefault(false)
    .describe('Share the name with other clients of the account that say the same; else the newest one has it alone.'),
  host_header: nonEmptyText()
    .prefault('local')
    .describe(
      'What the local server is told as its own name: `local` is localhost with its port, which development servers want; `visitor` the public name; else this.',
    )
    .meta({ samples: ['visitor', 'app.internal'] }),
  allow: oneOrMany(network())
    .prefault([])
    .describe('Networks that visitors may come from, by the address that the server saw. Empty: from anywhere.')
    .meta({ samples: [['203.0.113.0/24']] }),
  request_headers: changes('What is set in requests, in place of what visitors say; `null` takes a field out.'),
  response_headers: changes('The same in answers.'),
  health: localHealth
    .nullable()
    .prefault(null)
    .describe('Regular checks of the local server. While they fail it is asked for nothing. `null`: none.')
    .meta({ samples: [{ path: '/healthz' }] }),
});

const inspect: z.ZodType<InspectConfig> = z.strictObject({
  requests: count(1000).prefault(50).describe('So many, the latest.'),
  max_body: size().prefault('64KiB').describe('So much of the body of each, and of its answer.'),
  show_secrets: z
    .boolean()
    .prefault(false)
    .describe(
      'Show credentials and cookies, which are masked otherwise. A request that is asked again has them in any case.',
    ),
});

const SERVER_ADDRESS = /^(?:(?:wss?|https?):\/\/)?(?:\[[0-9a-f:.]+\]|[^\s/:@]+)(?::\d{1,5})?\/?$/i;

export const tunnelClient: z.ZodType<TunnelClientConfig> = z.strictObject({
  server: z
    .string()
    .regex(SERVER_ADDRESS, 'expected host:port or a URL such as wss://tunnels.example.com')
    .prefault('localhost:6400')
    .describe('The tunnel server: host:port, or a ws, wss, http or https URL.'),
  auth_token: secret()
    .nullable()
    .prefault(null)
    .describe('The token for the server. Without it, the one that `sluice authtoken` has saved.'),
  via: hopChain()
    .nullable()
    .prefault(null)
    .describe(
      'Hops that the server is reached through, in order; `direct`: none. `null`: as HTTPS_PROXY and its kin say.',
    )
    .meta({ samples: ['corporate'] }),
  inspect: z
    .union([z.literal(false), inspect])
    .prefault({})
    .describe(
      'What `sluice up` keeps of the last requests, in memory, to be looked into and asked again at the admin door. `false`: nothing.',
    )
    .meta({ samples: [false, { requests: 20, max_body: '1MiB' }] }),
  tunnels: z
    .array(clientTunnel)
    .prefault([])
    .describe('Tunnels that `sluice up` and `sluice start` open.')
    .meta({ samples: [[{ name: 'web', protocol: 'http', local_port: 8080, subdomain: 'myapp' }]] }),
});
