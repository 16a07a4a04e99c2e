// GET /api/v1/routes: the routes of the gateway, where they lead and which policies hold. Rule: it tells what the configuration says, the nearest
// place first; what becomes of one request is told by /api/v1/explain.

import { createRoute, z } from '@hono/zod-openapi';
import type { Config } from '../../config/config.ts';
import type { RouteConfig } from '../../config/schema/gateway.ts';
import type { Policies } from '../../config/schema/policies.ts';
import { backendsAt, type RouteTarget } from '../../config/schema/targets.ts';
import { redactTarget } from '../../core/redact.ts';
import type { AdminApp, AdminParts } from '../admin-env.ts';
import { errorResponse } from '../admin-errors.ts';
import type { RouteAnswer, RoutePolicyAnswer, RoutesAnswer } from '../gateway-answers.ts';

const texts = z.array(z.string());
const pairs = z.record(z.string(), z.string());

const routeSchema: z.ZodType<RouteAnswer> = z
  .object({
    name: z.string().openapi({ description: 'As in metrics and logs; a number where it has no name.' }),
    place: z.string().openapi({ example: 'gateway.routes[0]' }),
    match: z.object({ doors: texts, hosts: texts, paths: texts, methods: texts, headers: pairs, query: pairs }),
    target: z.object({
      kind: z.enum(['backends', 'redirect', 'respond', 'tunnel']),
      text: z.string().openapi({ example: 'http://10.0.0.7:80' }),
      backends: texts,
      strategy: z.string().nullable(),
      via: texts,
    }),
    policies: z
      .array(
        z.object({ kind: z.string(), on: z.boolean(), place: z.string().openapi({ example: 'gateway.policies' }) }),
      )
      .openapi({
        description: 'Which place decides of each kind; those of single addresses are told by /api/v1/config.',
      }),
  })
  .openapi('Route');

const listSchema: z.ZodType<RoutesAnswer> = z.object({ routes: z.array(routeSchema) }).openapi('Routes');

const listRoute = createRoute({
  method: 'get',
  path: '/api/v1/routes',
  summary: 'The routes of the gateway, in order, with their policies and targets',
  responses: {
    200: { description: 'The routes.', content: { 'application/json': { schema: listSchema } } },
    401: errorResponse('No valid token.'),
  },
});

export function addGatewayRoutesRoute(app: AdminApp, { sluice }: AdminParts): void {
  app.openapi(listRoute, (context) => context.json({ routes: routesOf(sluice.loaded.config) }, 200));
}

function routesOf(config: Config): RouteAnswer[] {
  const { routes, default_backend: url } = config.gateway;
  const explicit = routes.map((route, index) => routeAnswer(config, route, index));
  return url === null ? explicit : [...explicit, defaultRoute(config, url)];
}

function routeAnswer(config: Config, { name, match, to, policies }: RouteConfig, index: number): RouteAnswer {
  const place = `gateway.routes[${index}]`;
  const { door: doors, host: hosts, path: paths, method: methods, header: headers, query } = match;
  return {
    name: name ?? String(index + 1),
    place,
    match: { doors, hosts, paths, methods, headers, query },
    target: targetAnswer(to),
    policies: policiesOf([{ place: `${place}.policies`, policies }, ...farther(config)]),
  };
}

function defaultRoute(config: Config, url: string): RouteAnswer {
  return {
    name: 'default',
    place: 'gateway.default_backend',
    match: { doors: [], hosts: [], paths: [], methods: [], headers: {}, query: {} },
    target: targetAnswer(backendsAt(url)),
    policies: policiesOf(farther(config)),
  };
}

interface Place {
  readonly place: string;
  readonly policies: Policies;
}

function farther({ gateway, policies }: Config): Place[] {
  return [
    { place: 'gateway.policies', policies: gateway.policies },
    { place: 'policies', policies },
  ];
}

/** Of each kind the nearest place decides. */
function policiesOf(places: readonly Place[]): RoutePolicyAnswer[] {
  const found = new Map<string, RoutePolicyAnswer>();
  for (const { place, policies } of places) {
    for (const [kind, settings] of Object.entries(policies)) {
      const isOn = settings !== false && settings !== 'none';
      if (settings !== undefined && !found.has(kind)) found.set(kind, { kind, on: isOn, place });
    }
  }
  return [...found.values()];
}

function targetAnswer(to: RouteTarget): RouteAnswer['target'] {
  const nobody = { backends: [], strategy: null, via: [] };
  if ('respond' in to) return { kind: 'respond', text: String(to.respond.status), ...nobody };
  if ('redirect' in to) return { kind: 'redirect', text: `${to.status} ${redactTarget(to.redirect)}`, ...nobody };
  if ('tunnel' in to) return { kind: 'tunnel', text: to.tunnel, ...nobody };
  const backends = to.backends.map(({ url }) => redactTarget(url));
  return { kind: 'backends', text: backends.join(', '), backends, strategy: to.strategy, via: to.via };
}
