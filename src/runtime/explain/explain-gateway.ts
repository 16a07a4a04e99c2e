// What the gateway would do with a request: the route that takes it, why the others do not, and where it goes. Rule: routes are found
// by the router of the gateway, asked with all routes for the choice, and with one condition of one route for the reason.
import type { GatewayListen, RouteMatch as RouteConditions } from '../../config/schema/gateway.ts';
import { backendsAt, type RouteTarget } from '../../config/schema/targets.ts';
import type { RequestView } from '../../contract/exchange.ts';
import type { Policy } from '../../contract/policy.ts';
import { ERROR_CATALOGUE } from '../../core/errors.ts';
import type { RequestState } from '../../engine/request-state.ts';
import { type RouteMatch, Router } from '../../engine/router.ts';
import { engineLimits, EVERYTHING, HTTPS_ROUTE, isServedAt, routeMatches } from '../assemble/assemble.ts';
import { SERVER_ROUTE, serverMatches, TUNNEL_ROUTE, tunnelMatch } from '../assemble/assemble-tunnels.ts';
import { healthRoutes } from '../assemble/health-routes.ts';
import type { AiAccounts } from '../assemble/assemble-ai-accounts.ts';
import { ConfiguredPolicies, type PolicyParts } from '../assemble/assemble-policies.ts';
import { rewritePolicies } from '../assemble/assemble-rewrites.ts';
import { httpsUrl, nameBelow } from '../registry.ts';
import { type AskedUrl, readRequest, requestBytes } from './asked-request.ts';
import { DryExchange } from './dry-exchange.ts';
import { dryLogin, dryParts } from './dry-parts.ts';
import { backendNamed, explainTarget, manner, redirectTo } from './explain-target.ts';
import type { ExplainedChoice, ExplainedResult, Explanation, Question } from './explanation.ts';
import { aiRoutesAt, dryAccounts, explainAi, placeOfProvider } from './explain-ai.ts';
import { ownRoutesAt } from './explain-services.ts';
import { controlRefusal } from './explain-control.ts';
import { type AskedRoute, explainBackends } from './explain-backends.ts';
import { placeOf } from './place-of.ts';
import { runPolicies } from './run-policies.ts';
import { tooLarge } from './too-large.ts';
import type { Scene } from './scene.ts';

export type GatewayExplanation = Omit<Explanation, 'door' | 'from' | 'states'>;

interface Candidate {
  readonly name: string;
  readonly match: RouteMatch;
  /** Of an explicit route its position in the configuration. */
  readonly index: number | null;
  /** What becomes of a request that its policies let through. */
  readonly result: (request: RequestView) => ExplainedResult;
  /** Of a path of ours that has policies. */
  readonly own?: { readonly policies: readonly Policy[]; readonly place: string };
}

/** `listen` is the address that the request comes in by; null: one that the configuration does not know. */
export type GatewayScene = Scene & { readonly localPort: number; readonly listen: GatewayListen | null };

export async function explainGateway(
  asked: AskedUrl,
  { method, fields: given, from, user }: Question,
  scene: GatewayScene,
): Promise<GatewayExplanation> {
  const line = `${method} ${method === 'CONNECT' ? asked.authority : asked.path}`;
  const bare = { request: `${line} for ${asked.authority}`, user: null, session: null, policies: [], hops: [] };
  const fields = user === null ? given : [...withoutLogin(given), ['Authorization', dryLogin(user)] as const];
  const host = fields.some(([name]) => name.toLowerCase() === 'host') ? [] : [['Host', asked.authority] as const];
  const read = readRequest(requestBytes(line, [...host, ...fields]), engineLimits(scene.config).request);
  if ('refused' in read) {
    const { code, detail } = read.refused;
    const result: ExplainedResult = { kind: 'refused', status: ERROR_CATALOGUE[code].status, code, text: detail };
    return { ...bare, choice: null, result };
  }
  const accounts = dryAccounts(scene);
  try {
    return await explainRequest({ request: read.request, bare, from, user }, scene, accounts);
  } finally {
    for (const each of accounts.values()) each.dispose();
  }
}

interface ReadRequest extends Pick<Question, 'from' | 'user'> {
  readonly request: RequestState;
  /** What is said of it anyway. */
  readonly bare: Omit<GatewayExplanation, 'choice' | 'result'>;
}

async function explainRequest(
  { request, bare, from, user }: ReadRequest,
  scene: GatewayScene,
  accounts: AiAccounts,
): Promise<GatewayExplanation> {
  const parts = dryParts(scene, user);
  const found = find(layers(scene, parts, accounts), request);
  const others = otherRoutes(request, found?.index ?? null, scene);
  const choice = found === null ? null : choiceOf({ ...found, others }, scene);
  const exchange = new DryExchange('gateway', { address: from, localPort: scene.localPort }, request);
  const all = policiesOf(found, scene, parts);
  const refusal = tooLarge(request, all, scene.config.limits.body);
  if (refusal !== null) return { ...bare, choice, result: refusal };
  const policies = await runPolicies(all, exchange);
  const seen = { ...bare, user: exchange.user || null, policies, choice };
  if (exchange.answered === null) return { ...seen, ...whereTo(found, exchange, scene) };
  const { status, code, message: text } = exchange.answered;
  return { ...seen, result: { kind: code === null ? 'answered' : 'refused', status, code, text } };
}

