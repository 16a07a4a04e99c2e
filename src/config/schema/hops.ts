// Section hops: the proxies that traffic goes through. Rule: a hop is a group of proxies; `proxy:` is the short form of a
// group of one, so that whoever dials knows one shape.

import { z } from 'zod';
import {
  breaker,
  hopHealth,
  outliers,
  STRATEGIES,
  type BreakerConfig,
  type HopHealth,
  type OutlierRule,
  type Strategy,
} from './balancing.ts';
import { count, duration, identifier, memberId, nonEmptyText, proxyUrl, share, tags } from './fields.ts';
import { clientTls, type ClientTls } from './tls.ts';

export interface HopProxy {
  /** Unique in its hop; host and port of the URL when none is given. */
  readonly id: string;
  readonly url: string;
  readonly weight: number;
  /** The lowest number that has somebody available gets the traffic. */
  readonly priority: number;
  /** Comes after every priority. */
  readonly backup: boolean;
  readonly enabled: boolean;
  readonly tags: Readonly<Record<string, string>>;
  /** Filled in with the `tls` of the hop where the proxy says nothing. */
  readonly tls: ClientTls | null;
}

export const SESSION_TEMPLATES = [
  'brightdata',
  'oxylabs',
  'decodo',
  'webshare',
  'iproyal',
  'soax',
  'geonode',
  'evomi',
  'massive',
] as const;

/** How the provider behind a hop is told which session a connection belongs to. */
export interface HopSession {
  /** null = the two texts of this hop. */
  readonly template: (typeof SESSION_TEMPLATES)[number] | null;
  /** null = that of the template, or what stands in the URL. */
  readonly username: string | null;
  readonly password: string | null;
  readonly id: SessionIdRule;
  /** Milliseconds; null = what the session itself says. */
  readonly ttl: number | null;
}

/** What the provider takes for the name of a session; null = what its template says, or anything. */
export interface SessionIdRule {
  readonly alphabet: 'letters_and_digits' | 'lower_case_and_digits' | 'digits' | null;
  readonly length: number | null;
}

export interface HopTimeouts {
  /** Milliseconds; null = that of the section `timeouts`. */
  readonly connect: number | null;
  /** Milliseconds. */
  readonly handshake: number;
  /** Milliseconds; null = the two together. */
  readonly budget: number | null;
}

export interface Hop {
  readonly strategy: Strategy;
  readonly proxies: readonly HopProxy[];
  /** null = what the proxy asks for, the strongest first. */
  readonly auth: 'basic' | 'digest' | 'ntlm' | null;
  readonly optional: boolean;
  readonly tls: ClientTls | null;
  readonly timeouts: HopTimeouts;
  readonly session: HopSession | null;
  readonly health: HopHealth | null;
  readonly breaker: BreakerConfig | null;
  readonly outliers: OutlierRule | null;
  /** From 0 to 1. */
  readonly max_ejected: number;
  readonly when_all_out: 'fail' | 'least_bad';
  /** Milliseconds; null = at once. */
  readonly slow_start: number | null;
}

const proxyTls = clientTls.nullable();

const hopProxy = z
  .strictObject({
    id: memberId()
      .exactOptional()
      .describe('The name in metrics, logs and the API. Without it: host and port of the URL.')
      .meta({ samples: ['fr-1'] }),
    url: proxyUrl().describe('Where the proxy is, with its user name and password if it wants them.'),
    weight: count(1000).prefault(1).describe('Its share under the strategies `weighted`, `adaptive` and the hashes.'),
    priority: count(1000)
      .prefault(1)
      .describe('Proxies with a higher number get traffic only while none with a lower one is available.'),
    backup: z.boolean().prefault(false).describe('Gets traffic only while no other proxy of the hop is available.'),
    enabled: z.boolean().prefault(true).describe('`false` leaves it out until the API or the config enables it.'),
    tags: tags()
      .prefault({})
      .describe('Free labels, to choose exits by.')
      .meta({ samples: [{ country: 'fr' }] }),
    tls: proxyTls
      .exactOptional()
      .describe('TLS towards this proxy, if its URL begins with `https`. Without it: the `tls` of the hop.'),
  })
  .transform(({ id, ...rest }) => ({ id: id ?? hostAndPort(rest.url), ...rest }));

