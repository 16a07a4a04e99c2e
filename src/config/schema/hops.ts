// Section hops: the proxies that traffic goes through. Rule: a hop is a group of proxies; `proxy:` is the short form of a
// group of one, so that whoever dials knows one shape.

import { z } from 'zod';
import { breaker, hopHealth, HOP_STRATEGIES, type BreakerConfig, type HopHealth } from './balancing.ts';
import { count, identifier, memberId, url } from './fields.ts';

export interface HopProxy {
  /** Unique in its hop; host and port of the URL when none is given. */
  readonly id: string;
  readonly url: string;
  readonly weight: number;
  readonly tags: Readonly<Record<string, string>>;
}

export interface Hop {
  readonly strategy: (typeof HOP_STRATEGIES)[number];
  readonly proxies: readonly HopProxy[];
  /** null = what the proxy asks for, the strongest first. */
  readonly auth: 'basic' | 'digest' | 'ntlm' | null;
  readonly optional: boolean;
  readonly health: HopHealth | null;
  readonly breaker: BreakerConfig | null;
}

function proxyUrl(): z.ZodType<string> {
  return url({
    schemes: ['http', 'https', 'socks5', 'socks5h', 'socks4', 'socks4a'],
    example: 'socks5://user:password@proxy.example:1080',
    credentials: true,
  });
}

const hopProxy: z.ZodType<HopProxy> = z
  .strictObject({
    id: memberId()
      .exactOptional()
      .describe('The name in metrics, logs and the API. Without it: host and port of the URL.')
      .meta({ samples: ['fr-1'] }),
    url: proxyUrl().describe('Where the proxy is, with its user name and password if it wants them.'),
    weight: count(1000).prefault(1).describe('Its share under the strategy `weighted`.'),
    tags: z
      .record(z.string(), z.union([z.string(), z.number(), z.boolean()]).transform(String))
      .prefault({})
      .describe('Free labels, to choose exits by.')
      .meta({ samples: [{ country: 'fr' }] }),
  })
  .transform(({ id, ...rest }) => ({ id: id ?? hostAndPort(rest.url), ...rest }));

function hostAndPort(proxy: string): string {
  return proxy.replace(/^.*:\/\/(?:.*@)?/, '').replace(/[/?#].*$/, '');
}

const shared = {
  auth: z
    .enum(['basic', 'digest', 'ntlm'])
    .nullable()
    .prefault(null)
    .describe('How the user name and password are presented. `null`: the strongest way that the proxy offers.'),
  optional: z
    .boolean()
    .prefault(false)
    .describe('May be left out with `sluice up --without NAME`; a hop that is not optional is always gone through.'),
  health: hopHealth.nullable().prefault(null).describe('Regular checks through the proxy. `null`: none.'),
  breaker: breaker
    .nullable()
    .prefault(null)
    .describe('Leave a proxy alone that fails with real traffic. `null`: never.'),
};

const single = z
  .strictObject({ proxy: proxyUrl().describe('The one proxy of this hop.'), ...shared })
  .transform(({ proxy, ...rest }): Hop => ({
    strategy: 'round_robin',
    proxies: [{ id: hostAndPort(proxy), url: proxy, weight: 1, tags: {} }],
    ...rest,
  }));

const group = z.strictObject({
  strategy: z.enum(HOP_STRATEGIES).prefault('round_robin').describe('How the proxy for a request is chosen.'),
  proxies: z.array(hopProxy).min(1, 'expected at least one proxy').describe('The proxies to choose from.'),
  ...shared,
});

const hop: z.ZodType<Hop> = z.union([single, group], { error: 'expected a map with "proxy" or "proxies"' });

export const hopsSchema: z.ZodType<Readonly<Record<string, Hop>>> = z
  .record(identifier(), hop)
  .prefault({})
  .describe('Proxies and groups of proxies, by the name that chains and rules use.')
  .meta({
    samples: [
      {
        corporate: { proxy: 'http://${CORP_USER}:${CORP_PASS}@proxy.company.com:8080', auth: 'basic', optional: true },
      },
    ],
  });
