// Section egress: the forward proxy. Rule: a chain or rule that names hops never falls back to a direct connection.

import { z } from 'zod';
import { splitNoProxy } from '../../core/no-proxy.ts';
import {
  count,
  duration,
  headerName,
  hostOrNetwork,
  identifier,
  listenAddress,
  nonEmptyText,
  noProxyEntry,
  oneOrMany,
  port,
  tags,
} from './fields.ts';
import { hopChain } from './hop-chain.ts';
import { policiesSchema, retryPolicy, type Policies, type RetryPolicy } from './policies.ts';
import { serverTls, type TlsConfig } from './tls.ts';

export interface EgressMatch {
  /** Hosts, wildcards and networks; empty = every host. */
  readonly host: readonly string[];
  /** Empty = every port. */
  readonly port: readonly number[];
  /** Empty = everybody. */
  readonly user: readonly string[];
}

export interface EgressRule {
  readonly match: EgressMatch;
  readonly action: 'allow' | 'deny';
  /** Hop names in order; empty = direct; null = the chain of the section. */
  readonly via: readonly string[] | null;
  /** What a proxy of a group must be labelled with to be chosen. */
  readonly tags: Readonly<Record<string, string>>;
}

export interface StickyEgress {
  readonly header: string;
  readonly username: string;
  /** Milliseconds. */
  readonly ttl: number;
  /** Milliseconds; null = no shorter than `ttl`. */
  readonly idle_ttl: number | null;
  /** Milliseconds. */
  readonly max_ttl: number;
  readonly max_sessions: number;
  readonly mode: 'flex' | 'strict';
  /** By port, as text. */
  readonly listeners: Readonly<Record<string, StickyListener>>;
  readonly client_ip: boolean;
}

/** What everything that comes in on one port belongs to. */
export interface StickyListener {
  readonly session: string | null;
  readonly tags: Readonly<Record<string, string>>;
}

export interface EgressConfig {
  /** Empty = no forward proxy. */
  readonly listen: readonly string[];
  /** null = plain connections. */
  readonly tls: TlsConfig | null;
  readonly auth: 'users' | 'none';
  readonly allow_open: boolean;
  /** Hop names in order; empty = direct. */
  readonly chain: readonly string[];
  readonly rules: readonly EgressRule[];
  readonly no_proxy: readonly string[];
  readonly allow_private: boolean | 'auto';
  /** Empty = every port. */
  readonly connect_ports: readonly number[];
  readonly sticky: StickyEgress;
  readonly retry: RetryPolicy;
  readonly expose: boolean;
  readonly policies: Policies;
}

const match: z.ZodType<EgressMatch> = z.strictObject({
  host: oneOrMany(hostOrNetwork())
    .transform((hosts) => (hosts.includes('*') ? [] : hosts))
    .prefault([])
    .describe(
      'Hosts, `*.example.com`, or networks. A network matches addresses that stand in the request; names are not resolved for it.',
    )
    .meta({ samples: [['localhost', '*.corp.example', '10.0.0.0/8']] }),
  port: oneOrMany(port())
    .prefault([])
    .describe('Ports of the target. Empty: every port.')
    .meta({ samples: [443] }),
  user: oneOrMany(identifier())
    .prefault([])
    .describe('Users, by name. Empty: everybody.')
    .meta({ samples: ['alice'] }),
});

const rule: z.ZodType<EgressRule> = z
  .strictObject({
    match: match.prefault({}).describe('What the rule is for. All of it must fit.'),
    via: hopChain()
      .nullable()
      .prefault(null)
      .describe('The hops to go through, in order, or `direct`. Without it: the chain of the section.')
      .meta({ samples: [['corporate', 'residential']] }),
    tags: tags()
      .prefault({})
      .describe('Of a group, only proxies with these labels. When none is available the request fails.')
      .meta({ samples: [{ country: 'fr' }] }),
    action: z.enum(['allow', 'deny']).prefault('allow').describe('`deny` refuses the request.'),
  })
  .refine(({ via, action }) => via === null || action === 'allow', {
    message: 'a rule that denies goes nowhere: leave out "via" or "action"',
    path: ['via'],
  })
  .refine(
    ({ via, tags: labels, action }) => Object.keys(labels).length === 0 || (action === 'allow' && via?.length !== 0),
    {
      message: 'tags choose proxies, and this rule goes through none',
      path: ['tags'],
    },
  );

const stickyListener: z.ZodType<StickyListener> = z.union(
  [
    nonEmptyText().transform((name) => ({ session: name, tags: {} })),
    z.strictObject({
      session: nonEmptyText().nullable().prefault(null).describe('The session. `null`: only the tags count.'),
      tags: tags()
        .prefault({})
        .describe('Of a group, only proxies with these labels.')
        .meta({ samples: [{ country: 'fr' }] }),
    }),
  ],
  { error: 'expected the name of a session, or a map with "session" and "tags"' },
);

