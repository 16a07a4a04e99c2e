// Turns the configuration of the gateway into routes. Rule: it decides what goes where and nothing about how.
import type { Config } from '../config/config.ts';
import type { RouteConfig } from '../config/schema/gateway.ts';
import { backendsAt } from '../config/schema/targets.ts';
import { DEFAULT_LIMITS, type ParserLimits } from '../codec/http1/message-parser.ts';
import type { Timeouts } from '../contract/bounds.ts';
import type { Policy } from '../contract/policy.ts';
import type { EngineLimits } from '../engine/engine.ts';
import type { RouteSpec } from '../engine/program.ts';
import type { RouteMatch } from '../engine/router.ts';
import type { AnswerTarget } from '../contract/target.ts';
import type { LimitTable } from '../services/limiter/limit-table.ts';
import { ConfiguredPolicies } from './assemble-policies.ts';
import { configuredUsers } from './configured-users.ts';
import { healthRoutes, type Readiness } from './health-routes.ts';
import { type BackendParts, createBackends, retryOf } from './assemble-backends.ts';
import { createTarget } from './registry.ts';

export const EVERYTHING: RouteMatch = { hosts: [], path: '/*', methods: [], fields: [], query: [] };

/** Answers come from servers that we have chosen: their size is theirs to say, their heads may be larger. */
const RESPONSE_HEAD_BYTES = 64 * 1024;
const RESPONSE_FIELDS = 500;

/** What the gateway shares with the other threads. */
export interface GatewayParts extends BackendParts {
  readonly limits: LimitTable;
}

/** Explicit routes, then our own paths, then the default backend: an earlier layer wins. */
export function gatewayLayers(config: Config, readiness: Readiness, parts: GatewayParts): RouteSpec[][] {
  const { gateway } = config;
  const policies = new ConfiguredPolicies(config, {
    users: configuredUsers(config.users),
    limits: parts.limits,
    recorder: parts.recorder,
  });
  const explicit = gateway.routes.flatMap((route, index) => {
    const specs = routeSpecs(config, route, { index, parts });
    return specs.map((spec) => ({ ...spec, policies: [...policies.ofRoute(route), ...spec.policies] }));
  });
  const own = gateway.own_paths ? healthRoutes(readiness) : [];
  return [explicit, own, [lastRoute(config, policies.ofGateway(), parts)]];
}

/** Nothing there: what the policies of the door refuse learns no more from it than from a route. */
const NOWHERE: AnswerTarget = { kind: 'answer', take: (exchange) => exchange.fail('route_not_found') };

function lastRoute(config: Config, policies: readonly Policy[], parts: BackendParts): RouteSpec {
  const { default_backend: url } = config.gateway;
  if (url === null) return { name: '', match: EVERYTHING, policies, target: NOWHERE };
  const name = 'default';
  const { target } = createBackends({ name, to: backendsAt(url), retry: retryOf(config, {}) }, parts);
  return { name, match: EVERYTHING, policies, target };
}

interface RoutePlace {
  readonly index: number;
  readonly parts: BackendParts;
}

/** With the policies that the target brings along. */
function routeSpecs(config: Config, route: RouteConfig, { index, parts }: RoutePlace): RouteSpec[] {
  const specs = routeMatches(route, index);
  const { to, policies } = route;
  if ('backends' in to) {
    const made = createBackends({ name: routeName(route, index), to, retry: retryOf(config, policies) }, parts);
    return specs.map((each) => ({ ...each, ...made }));
  }
  return specs.map((each) => ({ ...each, policies: [], target: createTarget(to, each.match.path) }));
}

/** In metrics, logs and explanations. */
export function routeName({ name }: RouteConfig, index: number): string {
  return name ?? String(index + 1);
}

/** A route with several paths is one route per path, with the same name. */
export function routeMatches(route: RouteConfig, index: number): Pick<RouteSpec, 'name' | 'match'>[] {
  const name = routeName(route, index);
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
    // What a body may have is a matter of its route.
    maxBodyBytes: Number.MAX_SAFE_INTEGER,
  };
  const response: ParserLimits = {
    ...request,
    maxHeadBytes: Math.max(RESPONSE_HEAD_BYTES, limits.headers),
    maxFields: Math.max(RESPONSE_FIELDS, limits.header_count),
  };
  return { request, response, maxBodyBytes: limits.body };
}

export function engineTimeouts({ timeouts }: Config): Timeouts {
  return {
    connectMs: timeouts.connect,
    headersMs: timeouts.headers,
    responseMs: timeouts.read,
    readMs: timeouts.read,
    writeMs: timeouts.write,
    idleMs: timeouts.idle,
    tunnelIdleMs: timeouts.tunnel_idle,
    totalMs: 0,
  };
}
