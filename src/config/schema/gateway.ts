// Section gateway: the reverse proxy, and the door of exec, agents and AI. Rule: matches come out as lists in the one
// spelling that requests are compared in: hosts in lower case, methods in upper case.

import { z } from 'zod';
import {
  headerName,
  headerValue,
  hostPattern,
  identifier,
  listenAddress,
  methodName,
  network,
  oneOrMany,
  port,
} from './fields.ts';
import { type PassConfig, passWay } from './passthrough.ts';
import { policiesSchema, type Policies } from './policies.ts';
import { backendUrl, routeTargetSchema, type RouteTarget } from './targets.ts';
import { serverTls, type TlsConfig } from './tls.ts';

export type { TlsConfig } from './tls.ts';

export interface GatewayListen {
  readonly address: string;
  readonly name: string | null;
  /** Filled in with the `tls` of the section where the endpoint says nothing. */
  readonly tls: TlsConfig | null;
  /** Peers that say in front of each connection whose it is. */
  readonly proxy_protocol: readonly string[];
  /** The port of the door with TLS that clients are sent to; null: none, requests are served here. */
  readonly redirect_https: number | null;
  readonly policies: Policies;
}

export interface RouteMatch {
  /** Names of addresses of the gateway. Empty lists and maps match everything; the value `*` of a field or parameter matches any value. */
  readonly door: readonly string[];
  readonly host: readonly string[];
  readonly path: readonly string[];
  readonly method: readonly string[];
  readonly header: Readonly<Record<string, string>>;
  readonly query: Readonly<Record<string, string>>;
}

export interface RouteConfig {
  readonly name: string | null;
  readonly match: RouteMatch;
  readonly to: RouteTarget;
  readonly policies: Policies;
}

export interface GatewayConfig {
  /** Empty = no gateway. */
  readonly listen: readonly GatewayListen[];
  readonly tls: TlsConfig | null;
  readonly http2: boolean;
  readonly default_backend: string | null;
  readonly own_paths: boolean;
  readonly forwarded: 'x_forwarded' | 'forwarded' | 'both';
  readonly forwarded_certificate: 'none' | 'subject' | 'full';
  readonly routes: readonly RouteConfig[];
  readonly passthrough: readonly PassConfig[];
  readonly policies: Policies;
}

/** As it is written: without `tls` that of the section counts. */
type Endpoint = Omit<GatewayListen, 'tls'> & { readonly tls?: TlsConfig | null };

const HTTPS_PORT = 443;

const listen = oneOrMany(
  z.union([
    listenAddress().transform((address): Endpoint => {
      return { address, name: null, proxy_protocol: [], redirect_https: null, policies: {} };
    }),
    z.strictObject({
      address: listenAddress().describe('Where to listen.'),
      name: identifier()
        .nullable()
        .prefault(null)
        .describe('The name by which routes speak of this address, in `match.door`.')
        .meta({ samples: ['internal'] }),
      tls: serverTls
        .nullable()
        .exactOptional()
        .describe('TLS on this address. Without it: the `tls` of the section; `null`: none.'),
      proxy_protocol: oneOrMany(network())
        .prefault([])
        .describe(
          'Balancers in front, by address or network. They must begin every connection with a head of the PROXY protocol (version 1 or 2), which says who the client is; nobody else is asked for one.',
        )
        .meta({ samples: [['10.0.0.0/8']] }),
      redirect_https: z
        .union([z.boolean(), port(), z.null()], { error: 'expected true, false or the port that has TLS' })
        .transform((to) => (to === true ? HTTPS_PORT : to || null))
        .prefault(false)
        .describe(
          'Send every request to the same URL with `https`, on port 443 or the one given here. Served here all the same: routes that name this address in `match.door`, and the own paths.',
        )
        .meta({ samples: [true] }),
      policies: policiesSchema
        .prefault({})
        .describe('Policies of everything that comes in by this address. They go before those of the gateway.'),
    }),
  ]),
);

const PATH_PART = String.raw`\/(?:\*|\{[A-Za-z_]\w*\}|[^/*{}]*)`;

