// Turns the configuration of the gateway into routes. Rule: it decides what goes where and nothing about how.
import type { Config } from '../../config/config.ts';
import type { GatewayListen, RouteConfig } from '../../config/schema/gateway.ts';
import { backendsAt } from '../../config/schema/targets.ts';
import { DEFAULT_LIMITS, type ParserLimits } from '../../codec/http1/message-parser.ts';
import type { EngineLimits } from '../../engine/engine.ts';
import type { Layers, RouteSpec, RouteTables } from '../../engine/program.ts';
import type { RouteMatch } from '../../engine/router.ts';
import type { Policy } from '../../contract/policy.ts';
import type { AnswerTarget } from '../../contract/target.ts';
import { type AiRouteParts, aiRoutes, ledTo } from './assemble-ai.ts';
import { type AiAccounts, aiAccounts, aiTargets } from './assemble-ai-accounts.ts';
import { type AiCacheParts, type AiCaches, aiCaches } from './assemble-ai-cache.ts';
import { aiLimitPolicies, chargedUsage } from './assemble-ai-limits.ts';
import { mirrorOf } from './assemble-mirror.ts';
import { ConfiguredPolicies, type PolicyParts, policyParts, type ThreadPolicyParts } from './assemble-policies.ts';
import { healthRoutes, type Readiness } from './health-routes.ts';
import { type BackendParts, createBackends, retryOf } from './assemble-backends.ts';
import { rewritePolicies } from './assemble-rewrites.ts';
import type { UserDirectory } from '../../services/identity/user-directory.ts';
import type { TellUsage } from '../../services/usage/usage-record.ts';
import type { WriteBodies } from '../../telemetry/body-log.ts';
import { agentShareOf, ledHome, ownRoutes, ownTargets, type ServiceHome } from '../processes/own-routes.ts';
import { createTarget, toHttps } from '../registry.ts';
import {
  SERVER_ROUTE,
  serverMatches,
  TUNNEL_ROUTE,
  tunnelMatch,
  type TunnelParts,
  visitorsOf,
  wayToTunnel,
} from './assemble-tunnels.ts';
import { SERVER_ITSELF } from '../../services/tunnels/tunnel-names.ts';

export const EVERYTHING: RouteMatch = { hosts: [], path: '/*', methods: [], fields: [], query: [] };

/** Answers come from servers that we have chosen: their size is theirs to say, their heads may be larger. */
const RESPONSE_HEAD_BYTES = 64 * 1024;
const RESPONSE_FIELDS = 500;

/** What the gateway shares with the other threads. */
export type GatewayParts = BackendParts &
  ThreadPolicyParts &
  AiCacheParts &
  TunnelParts &
  Pick<AiRouteParts, 'writeBodies'> & { readonly services: ServiceHome };

interface WholeSpec {
  /** What comes before the policies of the configuration, which may say otherwise. */
  readonly before: readonly Policy[];
  readonly spec: RouteSpec;
}

/** Where requests go, before anybody has said who may come along. Targets are made once, for all addresses. */
interface GatewayTargets {
  readonly config: Config;
  readonly explicit: readonly ({ readonly route: RouteConfig } & WholeSpec)[];
  /** For the hosts of tunnels; null: there are none. */
  readonly tunnels: WholeSpec | null;
  /** Where clients of tunnels connect, too. */
  readonly tunnelServer: readonly RouteSpec[];
  readonly own: readonly RouteSpec[];
  readonly ai: {
    readonly users: UserDirectory;
    readonly tellUsage: TellUsage;
    readonly targets: ReturnType<typeof aiTargets>;
    readonly accounts: AiAccounts;
    readonly caches: AiCaches;
    readonly writeBodies: WriteBodies | null;
    readonly limitsOf: ReturnType<typeof aiLimitPolicies>;
  };
  readonly services: {
    readonly users: UserDirectory;
    readonly targets: ReturnType<typeof ownTargets>;
    readonly home: ServiceHome;
  };
  readonly last: RouteSpec;
}

/** The routes of each address, or one table for all of them. */
export function gatewayTables(config: Config, readiness: Readiness, parts: GatewayParts): RouteTables<RouteSpec> {
  const { gateway } = config;
  const makesMirror: PolicyParts['ofMirror'] = (settings, place) => mirrorOf(settings, place, parts);
  const share = agentShareOf(parts.services);
  const made = policyParts(config, { ...parts, runs: share.tokens }, makesMirror);
  const policies = new ConfiguredPolicies(config, made);
  const accounts = aiAccounts(config, parts);
  const targets: GatewayTargets = {
    config,
    explicit: gateway.routes.flatMap((route, index) => {
      return routeSpecs(config, route, { index, parts }).map((whole) => ({ route, ...whole }));
    }),
    own: gateway.own_paths ? healthRoutes(readiness, () => share.active) : [],
    tunnels: tunnelRoute(config, parts),
    tunnelServer: serverRoutes(config, parts),
    ai: {
      users: made.users,
      tellUsage: chargedUsage(config, made.budgets, made.tellUsage),
      targets: aiTargets(config, parts, accounts),
      accounts,
      caches: aiCaches(config, parts),
      writeBodies: parts.writeBodies,
      limitsOf: aiLimitPolicies(config, made),
    },
    services: { users: made.users, targets: ownTargets(config, parts.services), home: parts.services },
    last: lastRoute(config, parts),
  };
  if (!tellsAddressesApart(config)) return new Map([['', layersOf(targets, policies, null)]]);
  const tables = gateway.listen.map((listen) => [listen.address, layersOf(targets, policies, listen)] as const);
  // A connection may be older than the configuration in force, and its address be gone: nothing is served there.
  return new Map([...tables, ['', [[NOWHERE_AT_ALL]]]]);
}

