// Where a route goes: backends, a redirect, a fixed answer or a tunnel. Rule: a plain URL is the short form of one backend.

import { z } from 'zod';
import {
  backendHealth,
  breaker,
  outliers,
  STRATEGIES,
  type BackendHealth,
  type BreakerConfig,
  type OutlierRule,
  type Strategy,
} from './balancing.ts';
import { hopChain } from './hop-chain.ts';
import { count, duration, headerMap, identifier, share, statusCode, url } from './fields.ts';
import { clientTls, type ClientTls } from './tls.ts';

export type BackendTls = ClientTls;

export interface Backend {
  readonly url: string;
  readonly weight: number;
  /** Requests at once; null = no limit. */
  readonly max_connections: number | null;
}

export interface BackendQueue {
  readonly size: number;
  /** Milliseconds. */
  readonly timeout: number;
}

export interface StickyCookie {
  readonly cookie: string;
  /** Milliseconds. */
  readonly ttl: number;
}

export interface BackendsTarget {
  readonly backends: readonly Backend[];
  readonly strategy: Strategy;
  readonly health: BackendHealth | null;
  readonly breaker: BreakerConfig | null;
  readonly outliers: OutlierRule | null;
  /** From 0 to 1. */
  readonly max_ejected: number;
  readonly when_all_out: 'fail' | 'least_bad';
  /** Milliseconds; null = at once. */
  readonly slow_start: number | null;
  /** Where requests wait for a backend with room; null = nowhere. */
  readonly queue: BackendQueue | null;
  /** Milliseconds between two resolutions of a name whose addresses are members; false = a name is one member. */
  readonly resolve: number | false;
  /** Hop names in order; empty = direct. */
  readonly via: readonly string[];
  readonly sticky: StickyCookie | null;
  readonly tls: BackendTls | null;
  /** Speak HTTP/2 with `https` backends. */
  readonly http2: boolean;
  readonly proxy_protocol: 'v1' | 'v2' | null;
  /** A path with places for what that of the request says; null = the path as it is. */
  readonly rewrite: string | null;
  /** `keep`, `backend`, or a host. */
  readonly host: string;
}

export interface RedirectTarget {
  readonly redirect: string;
  readonly status: 301 | 302 | 303 | 307 | 308;
}

export interface RespondTarget {
  readonly respond: {
    readonly status: number;
    readonly headers: Readonly<Record<string, string>>;
    readonly body: string;
  };
}

export interface TunnelTarget {
  readonly tunnel: string;
}

export type RouteTarget = BackendsTarget | RedirectTarget | RespondTarget | TunnelTarget;

/** `h2c` is HTTP/2 without TLS, known beforehand; by a unix socket HTTP/1.1 is spoken. */
export function backendUrl(): z.ZodType<string> {
  return url({ schemes: ['http', 'https', 'h2c'], example: 'http://localhost:8000', path: true, unix: true });
}

const backend: z.ZodType<Backend> = z.union(
  [
    backendUrl().transform((address) => ({ url: address, weight: 1, max_connections: null })),
    z.strictObject({
      url: backendUrl().describe(
        'Where the backend is, as a URL or as `unix:/run/app.sock`. A path is put before the path of the request.',
      ),
      weight: count(1000).prefault(1).describe('Its share under the strategy `weighted`.'),
      max_connections: count(1_000_000)
        .nullable()
        .prefault(null)
        .describe(
          'The most requests that it has at once, of all threads together. Each of them has a connection, or with HTTP/2 a stream. `null`: no limit.',
        )
        .meta({ samples: [100] }),
    }),
  ],
  { error: 'expected a URL, or a map with "url", "weight" and "max_connections"' },
);

/** Braces hold the name of something that a request fills in. */
function isTemplate(text: string): boolean {
  return !/[{}]/.test(text.replaceAll(/\{[A-Za-z_]\w*\}/g, ''));
}

const TEMPLATE_FAULT = 'expected "{" and "}" around a name only, as in {rest}';

