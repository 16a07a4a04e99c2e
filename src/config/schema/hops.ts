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
  /** Unique in its hop; host and port of the URL when none is given, and the name of the hop in its short form. */
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
  'bright_data',
  'oxylabs',
  'decodo',
  'webshare',
  'iproyal',
  'soax',
  'geonode',
  'evomi',
  'massive',
] as const;

/** How the provider behind a hop is told which session a connection belongs to. null = as its template says. */
export interface HopSession {
  /** null = none is built in: the texts of this hop count. */
  readonly template: (typeof SESSION_TEMPLATES)[number] | null;
  readonly username: string | null;
  readonly password: string | null;
  readonly id: SessionIdForm;
  readonly ttl: SessionTtlForm;
  readonly country: 'lower' | 'upper' | null;
  /** What the user name begins with, written or not. */
  readonly user_prefix: string | null;
}

export interface SessionIdForm {
  /** All characters that may stand in it. */
  readonly alphabet: string | null;
  readonly min_length: number | null;
  readonly max_length: number | null;
}

export interface SessionTtlForm {
  readonly unit: 'seconds' | 'minutes' | 'text' | null;
  /** Milliseconds. */
  readonly min: number | null;
  /** Milliseconds. */
  readonly max: number | null;
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
  readonly local_dns: boolean;
  readonly tls: ClientTls | null;
  readonly timeouts: HopTimeouts;
  /** Connections to each proxy that wait for requests. */
  readonly keep_ready: number;
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

/** Unique in its hop. */
const proxyId: z.ZodType<string> = memberId()
  .describe('The name in metrics, logs and the API. Without it: host and port of the URL.')
  .meta({ samples: ['fr-1'] });

/** What is said of a proxy itself, wherever that is. */
export const proxyFields: {
  readonly url: z.ZodType<string>;
  readonly weight: z.ZodType<number>;
  readonly priority: z.ZodType<number>;
  readonly backup: z.ZodType<boolean>;
  readonly enabled: z.ZodType<boolean>;
  readonly tags: z.ZodType<Record<string, string>>;
} = {
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
};

const hopProxy = z
  .strictObject({
    id: proxyId.exactOptional(),
    ...proxyFields,
    tls: proxyTls
      .exactOptional()
      .describe('TLS towards this proxy, if its URL begins with `https`. Without it: the `tls` of the hop.'),
  })
  .transform(({ id, ...rest }) => ({ id: id ?? hostAndPort(rest.url), ...rest }));

/** The name of a proxy that has been given none. */
export function hostAndPort(proxy: string): string {
  return proxy.replace(/^.*:\/\/(?:.*@)?/, '').replace(/[/?#].*$/, '');
}

const NEGOTIATE: ReadonlySet<unknown> = new Set(['negotiate', 'kerberos', 'spnego', 'gssapi']);

const NEGOTIATE_IS_LEFT_OUT =
  'Negotiate (Kerberos, SPNEGO) is left out of Sluice: it needs a native library. Use basic, digest or ntlm, or go ' +
  'through a local proxy that speaks it, such as px';

const sessionId: z.ZodType<SessionIdForm> = z.strictObject({
  alphabet: z
    .string({ error: 'expected the characters that may stand in it' })
    .refine((text) => new Set(text).size >= 2, 'expected at least two different characters')
    .nullable()
    .prefault(null)
    .describe('All characters that may stand in it. `null`: what the template says, else letters and digits.')
    .meta({ samples: ['0123456789'] }),
  min_length: count(255).nullable().prefault(null).describe('How long it is at least. `null`: as the template says.'),
  max_length: count(255).nullable().prefault(null).describe('How long it is at most. `null`: as the template says.'),
});

const sessionTtl: z.ZodType<SessionTtlForm> = z.strictObject({
  unit: z
    .enum(['seconds', 'minutes', 'text'])
    .nullable()
    .prefault(null)
    .describe(
      'What `{ttl}` counts; `text` is a number with its unit, such as 30m. `null`: as the template says, else seconds.',
    ),
  min: duration().nullable().prefault(null).describe('The shortest time that the provider takes.'),
  max: duration()
    .nullable()
    .prefault(null)
    .describe('The longest time that the provider takes.')
    .meta({ samples: ['30m'] }),
});

const session: z.ZodType<HopSession> = z
  .strictObject({
    template: z
      .enum(SESSION_TEMPLATES)
      .nullable()
      .prefault(null)
      .describe('The provider, whose way of naming sessions is built in. The other keys change it.'),
    username: sessionText('{user}[-cc-{country}][-session-{session}[-ttl-{ttl}]]').describe(
      'The user name to send: `{user}` of the URL, `{session}`, `{ttl}`, and any label by its name. What stands in `[ ]` is left out when it has no value; `{name|else}` has a value for that case, and a backslash takes the meaning from the character behind it.',
    ),
    password: sessionText('{password}[_session-{session}]')
      .describe('The password to send, written likewise, with `{password}` of the URL.')
      .meta({ writeOnly: true }),
    id: sessionId
      .prefault({})
      .describe(
        'What the provider takes for the name of a session. A name that does not fit is hashed into one that does.',
      ),
    ttl: sessionTtl.prefault({}).describe('How the provider takes the time that a session is to last.'),
    country: z
      .enum(['lower', 'upper'])
      .nullable()
      .prefault(null)
      .describe('The letters of `{country}`. `null`: as the template says, else lower.'),
    user_prefix: nonEmptyText()
      .nullable()
      .prefault(null)
      .describe('What `{user}` begins with, whether it is written in the URL or not.')
      .meta({ samples: ['customer-'] }),
  })
  .refine(({ template, username, password }) => template !== null || username !== null || password !== null, {
    message: 'expected "template", "username" or "password"',
  })
  .refine(({ id }) => (id.min_length ?? 0) <= (id.max_length ?? Infinity), {
    message: 'expected "max_length" to be at least "min_length"',
    path: ['id'],
  });

/** Braces around names, brackets around what may be left out; a backslash makes the character behind it an ordinary one. */
function sessionText(example: string): z.ZodType<string | null> {
  return nonEmptyText()
    .refine(isTemplate, 'expected a text with names in braces, as in {session}')
    .nullable()
    .prefault(null)
    .meta({ samples: [example] });
}

function isTemplate(text: string): boolean {
  const rest = text.replace(/\\[^]|\{[a-z][a-z0-9_]*(?:\|[^{}[\]\\]*)?\}/g, '');
  if (/[{}\\]/.test(rest)) return false;
  let depth = 0;
  for (const bracket of rest.replace(/[^[\]]/g, '')) {
    depth += bracket === '[' ? 1 : -1;
    if (depth < 0) return false;
  }
  return depth === 0;
}

const timeouts: z.ZodType<HopTimeouts> = z.strictObject({
  connect: duration()
    .nullable()
    .prefault(null)
    .describe(
      'Until a connection to the proxy stands, without its TLS, where it is the first hop of a chain; later ones are connected to within the `handshake` of the hop before. `null`: what the section `timeouts` says.',
    ),
  handshake: duration()
    .prefault('15s')
    .describe('Until the proxy has let the request through: its TLS, its authentication and its own dialling.'),
  budget: duration()
    .nullable()
    .prefault(null)
    .describe(
      'For all that this hop takes: the connection where it is the first hop, and the handshake. `null`: no bound beside these.',
    ),
});

const MOST_READY = 100;
const READY_RANGE = `expected a whole number from 0 to ${MOST_READY}`;

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
  local_dns: z
    .boolean()
    .prefault(false)
    .describe('Resolve names here and give SOCKS proxies the address. By default the proxy resolves them.'),
  tls: proxyTls
    .prefault(null)
    .describe('TLS towards proxies whose URL begins with `https`. Certificates are verified by default.'),
  timeouts: timeouts
    .prefault({})
    .describe('How long this hop may take. What takes longer is tried with another proxy.'),
  keep_ready: z
    .int({ error: READY_RANGE })
    .min(0, READY_RANGE)
    .max(MOST_READY, READY_RANGE)
    .prefault(0)
    .describe(
      'How many connections to each proxy in use wait for requests to come, where this hop is the first of a chain. They save the time that it takes to connect, and the proxy sees them idle.',
    )
    .meta({ samples: [2] }),
  session: session
    .nullable()
    .prefault(null)
    .describe('How the provider is told which session a connection belongs to. `null`: it is not told.')
    .meta({ samples: [{ template: 'bright_data' }] }),
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

/** Stands in for the name of the hop where that is not known yet. */
const NAMED_AS_HOP = '';

const single = z
  .strictObject({ proxy: proxyUrl().describe('The one proxy of this hop.'), ...shared })
  .transform(({ proxy, ...rest }): Hop => {
    const { tls } = rest;
    const one = {
      id: NAMED_AS_HOP,
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

/** The one proxy of the short form goes by the name of its hop. */
function withName(name: string, each: Hop): Hop {
  const proxies = each.proxies.map((proxy) => (proxy.id === NAMED_AS_HOP ? { ...proxy, id: name } : proxy));
  return { ...each, proxies };
}

const hop: z.ZodType<Hop> = z.union([single, group], { error: 'expected a map with "proxy" or "proxies"' });

export const hopsSchema: z.ZodType<Readonly<Record<string, Hop>>> = z
  .record(identifier(), hop)
  .transform((hops) => Object.fromEntries(Object.entries(hops).map(([name, each]) => [name, withName(name, each)])))
  .prefault({})
  .describe('Proxies and groups of proxies, by the name that chains and rules use.')
  .meta({
    samples: [
      {
        corporate: { proxy: 'http://${CORP_USER}:${CORP_PASS}@proxy.company.com:8080', auth: 'basic', optional: true },
      },
    ],
  });