const path = z
  .string({ error: 'expected a path such as /v1/*' })
  .regex(/^\//, { error: 'expected a path that begins with "/"', abort: true })
  .regex(/^[^?#\s]*$/, { error: 'expected a path without query, fragment and spaces', abort: true })
  .regex(
    new RegExp(`^(?:${PATH_PART})+$`),
    'expected "*" or {name} to stand for a whole part of the path, as in /v1/* or /users/{id}/posts',
  );

/** What a field or query parameter must hold; `*` asks only that it is there. */
function conditions(name: z.ZodType<string, string>): z.ZodType<Record<string, string>> {
  return z.record(name, headerValue());
}

const match: z.ZodType<RouteMatch> = z.strictObject({
  door: oneOrMany(identifier())
    .prefault([])
    .describe('The address that the request comes in by: the `name` of one in `gateway.listen`, or a list of these.')
    .meta({ samples: ['internal'] }),
  host: oneOrMany(hostPattern())
    .transform((hosts) => (hosts.includes('*') ? [] : hosts))
    .prefault([])
    .describe(
      'The host that is asked for: a name, `"*.example.com"` for every name below, or a list of these. Without port.',
    )
    .meta({ samples: ['api.example.com'] }),
  path: oneOrMany(path)
    .prefault([])
    .describe('The path: exact, with `*` at the end for everything below, or with `{name}` for any one part.')
    .meta({ samples: ['/v1/*'] }),
  method: oneOrMany(methodName())
    .prefault([])
    .describe('The method, or a list of methods.')
    .meta({ samples: [['GET', 'POST']] }),
  header: conditions(headerName())
    .prefault({})
    .describe('Header fields that must be there with this value; `"*"` is any value.')
    .meta({ samples: [{ 'X-Env': 'beta' }] }),
  query: conditions(z.string().min(1))
    .prefault({})
    .describe('Query parameters that must be there with this value; `"*"` is any value.')
    .meta({ samples: [{ version: '2' }] }),
});

const route: z.ZodType<RouteConfig> = z.strictObject({
  name: identifier()
    .nullable()
    .prefault(null)
    .describe('The name in metrics, logs and `sluice explain`. Without it: the number of the route.')
    .meta({ samples: ['api'] }),
  match: match
    .prefault({})
    .describe('Which requests take this route. All of it must fit; an empty match fits every request.')
    .meta({ samples: [{ host: 'api.example.com', path: '/v1/*', method: ['GET', 'POST'] }] }),
  to: routeTargetSchema
    .describe('Where they go: a URL, or a map with one of `backends`, `redirect`, `respond` or `tunnel`.')
    .meta({ samples: ['http://backend-api:8080'] }),
  policies: policiesSchema
    .prefault({})
    .describe('Policies of this route. They go before those of the address and of the gateway.'),
});

export const gatewaySchema: z.ZodType<GatewayConfig> = z
  .strictObject({
    listen: listen
      .nullable()
      .prefault('127.0.0.1:8080')
      .describe(
        'Where the gateway answers: an address, a map with `address` and what is different there, or a list of these. `null` closes this door.',
      )
      .meta({ samples: ['127.0.0.1:8080', [{ address: ':443', tls: { cert: 'cert.pem', key: 'key.pem' } }]] }),
    tls: serverTls
      .nullable()
      .prefault(null)
      .describe('TLS on every address that does not bring its own. `null`: plain HTTP.'),
    http2: z.boolean().prefault(true).describe('Offer HTTP/2: by ALPN with TLS, by prior knowledge without.'),
    default_backend: backendUrl()
      .nullable()
      .prefault(null)
      .describe('Where requests go that no route matches. `null`: they are answered with 404.'),
    own_paths: z
      .boolean()
      .prefault(true)
      .describe(
        'Answer `/health*`, `/cli/execute`, `/agent/*`, `/claude`, `/chatgpt` and `/admin/cache` here: after explicit routes, before `default_backend`.',
      ),
    forwarded: z
      .enum(['x_forwarded', 'forwarded', 'both'])
      .prefault('x_forwarded')
      .describe(
        'How backends are told whose request it is: in `X-Forwarded-*`, in `Forwarded` (RFC 7239), or in both. What the client itself says there is left out.',
      ),
    forwarded_certificate: z
      .enum(['none', 'subject', 'full'])
      .prefault('subject')
      .describe(
        'What backends are told of a client certificate that was verified (`tls.client_ca`): its subject in `X-Client-Cert-Subject`, or that and the whole of it in `Client-Cert` (RFC 9440). What the client itself says there is left out.',
      ),
    routes: z
      .array(route)
      .prefault([])
      .describe(
        'Which requests go where. The most specific one wins: an exact host before a wildcard, a longer path before a shorter one.',
      )
      .meta({ samples: [[{ match: { host: 'api.example.com' }, to: 'http://localhost:9000' }]] }),
    passthrough: z
      .array(passWay)
      .prefault([])
      .describe(
        'TLS that is not ended here: by the name that the client asks for (SNI) it goes to another server, which has the certificate. On every address of the gateway; an exact name comes before a wildcard.',
      )
      .meta({ samples: [[{ host: 'db.example.com', to: '10.0.0.5:443' }]] }),
    policies: policiesSchema.prefault({}).describe('Policies of everything that comes through the gateway.'),
  })
  .transform(({ listen: endpoints, ...rest }): GatewayConfig => {
    const complete = (endpoints ?? []).map((endpoint: Endpoint): GatewayListen => {
      // Whoever is sent to TLS has come without.
      const { tls = endpoint.redirect_https === null ? rest.tls : null } = endpoint;
      return { ...endpoint, tls };
    });
    return { listen: complete, ...rest };
  })
  .prefault({})
  .describe('The reverse proxy, and the door of exec, agents and AI.');