/** Whether a route that names its hosts is for this one. */
export function isHostOfRoute({ authority }: AskedUrl, { config }: Scene): boolean {
  const read = readRequest(requestBytes('GET /', [['Host', authority]]), engineLimits(config).request);
  const { routes } = config.gateway;
  const own = [tunnelMatch(config), ...serverMatches(config)].flatMap((match) => match?.hosts ?? []);
  const hosts = [...routes.flatMap(({ match }) => match.host), ...own];
  if ('refused' in read || hosts.length === 0) return false;
  return findIn([{ match: { ...EVERYTHING, hosts } }], read.request) !== null;
}

const DEFAULT = 'default';

/** Of several backends the one that the request would get. */
function whereTo(
  found: Candidate | null,
  exchange: DryExchange,
  scene: Scene,
): Pick<GatewayExplanation, 'hops' | 'result'> {
  if (found === null) return { hops: [], result: NO_ROUTE };
  const result = found.result(exchange.request);
  const route = balancedRoute(found, scene);
  if (route === null) return { hops: [], result };
  const denied = scene.controls === undefined ? null : controlRefusal(route.to, scene.controls);
  if (denied !== null) return { hops: [], result: denied };
  const { hops, result: chosen } = explainBackends(route, exchange, scene);
  if (chosen === null || chosen.kind !== 'backend') return { hops, result: chosen ?? result };
  return { hops, result: backendNamed([chosen.text, ...manner(route.to, exchange.request)].join(' ')) };
}

/** null: it leads to no backends. */
function balancedRoute({ name, index }: Candidate, { config: { gateway } }: Scene): AskedRoute | null {
  const { default_backend: url } = gateway;
  if (index === null) return name === DEFAULT && url !== null ? { name, to: backendsAt(url), policies: {} } : null;
  const route = gateway.routes[index];
  return route !== undefined && 'backends' in route.to ? { name, to: route.to, policies: route.policies } : null;
}

const NO_ROUTE: ExplainedResult = {
  kind: 'refused',
  status: 404,
  code: 'route_not_found',
  text: ERROR_CATALOGUE.route_not_found.summary,
};

/** Nobody can open one here. */
const NO_TUNNEL: ExplainedResult = {
  kind: 'refused',
  status: 404,
  code: 'tunnel_unknown',
  text: ERROR_CATALOGUE.tunnel_unknown.summary,
};

function withoutLogin(fields: Question['fields']): Question['fields'] {
  return fields.filter(([name]) => name.toLowerCase() !== 'authorization');
}

/** Our own paths have none. */
function policiesOf(found: Candidate | null, scene: GatewayScene, parts: PolicyParts): Policy[] {
  const { config, listen } = scene;
  const policies = new ConfiguredPolicies(config, parts);
  const route = config.gateway.routes[found?.index ?? -1];
  if (found?.own !== undefined) return [...found.own.policies];
  if (found === null) return policies.ofGateway(listen);
  if (route !== undefined) return [...policies.ofRoute(route, listen), ...ownPolicies(route.to, found)];
  if (found.name === TUNNEL_ROUTE) return policies.ofTunnels(listen);
  const { default_backend: url } = config.gateway;
  if (found.name !== DEFAULT || url === null) return [];
  return [...policies.ofGateway(listen), ...ownPolicies(backendsAt(url), found)];
}

/** Those that the target brings along and that say something before there is an answer. */
function ownPolicies(to: RouteTarget, { match }: Candidate): Policy[] {
  return 'backends' in to ? rewritePolicies(to, match.path).filter((policy) => policy.request !== undefined) : [];
}

