// Section egress: the forward proxy. Rule: a chain or rule that names hops never falls back to a direct connection.

import { z } from 'zod';
import { duration, headerName, hostOrNetwork, identifier, listenAddress, oneOrMany, port } from './fields.ts';
import { policiesSchema, retryPolicy, type Policies, type RetryPolicy } from './policies.ts';

export interface EgressMatch {
  /** Hosts, wildcards and networks; empty = every host. */
  readonly host: readonly string[];
  /** Empty = every port. */
  readonly port: readonly number[];
}

export interface EgressRule {
  readonly match: EgressMatch;
  readonly action: 'allow' | 'deny';
  /** Hop names in order; empty = direct; null = the chain of the section. */
  readonly via: readonly string[] | null;
}

export interface StickyEgress {
  readonly header: string;
  readonly username: string;
  /** Milliseconds. */
  readonly ttl: number;
}

export interface EgressConfig {
  /** Empty = no forward proxy. */
  readonly listen: readonly string[];
  readonly auth: 'users' | 'none';
  /** Hop names in order; empty = direct. */
  readonly chain: readonly string[];
  readonly rules: readonly EgressRule[];
  readonly allow_private: boolean | 'auto';
  readonly sticky: StickyEgress;
  readonly retry: RetryPolicy;
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
});

/** Hops in order: one name, a list of names, or `direct`, which is the empty list. */
export function hopChain(): z.ZodType<string[]> {
  return oneOrMany(identifier()).transform((names, context) => {
    if (names.length === 1 && names[0] === 'direct') return [];
    if (names.includes('direct')) {
      context.issues.push({ code: 'custom', message: '"direct" stands alone: it is not a hop', input: names });
    }
    return names;
  });
}

const rule: z.ZodType<EgressRule> = z
  .strictObject({
    match: match.prefault({}).describe('What the rule is for. All of it must fit.'),
    via: hopChain()
      .nullable()
      .prefault(null)
      .describe('The hops to go through, in order, or `direct`. Without it: the chain of the section.')
      .meta({ samples: [['corporate', 'residential']] }),
    action: z.enum(['allow', 'deny']).prefault('allow').describe('`deny` refuses the request.'),
  })
  .refine(({ via, action }) => via === null || action === 'allow', {
    message: 'a rule that denies goes nowhere: leave out "via" or "action"',
    path: ['via'],
  });

const sticky: z.ZodType<StickyEgress> = z.strictObject({
  header: headerName()
    .prefault('X-Proxy-Sticky-Session')
    .describe('The header field that names a session. It is taken out of the request.'),
  username: z
    .string()
    .regex(/\{id\}/, 'expected a text with {id} in it')
    .prefault('session-{id}')
    .describe('How a session is named behind the user name, for clients that can set nothing else.'),
  ttl: duration().prefault('10m').describe('How long a session without requests keeps its exit.'),
});

export const egressSchema: z.ZodType<EgressConfig> = z
  .strictObject({
    listen: oneOrMany(listenAddress())
      .nullable()
      .transform((addresses) => addresses ?? [])
      .prefault('127.0.0.1:8888')
      .describe('Where HTTP, CONNECT and SOCKS clients are served, all on one port. `null` closes this door.'),
    auth: z.enum(['none', 'users']).prefault('none').describe('`users` asks for a user name and token.'),
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
    allow_private: z
      .union([z.literal('auto'), z.boolean()], { error: 'expected true, false or auto' })
      .prefault('auto')
      .describe('May private and loopback addresses be reached? `auto`: yes when this door listens on loopback only.'),
    sticky: sticky.prefault({}).describe('How a client asks for the same exit again.'),
    retry: retryPolicy(3).prefault({}).describe('Try another exit when one fails.'),
    policies: policiesSchema.prefault({}).describe('Policies of the forward proxy.'),
  })
  .prefault({})
  .describe('The forward proxy: HTTP, CONNECT, SOCKS4, SOCKS4a and SOCKS5 on one port.');