function tellsAddressesApart({ gateway }: Config): boolean {
  const isOwnWay = ({ redirect_https: to, policies }: GatewayListen): boolean =>
    to !== null || Object.keys(policies).length > 0;
  return gateway.listen.some(isOwnWay) || gateway.routes.some(({ match }) => match.door.length > 0);
}

/** Explicit routes, then our own paths, then the default backend: an earlier layer wins. */
function layersOf(
  { config, explicit, tunnels, tunnelServer, own, ai, services, last }: GatewayTargets,
  policies: ConfiguredPolicies,
  listen: GatewayListen | null,
): Layers<RouteSpec> {
  const routes = explicit.filter(({ route }) => isServedAt(route, listen));
  const guarded = routes.map(({ route, before, spec }) => {
    return { ...spec, policies: [...before, ...policies.ofRoute(route, listen), ...spec.policies] };
  });
  if (listen !== null && listen.redirect_https !== null) return [guarded, own, [httpsRoute(listen.redirect_https)]];
  if (tunnels !== null) {
    const { before, spec } = tunnels;
    guarded.push({ ...spec, policies: [...before, ...policies.ofTunnels(listen), ...spec.policies] });
  }
  const guards = policies.ofAi(listen);
  // They show a token of their own, so nobody else asks who they are.
  for (const spec of tunnelServer)
    guarded.push({ ...spec, policies: [...guards.before, ...guards.after, ...spec.policies] });
  const relayed = aiRoutes(config, { ...ai, guards }).map((route) => ledTo(route, ai.targets));
  const { users, targets, home } = services;
  const run = ownRoutes(config, { users, guards }).map((route) => ledHome(route, targets, home));
  return [
    guarded,
    [...own, ...relayed, ...run.filter((route) => route !== null)],
    [{ ...last, policies: [...policies.ofGateway(listen), ...last.policies] }],
  ];
}

/** An address that sends its clients elsewhere keeps only what names it. */
export function isServedAt({ match }: RouteConfig, listen: GatewayListen | null): boolean {
  if (listen === null) return true;
  if (match.door.length === 0) return listen.redirect_https === null;
  return listen.name !== null && match.door.includes(listen.name);
}

/** It says nothing that is not in the request, so nobody is asked who they are: over plain HTTP that would give it away. */
function httpsRoute(port: number): RouteSpec {
  return { name: HTTPS_ROUTE, match: EVERYTHING, policies: [], target: toHttps(port) };
}

export const HTTPS_ROUTE = 'https';

/** Nothing there: what the policies of the door refuse learns no more from it than from a route. */
const NOWHERE: AnswerTarget = { kind: 'answer', take: (exchange) => exchange.fail('route_not_found') };
const NOWHERE_AT_ALL: RouteSpec = { name: '', match: EVERYTHING, policies: [], target: NOWHERE };

function lastRoute(config: Config, parts: BackendParts): RouteSpec {
  const { default_backend: url } = config.gateway;
  if (url === null) return NOWHERE_AT_ALL;
  const name = 'default';
  const to = backendsAt(url);
  const made = createBackends({ name, to, retry: retryOf(config, {}) }, parts);
  const { target, policies } = made;
  return { name, match: EVERYTHING, target, policies: [...policies, ...rewritePolicies(to, EVERYTHING.path)] };
}

interface RoutePlace {
  readonly index: number;
  readonly parts: BackendParts & TunnelParts;
}

/** With the policies that the target brings along. */
function routeSpecs(config: Config, route: RouteConfig, { index, parts }: RoutePlace): WholeSpec[] {
  const specs = routeMatches(route, index);
  const { to, policies } = route;
  if ('backends' in to) {
    const made = createBackends({ name: routeName(route, index), to, retry: retryOf(config, policies) }, parts);
    return specs.map((each) => {
      const { target, policies: own } = made;
      return { before: [], spec: { ...each, target, policies: [...own, ...rewritePolicies(to, each.match.path)] } };
    });
  }
  if ('tunnel' in to) {
    const { before, spec } = wayToTunnel(config, parts, {
      name: to.tunnel,
      client: visitorsOf(policies, config.gateway.policies, config.policies),
    });
    return specs.map((each) => ({ before, spec: { ...each, ...spec } }));
  }
  return specs.map((each) => {
    return { before: [], spec: { ...each, policies: [], target: createTarget(to, each.match.path) } };
  });
}

/** Hosts below the domain of the tunnel server. Routes that name such a host come before. */
function tunnelRoute(config: Config, parts: TunnelParts): WholeSpec | null {
  const match = tunnelMatch(config);
  if (match === null) return null;
  const client = visitorsOf(config.gateway.policies, config.policies);
  const { before, spec } = wayToTunnel(config, parts, { domain: config.tunnels.server.domain, client });
  return { before, spec: { name: TUNNEL_ROUTE, match, ...spec } };
}

/** For clients of tunnels, where they connect to the gateway. */
function serverRoutes(config: Config, parts: TunnelParts): RouteSpec[] {
  const client = visitorsOf(config.gateway.policies, config.policies);
  return serverMatches(config).map((match) => {
    const { spec } = wayToTunnel(config, parts, { name: SERVER_ITSELF, client });
    return { name: SERVER_ROUTE, match, ...spec };
  });
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