/** As the gateway has them: an earlier layer wins. */
function layers(scene: GatewayScene, parts: PolicyParts, accounts: AiAccounts): Candidate[][] {
  const { config, listen } = scene;
  const { gateway } = config;
  const { domain } = config.tunnels.server;
  const tunnels = tunnelMatch(config);
  const explicit = gateway.routes.flatMap((route, index) => {
    if (!isServedAt(route, listen)) return [];
    return routeMatches(route, index).map(({ name, match }): Candidate => {
      if ('tunnel' in route.to && tunnels === null) return { name, match, index, result: () => NO_TUNNEL };
      return { name, match, index, result: (request) => explainTarget(route.to, match.path, request) };
    });
  });
  const health: ExplainedResult = { kind: 'answered', status: 200, code: null, text: 'the health of the gateway' };
  const own = gateway.own_paths ? healthRoutes({ started: true, draining: false }, () => 0) : [];
  const ours = own.map(({ name, match }): Candidate => ({ name, match, index: null, result: () => health }));
  const relayed = aiRoutesAt({ config, listen }, parts, accounts).map((ai): Candidate => {
    const { name, match } = ai;
    const { policies } = ai;
    const own = { policies, place: placeOfProvider(ai) };
    return { name, match, index: null, own, result: (request) => explainAi(ai, config, request) };
  });
  const run = ownRoutesAt({ config, listen }, parts).map(({ name, match, policies, service }): Candidate => {
    const result: ExplainedResult = { kind: 'answered', status: 200, code: null, text: service.answers };
    return { name, match, index: null, own: { policies, place: name }, result: () => result };
  });
  if (tunnels !== null && (listen?.redirect_https ?? null) === null) {
    const result: Candidate['result'] = ({ host }) => backendNamed(`the tunnel ${nameBelow(host, domain)}`);
    explicit.push({ name: TUNNEL_ROUTE, match: tunnels, index: null, result });
    const { before, after } = new ConfiguredPolicies(config, parts).ofAi(listen);
    const own = { policies: [...before, ...after], place: 'tunnels.server.one_port' };
    for (const match of serverMatches(config)) {
      explicit.push({ name: SERVER_ROUTE, match, index: null, own, result: () => backendNamed('the tunnel server') });
    }
  }
  return [explicit, [...ours, ...relayed, ...run], lastOf(gateway.default_backend, listen)];
}

function lastOf(url: string | null, listen: GatewayListen | null): Candidate[] {
  const last = { match: EVERYTHING, index: null };
  const port = listen?.redirect_https ?? null;
  if (port !== null) {
    const result: Candidate['result'] = (request) =>
      redirectTo(httpsUrl(port), 308, { pattern: EVERYTHING.path, request });
    return [{ ...last, name: HTTPS_ROUTE, result }];
  }
  return url === null ? [] : [{ ...last, name: DEFAULT, result: () => backendNamed(url) }];
}

function find(all: readonly (readonly Candidate[])[], request: RequestState): Candidate | null {
  for (const layer of all) {
    const found = findIn(layer, request);
    if (found !== null) return found;
  }
  return null;
}

function findIn<R extends { readonly match: RouteMatch }>(routes: readonly R[], request: RequestState): R | null {
  return new Router(routes).find(request.head, request.hostFrom, request.hostTo);
}

function choiceOf(
  { name, index, match, own, others }: Candidate & { readonly others: readonly string[] },
  { config, origins, listen }: GatewayScene,
): ExplainedChoice {
  const path =
    index === null ? (own?.place ?? placeOfOwn(name, config.gateway.listen, listen)) : `gateway.routes[${index}]`;
  const named = index === null ? null : (config.gateway.routes[index]?.name ?? null);
  const title = named === null ? path : `${path} "${named}"`;
  return { kind: 'route', name: title, place: placeOf(path, origins), why: describeMatch(match), others };
}

function placeOfOwn(name: string, all: readonly GatewayListen[], listen: GatewayListen | null): string {
  if (name === DEFAULT) return 'gateway.default_backend';
  if (name === TUNNEL_ROUTE) return 'tunnels.server.domain';
  if (name !== HTTPS_ROUTE || listen === null) return 'gateway.own_paths';
  return `gateway.listen[${all.indexOf(listen)}].redirect_https`;
}

function describeMatch({ hosts, path, methods, fields, query }: RouteMatch): string {
  const parts = [
    ...(hosts.length === 0 ? [] : [`host ${hosts.join(', ')}`]),
    ...(path === EVERYTHING.path ? [] : [`path ${path}`]),
    ...(methods.length === 0 ? [] : [`method ${methods.join(', ')}`]),
    ...fields.map(([name, value]) => `header ${name}: ${value}`),
    ...query.map(([name, value]) => `query ${name}=${value}`),
  ];
  return parts.length === 0 ? 'everything' : parts.join('; ');
}

const NO_CONDITIONS: RouteConditions = { door: [], host: [], path: [], method: [], header: {}, query: {} };

function otherRoutes(request: RequestState, taken: number | null, { config, listen }: GatewayScene): string[] {
  return config.gateway.routes.flatMap((route, index) => {
    if (index === taken) return [];
    const conditions = Object.keys(NO_CONDITIONS) as (keyof RouteConditions)[];
    const unmet = conditions.filter((name) => {
      if (name === 'door') return !isServedAt(route, listen);
      const alone = { ...route, match: { ...NO_CONDITIONS, [name]: route.match[name] } };
      return findIn(routeMatches(alone, index), request) === null;
    });
    const why = unmet.length === 0 ? 'fits less exactly' : unmet.map((name) => `another ${name}`).join(', ');
    const own = route.name === null ? '' : ` "${route.name}"`;
    return [`gateway.routes[${index}]${own}: ${why}`];
  });
}