const portKey = z
  .string()
  .refine((text) => /^[1-9]\d{0,4}$/.test(text) && Number(text) <= 65_535, 'expected a port from 1 to 65535');

const sticky: z.ZodType<StickyEgress> = z.strictObject({
  header: headerName()
    .prefault('X-Proxy-Sticky-Session')
    .describe('The header field that names a session. It is taken out of the request.'),
  username: z
    .string()
    .regex(/\{id\}/, 'expected a text with {id} in it')
    .prefault('session-{id}')
    .describe(
      'How a session is named behind the user name, for clients that can set nothing else: `user-session-a1`. A time may follow: `user-session-a1-ttl-10m`.',
    ),
  ttl: duration().prefault('10m').describe('How long a session keeps its exit.'),
  idle_ttl: duration()
    .nullable()
    .prefault(null)
    .describe('A session without requests for so long gives its exit up earlier. `null`: it does not.')
    .meta({ samples: ['60s'] }),
  max_ttl: duration().prefault('24h').describe('The longest time that a client may ask for.'),
  max_sessions: count(10_000_000)
    .prefault(100_000)
    .describe('The most sessions that are remembered. Those unused for longest go first.'),
  mode: z
    .enum(['flex', 'strict'])
    .prefault('flex')
    .describe('When its exit is not available: `flex` moves the session to another one, `strict` fails the request.'),
  listeners: z
    .record(portKey, stickyListener)
    .prefault({})
    .describe('Ports of `listen` that stand for a session, for clients that cannot name one; the port is the key.')
    .meta({ samples: [{ '9001': 'shop', '9002': { tags: { country: 'fr' } } }] }),
  client_ip: z.boolean().prefault(false).describe('Take the address of the client for its session when it names none.'),
});

/** A list, or one text as it stands in the variable. */
const noProxy = z
  .union([z.string().transform(splitNoProxy), z.array(z.string())], {
    error: 'expected a list, or a text as in NO_PROXY',
  })
  .pipe(z.array(noProxyEntry()));

export const egressSchema: z.ZodType<EgressConfig> = z
  .strictObject({
    listen: oneOrMany(listenAddress())
      .nullable()
      .transform((addresses) => addresses ?? [])
      .prefault('127.0.0.1:8888')
      .describe('Where HTTP, CONNECT and SOCKS clients are served, all on one port. `null` closes this door.'),
    tls: serverTls
      .nullable()
      .prefault(null)
      .describe(
        'TLS between clients and this door: an HTTPS proxy. Clients without TLS are still served. `null`: none.',
      ),
    auth: z.enum(['none', 'users']).prefault('none').describe('`users` asks for a user name and token.'),
    allow_open: z
      .boolean()
      .prefault(false)
      .describe(
        'May anybody on the network use this door? Without it and without `auth`, only loopback addresses can listen.',
      ),
    chain: z
      .array(identifier())
      .prefault([])
      .describe('Hops that everything goes through, in order. Empty: direct.')
      .meta({ samples: [['corporate', 'exits']] }),
    rules: z
      .array(rule)
      .prefault([])
      .describe('Exceptions from the chain. The first rule that matches wins.')
      .meta({ samples: [[{ match: { host: '*.corp.example' }, via: 'direct' }]] }),
    no_proxy: noProxy
      .prefault([])
      .describe(
        'Destinations that are reached directly, as in the variable NO_PROXY: `example.com` with every name below, addresses, networks, `host:port`. `rules` go before it.',
      )
      .meta({ samples: [['localhost', '.corp.example', '10.0.0.0/8']] }),
    allow_private: z
      .union([z.literal('auto'), z.boolean()], { error: 'expected true, false or auto' })
      .prefault('auto')
      .describe('May private and loopback addresses be reached? `auto`: yes when this door listens on loopback only.'),
    connect_ports: z
      .array(port())
      .prefault([])
      .describe('Ports that CONNECT and SOCKS may reach. Empty: every port.')
      .meta({ samples: [[443, 80]] }),
    sticky: sticky.prefault({}).describe('How a client asks for the same exit again.'),
    retry: retryPolicy(3).prefault({}).describe('Try another exit when one fails.'),
    expose: z
      .boolean()
      .prefault(true)
      .describe(
        'Tell the client which exit served it, in answers to CONNECT and in errors: `Proxy-Status`, `X-Sluice-Exit`, `X-Sluice-Session`.',
      ),
    policies: policiesSchema.prefault({}).describe('Policies of the forward proxy.'),
  })
  .prefault({})
  .describe('The forward proxy: HTTP, CONNECT, SOCKS4, SOCKS4a and SOCKS5 on one port.');
