// What accounts of the tunnel server may have, and how they come to be.

import { z } from 'zod';
import { count, duration, size } from './fields.ts';

const GROUP_STRATEGIES = ['round_robin', 'random', 'least_connections', 'least_latency', 'sticky_hash'] as const;

export type GroupStrategy = (typeof GROUP_STRATEGIES)[number];

export interface TunnelLimitsConfig {
  readonly tunnels: number;
  readonly clients: number;
  readonly streams: number | null;
  readonly requests_per_minute: number | null;
  readonly bytes_per_day: number | null;
}

export interface TunnelAddressLimitsConfig {
  readonly registrations_per_hour: number;
  readonly wrong_tokens_per_minute: number;
}

export interface TunnelHostnamesConfig {
  readonly most: number;
  readonly recheck: number;
}

export interface TunnelAccountsConfig {
  readonly registration: 'open' | 'closed' | 'invite';
  readonly token_ttl: number | null;
  readonly hold: number;
  readonly reserved: readonly string[];
  readonly group_strategy: GroupStrategy;
  readonly limits: TunnelLimitsConfig;
  readonly address_limits: TunnelAddressLimitsConfig;
  readonly hostnames: TunnelHostnamesConfig;
}

const limits: z.ZodType<TunnelLimitsConfig> = z.strictObject({
  tunnels: count(10_000).prefault(32).describe('Names at once.'),
  clients: count(10_000).prefault(32).describe('Connected clients at once.'),
  streams: count()
    .nullable()
    .prefault(null)
    .describe('Requests at once, of all its tunnels. `null`: as many as its clients take, 256 each.')
    .meta({ samples: [500] }),
  requests_per_minute: count()
    .nullable()
    .prefault(null)
    .describe('Requests of visitors in a minute; what is more is answered with 429. `null`: any number.')
    .meta({ samples: [1200] }),
  bytes_per_day: size()
    .nullable()
    .prefault(null)
    .describe(
      'Bytes both ways from midnight to midnight (UTC); then requests are answered with 509. `null`: any number.',
    )
    .meta({ samples: ['10GiB'] }),
});

const addressLimits: z.ZodType<TunnelAddressLimitsConfig> = z.strictObject({
  registrations_per_hour: count(100_000).prefault(10).describe('New accounts.'),
  wrong_tokens_per_minute: count(100_000).prefault(20).describe('Tokens that are not valid.'),
});

const hostnames: z.ZodType<TunnelHostnamesConfig> = z.strictObject({
  most: count(10_000).prefault(10).describe('How many an account may register.'),
  recheck: duration({ min: '1m' })
    .prefault('1h')
    .describe('How often the proof of a verified one is looked up again. When it has gone the hostname leads nowhere.'),
});

/** A name, with `*` for anything. */
const reservedName = z
  .string()
  .regex(/^[a-z0-9*-]{1,63}$/i, 'expected a name of letters, digits and "-", with * for anything')
  .transform((text) => text.toLowerCase());

export const tunnelAccountKeys: { readonly [Key in keyof TunnelAccountsConfig]: z.ZodType<TunnelAccountsConfig[Key]> } =
  {
    registration: z
      .enum(['open', 'closed', 'invite'])
      .prefault('open')
      .describe(
        '`open` gives a token to everyone who asks; `invite` to everyone with an invitation of the operator; `closed` to nobody: ' +
          'only users of this configuration and accounts that the operator has made come in.',
      ),
    token_ttl: duration({ max: '3650d' })
      .nullable()
      .prefault(null)
      .describe('How long a token of an account is good for. `null`: until it is replaced or revoked.')
      .meta({ samples: ['90d'] }),
    hold: duration({ max: '365d' })
      .prefault('24h')
      .describe('How long a name waits for its account when its client has gone.'),
    reserved: z
      .array(reservedName)
      .prefault([])
      .describe('Names that nobody may have, beside `www`, `api`, `admin` and the like; `*` stands for anything.')
      .meta({ samples: [['acme', '*-admin']] }),
    group_strategy: z
      .enum(GROUP_STRATEGIES)
      .prefault('round_robin')
      .describe('Which of the clients that share a name a visitor comes to; `sticky_hash`: the same one each time.'),
    limits: limits.prefault({}).describe('What each account may have. The operator can give an account other limits.'),
    address_limits: addressLimits.prefault({}).describe('What may come from one address (of IPv6: from one /64).'),
    hostnames: hostnames
      .prefault({})
      .describe('Hostnames of their own, for which accounts give a proof in the DNS (see `dns.servers`).'),
  };
