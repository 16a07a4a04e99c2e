// Turns the configuration of the gateway into routes. Rule: it decides what goes where and nothing about how.
import type { Config } from '../config/config.ts';
import type { RouteConfig } from '../config/schema/gateway.ts';
import { DEFAULT_LIMITS, type ParserLimits } from '../codec/http1/message-parser.ts';
import type { Policy } from '../contract/policy.ts';
import type { EngineLimits, EngineTimeouts } from '../engine/engine.ts';
import type { RouteSpec } from '../engine/program.ts';
import type { RouteMatch } from '../engine/router.ts';
import type { AnswerTarget } from '../contract/target.ts';
import { ConfiguredPolicies } from './assemble-policies.ts';
import { healthRoutes, type Readiness } from './health-routes.ts';
import { createBackend, createTarget } from './registry.ts';

export const EVERYTHING: RouteMatch = { hosts: [], path: '/*', methods: [], fields: [], query: [] };

/** Answers come from servers that we have chosen: their size is theirs to say, their heads may be larger. */
const RESPONSE_HEAD_BYTES = 64 * 1024;
const RESPONSE_FIELDS = 500;

/** Explicit routes, then our own paths, then the default backend: an earlier layer wins. */
export function gatewayLayers(config: Config, readiness: Readiness): RouteSpec[][] {
  const { gateway } = config;
  const policies = new ConfiguredPolicies(config);
  const explicit = gateway.routes.flatMap((route, index) => routeSpecs(route, index, policies.ofRoute(route)));
  const own = gateway.own_paths ? healthRoutes(readiness) : [];
  return [explicit, own, [fallback(gateway.default_backend, policies.ofGateway())]];
}

/** Nothing there: what the policies of the door refuse learns no more from it than from a route. */
const NOWHERE: AnswerTarget = { kind: 'answer', take: (exchange) => exchange.fail('route_not_found') };

function fallback(backend: string | null, policies: readonly Policy[]): RouteSpec {
  const where = backend === null ? { name: '', target: NOWHERE } : { name: 'default', target: createBackend(backend) };
  return { ...where, match: EVERYTHING, policies };
}

function routeSpecs(route: RouteConfig, index: number, policies: readonly Policy[]): RouteSpec[] {
  const specs = routeMatches(route, index);
  // Of a redirect the path is a part; whatever else there is, a route has one of it.
  if ('redirect' in route.to) {
    return specs.map((each) => ({ ...each, policies, target: createTarget(route.to, each.match.path) }));
  }
  const target = createTarget(route.to, EVERYTHING.path);
  return specs.map((each) => ({ ...each, policies, target }));
}

/** A route with several paths is one route per path, with the same name. */
export function routeMatches(route: RouteConfig, index: number): Pick<RouteSpec, 'name' | 'match'>[] {
  const name = route.name ?? String(index + 1);
  const { host, path, method, header, query } = route.match;
  const paths = path.length === 0 ? [EVERYTHING.path] : path;
  const fields = Object.entries(header).map(([field, value]) => [field.toLowerCase(), value] as const);
  return paths.map((pattern) => ({
    name,
    match: { hosts: host, path: pattern, methods: method, fields, query: Object.entries(query) },
  }));
}

export function engineLimits({ limits }: Config): EngineLimits {
  const request: ParserLimits = {
    ...DEFAULT_LIMITS,
    maxTargetBytes: limits.url,
    maxHeadBytes: limits.headers,
    maxFields: limits.header_count,
    maxBodyBytes: limits.body,
  };
  const response: ParserLimits = {
    ...request,
    maxHeadBytes: Math.max(RESPONSE_HEAD_BYTES, limits.headers),
    maxFields: Math.max(RESPONSE_FIELDS, limits.header_count),
    maxBodyBytes: Number.MAX_SAFE_INTEGER,
  };
  return { request, response };
}

export function engineTimeouts({ timeouts }: Config): EngineTimeouts {
  return {
    headersMs: timeouts.headers,
    readMs: timeouts.read,
    writeMs: timeouts.write,
    idleMs: timeouts.idle,
    tunnelIdleMs: timeouts.tunnel_idle,
  };
}