export const backendsTarget: z.ZodType<BackendsTarget> = z.strictObject({
  backends: z
    .array(backend)
    .min(1, 'expected at least one backend')
    .describe('The servers to choose from: URLs, or URLs with a weight.')
    .meta({ samples: [[{ url: 'http://a:8080', weight: 3 }, 'https://b:8443']] }),
  strategy: z
    .enum(STRATEGIES)
    .prefault('round_robin')
    .describe(
      'How the backend for a request is chosen. `sticky_hash`: by the address of the client; `consistent_hash`: by path and query.',
    ),
  health: backendHealth.nullable().prefault(null).describe('Regular checks of every backend. `null`: none.'),
  breaker: breaker
    .nullable()
    .prefault(null)
    .describe('Leave a backend alone that fails with real traffic. `null`: never.'),
  outliers: outliers
    .nullable()
    .prefault(null)
    .describe('Leave a backend alone that does much worse than the others. `null`: they are not compared.'),
  max_ejected: share()
    .prefault('100%')
    .describe('The most backends that may be left alone at once; beyond that, the least bad ones stay in use.'),
  when_all_out: z
    .enum(['fail', 'least_bad'])
    .prefault('fail')
    .describe(
      'When no backend is available: `fail` answers with an error, `least_bad` tries the one that is nearest to it.',
    ),
  slow_start: duration()
    .nullable()
    .prefault(null)
    .describe(
      'The time in which a backend that is new or back grows to its full share of the traffic. `null`: at once.',
    )
    .meta({ samples: ['30s'] }),
  queue: z
    .strictObject({
      size: count(100_000).prefault(100).describe('The most requests that wait. Further ones are refused at once.'),
      timeout: duration().prefault('10s').describe('The longest that a request waits.'),
    })
    .nullable()
    .prefault({})
    .describe(
      'Where requests wait, in order, while every backend has as many as its `max_connections`. Who waits in vain gets 503 `upstream_busy`. `null`: nobody waits.',
    ),
  resolve: z
    .union([z.literal(false), duration({ min: '1s' })], { error: 'expected a duration such as 30s, or false' })
    .prefault('30s')
    .describe(
      'A host name stands for all its addresses, each a backend of its own; this is how often it is resolved again. Where `dns.servers` are asked, records with a shorter time to live are resolved sooner. `false`: a name is one backend, resolved when a connection is opened. A plain URL in place of this map means `false`.',
    ),
  via: hopChain()
    .prefault([])
    .describe('Hops to reach the backends through. Names are then resolved by the last one.')
    .meta({ samples: ['corporate'] }),
  sticky: z
    .strictObject({
      cookie: z
        .string()
        .regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/, 'expected the name of a cookie')
        .prefault('sluice')
        .describe('The name of the cookie.'),
      ttl: duration().prefault('1h').describe('How long a client without requests keeps its backend.'),
    })
    .nullable()
    .prefault(null)
    .describe('Send a client to the same backend again, by a cookie.'),
  tls: clientTls
    .nullable()
    .prefault(null)
    .describe('TLS towards backends with `https`. Certificates are verified by default.'),
  http2: z.boolean().prefault(false).describe('Speak HTTP/2 with backends whose URL begins with `https`.'),
  proxy_protocol: z
    .enum(['v1', 'v2'])
    .nullable()
    .prefault(null)
    .describe(
      'Begin every connection to the backends with a head of the PROXY protocol, which says who the client is. Each request then has a connection of its own. Not together with HTTP/2.',
    ),
  rewrite: z
    .string({ error: 'expected a path such as /{rest}' })
    .regex(/^\/[^?#\s]*$/, 'expected a path that begins with "/", without query and fragment')
    .refine(isTemplate, TEMPLATE_FAULT)
    .nullable()
    .prefault(null)
    .describe(
      'The path that backends are asked for instead. `{rest}` is what the `*` of the path matched, `{name}` a part that the path calls so; the query is kept. `null`: the path as it came.',
    )
    .meta({ samples: ['/{rest}'] }),
  host: z
    .string({ error: 'expected keep, backend or a host' })
    .regex(
      /^(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::\d{1,5})?$/,
      'expected keep, backend, or a host with or without port',
    )
    .prefault('keep')
    .describe(
      'What the backends find in `Host`: `keep` is what the client has asked for, `backend` host and port of the URL, anything else is a name.',
    )
    .meta({ samples: ['backend'] }),
});

const REDIRECTS = [301, 302, 303, 307, 308] as const;

const redirectTarget: z.ZodType<RedirectTarget> = z.strictObject({
  redirect: z
    .string()
    .regex(/^(?:\/|https?:\/\/)\S*$/, 'expected a path or an http(s) URL')
    .refine(isTemplate, TEMPLATE_FAULT)
    .refine(
      (text) => !/^https?:\/\/(?![^/{]*\{host\}(?::\d+)?(?:\/|$))[^/]*\{/.test(text),
      'expected "/" between the host and "{"',
    )
    .describe(
      'Where to send the client. `{rest}` is what the `*` of the path matched, `{name}` a part that the path calls so, `{host}` the host that was asked for, without port; the query is kept.',
    )
    .meta({ samples: ['/new/{rest}'] }),
  status: z
    .union(
      REDIRECTS.map((status) => z.literal(status)),
      { error: `expected ${REDIRECTS.slice(0, -1).join(', ')} or 308` },
    )
    .prefault(308)
    .describe('The status of the answer. 307 and 308 keep the method.'),
});

const respondTarget: z.ZodType<RespondTarget> = z.strictObject({
  respond: z
    .strictObject({
      status: statusCode().prefault(200).describe('The status of the answer.'),
      headers: headerMap()
        .prefault({})
        .describe('Header fields of the answer.')
        .meta({ samples: [{ 'Content-Type': 'text/plain' }] }),
      body: z.string({ error: 'expected a text' }).prefault('').describe('The body of the answer.'),
    })
    .describe('A fixed answer.')
    .meta({ samples: [{ status: 200, body: 'pong' }] }),
});

const tunnelTarget: z.ZodType<TunnelTarget> = z.strictObject({
  tunnel: identifier()
    .describe('The name of a connected tunnel.')
    .meta({ samples: ['app'] }),
});

/** What a plain URL stands for. */
export function backendsAt(address: string): BackendsTarget {
  return {
    backends: [{ url: address, weight: 1, max_connections: null }],
    strategy: 'round_robin',
    health: null,
    breaker: null,
    outliers: null,
    max_ejected: 1,
    when_all_out: 'fail',
    slow_start: null,
    queue: null,
    resolve: false,
    via: [],
    sticky: null,
    tls: null,
    http2: false,
    proxy_protocol: null,
    rewrite: null,
    host: 'keep',
  };
}

export const oneBackend: z.ZodType<BackendsTarget> = backendUrl().transform(backendsAt);

export const routeTargetSchema: z.ZodType<RouteTarget> = z.union(
  [oneBackend, backendsTarget, redirectTarget, respondTarget, tunnelTarget],
  {
    error: 'expected a URL, or a map with one of backends, redirect, respond or tunnel',
  },
);