function hostAndPort(proxy: string): string {
  return proxy.replace(/^.*:\/\/(?:.*@)?/, '').replace(/[/?#].*$/, '');
}

const NEGOTIATE: ReadonlySet<unknown> = new Set(['negotiate', 'kerberos', 'spnego', 'gssapi']);

const NEGOTIATE_IS_LEFT_OUT =
  'Negotiate (Kerberos, SPNEGO) is left out of Sluice: it needs a native library. Use basic, digest or ntlm, or go ' +
  'through a local proxy that speaks it, such as px';

const session: z.ZodType<HopSession> = z
  .strictObject({
    template: z
      .enum(SESSION_TEMPLATES)
      .nullable()
      .prefault(null)
      .describe('The provider, whose way of naming sessions is built in.'),
    username: sessionText('{username}-session-{session}').describe(
      'The user name to send. `{username}` is that of the URL, `{session}` the session, `{ttl}` its time in seconds, `{ttl_minutes}` in minutes; any other name in braces is a tag.',
    ),
    password: sessionText('{password}_session-{session}')
      .describe('The password to send, with the same names and `{password}`.')
      .meta({ writeOnly: true }),
    id: z
      .strictObject({
        alphabet: z
          .enum(['letters_and_digits', 'lower_case_and_digits', 'digits'])
          .nullable()
          .prefault(null)
          .describe('The characters that the provider takes. `null`: what its template says, else letters and digits.'),
        length: count(64)
          .nullable()
          .prefault(null)
          .describe('How long the name of a session is. `null`: what the template says, else as it comes.'),
      })
      .prefault({})
      .describe(
        'What the provider takes for the name of a session. A name that does not fit is hashed into one that does.',
      ),
    ttl: duration()
      .nullable()
      .prefault(null)
      .describe('The time that the provider is asked to keep a session. `null`: that of the session here.'),
  })
  .refine(({ template, username, password }) => template !== null || username !== null || password !== null, {
    message: 'expected "template", "username" or "password"',
  });

/** A text with names in braces, or nothing. */
function sessionText(example: string): z.ZodType<string | null> {
  return nonEmptyText()
    .refine(
      (text) => !/[{}]/.test(text.replace(/\{[a-z][a-z0-9_]*\}/g, '')),
      'expected braces only around names, as in {session}',
    )
    .nullable()
    .prefault(null)
    .meta({ samples: [example] });
}

const timeouts: z.ZodType<HopTimeouts> = z.strictObject({
  connect: duration()
    .nullable()
    .prefault(null)
    .describe('Until a connection to the proxy stands, without its TLS. `null`: what the section `timeouts` says.'),
  handshake: duration()
    .prefault('15s')
    .describe('Until the proxy has let the request through: its TLS, its authentication and its own dialling.'),
  budget: duration().nullable().prefault(null).describe('Bounds the two together. `null`: their sum.'),
});

const shared = {
  auth: z
    .enum(['basic', 'digest', 'ntlm'], {
      error: ({ input }) => (NEGOTIATE.has(input) ? NEGOTIATE_IS_LEFT_OUT : undefined),
    })
    .nullable()
    .prefault(null)
    .describe('How the user name and password are presented. `null`: the strongest way that the proxy offers.'),
  optional: z
    .boolean()
    .prefault(false)
    .describe('May be left out with `sluice up --without NAME`; a hop that is not optional is always gone through.'),
  tls: proxyTls
    .prefault(null)
    .describe('TLS towards proxies whose URL begins with `https`. Certificates are verified by default.'),
  timeouts: timeouts
    .prefault({})
    .describe('How long this hop may take. What takes longer is tried with another proxy.'),
  session: session
    .nullable()
    .prefault(null)
    .describe('How the provider is told which session a connection belongs to. `null`: it is not told.')
    .meta({ samples: [{ template: 'brightdata' }] }),
  health: hopHealth.nullable().prefault(null).describe('Regular checks through the proxy. `null`: none.'),
  breaker: breaker
    .nullable()
    .prefault(null)
    .describe('Leave a proxy alone that fails with real traffic. `null`: never.'),
  outliers: outliers
    .nullable()
    .prefault(null)
    .describe('Leave a proxy alone that does much worse than the others. `null`: they are not compared.'),
  max_ejected: share()
    .prefault('100%')
    .describe(
      'The most proxies of the hop that may be left alone at once; beyond that, the least bad ones stay in use.',
    ),
  when_all_out: z
    .enum(['fail', 'least_bad'])
    .prefault('fail')
    .describe(
      'When no proxy is available: `fail` answers with an error, `least_bad` tries the one that is nearest to it. Never direct.',
    ),
  slow_start: duration()
    .nullable()
    .prefault(null)
    .describe('The time in which a proxy that is new or back grows to its full share of the traffic. `null`: at once.')
    .meta({ samples: ['30s'] }),
};

const single = z
  .strictObject({ proxy: proxyUrl().describe('The one proxy of this hop.'), ...shared })
  .transform(({ proxy, ...rest }): Hop => {
    const { tls } = rest;
    const one = {
      id: hostAndPort(proxy),
      url: proxy,
      weight: 1,
      priority: 1,
      backup: false,
      enabled: true,
      tags: {},
      tls,
    };
    return { strategy: 'round_robin', proxies: [one], ...rest };
  });

const group = z
  .strictObject({
    strategy: z.enum(STRATEGIES).prefault('round_robin').describe('How the proxy for a request is chosen.'),
    proxies: z.array(hopProxy).min(1, 'expected at least one proxy').describe('The proxies to choose from.'),
    ...shared,
  })
  .transform(({ strategy, proxies, ...rest }): Hop => {
    const complete = proxies.map(({ tls: own, ...proxy }) => ({ ...proxy, tls: own === undefined ? rest.tls : own }));
    return { strategy, proxies: complete, ...rest };
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
