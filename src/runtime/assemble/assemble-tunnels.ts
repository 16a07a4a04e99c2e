// How the gateway leads to tunnels: by routes that name one, and by the hosts below the domain of the server. Rule: whichever thread a
// visitor comes to, the exchange goes to the main one, where the clients are.
import type { Config } from '../../config/config.ts';
import type { Policy } from '../../contract/policy.ts';
import type { AnswerTarget, Origin, OriginDialler } from '../../contract/target.ts';
import { originDialler } from '../../engine/origin-dialler.ts';
import type { RouteSpec } from '../../engine/program.ts';
import type { RouteMatch } from '../../engine/router.ts';
import type { AclPolicy } from '../../config/schema/policies.ts';
import { ClientAddress } from '../../services/identity/client-address.ts';
import type { KnownPlaces } from '../../services/tunnels/known-places.ts';
import type { MetricsRecorder } from '../../telemetry/metrics-recorder.ts';
import { tunnelFamilies } from '../../telemetry/tunnel-families.ts';
import {
  type BackendOrigin,
  backends,
  hidesMisses,
  nameBelow,
  originOfUrl,
  tunnelName,
  tunnelWay,
} from '../registry.ts';
import { greetedDial } from '../tunnels/greeted-dial.ts';
import { nodeLines } from '../tunnels/node-lines.ts';
import { engineTimeouts } from './assemble-bounds.ts';
import { ConfiguredDns } from './configured-dns.ts';

export interface TunnelParts {
  /** Of the unix socket where the main thread takes exchanges for tunnels. */
  readonly tunnelSocket: string;
  /** On which other nodes tunnels are; missing: this one is alone. */
  readonly knownPlaces?: KnownPlaces;
  readonly recorder?: MetricsRecorder;
}

export const TUNNEL_ROUTE = 'tunnel';
/** For the clients themselves, where they connect to the gateway. */
export const SERVER_ROUTE = 'tunnel-server';

/** How a route gets to a tunnel. */
export interface WayToTunnel {
  /** Before the policies of the configuration, which may say otherwise. */
  readonly before: readonly Policy[];
  readonly spec: Pick<RouteSpec, 'target' | 'policies'>;
}

export function wayToTunnel(
  config: Config,
  { tunnelSocket, knownPlaces, recorder }: TunnelParts,
  { client = null, ...of }: TunnelWish,
): WayToTunnel {
  if (!config.tunnels.server.enabled) return { before: [], spec: { target: NO_TUNNELS, policies: [] } };
  const url = originOfUrl(`unix:${tunnelSocket}`);
  const origin: BackendOrigin = { ...url, name: 'tunnels', label: 'tunnels', member: null };
  const { node } = config.process;
  const policies = [tunnelName(of, client)];
  if (knownPlaces === undefined || node === null) {
    return { before: [patience(config)], spec: { target: backends(origin), policies } };
  }
  const target = tunnelWay({
    here: origin,
    places: knownPlaces,
    nameOf: ({ request }) => ('name' in of ? of.name : nameBelow(request.host, of.domain)),
    diallerOf: nodeDiallers(config, node.secret),
    sent: recorder === undefined ? () => {} : counterOf(recorder),
  });
  return { before: [patience(config)], spec: { target, policies: [hidesMisses, ...policies] } };
}

function counterOf(recorder: MetricsRecorder): () => void {
  const { toNodes } = tunnelFamilies(recorder);
  const { slots } = recorder;
  return () => void (slots[toNodes] = (slots[toNodes] ?? 0) + 1);
}

function nodeDiallers(config: Config, secret: string): (node: Origin) => OriginDialler {
  const dial = originDialler(config.timeouts.connect, new ConfiguredDns().of(config).cache);
  // The part that is asked next tells of it.
  const greeted = nodeLines(greetedDial(dial, secret, () => {}));
  return (node) => ({ dial: (events, proxyHeader) => greeted(node, events, proxyHeader) });
}

export type TunnelWish = Parameters<typeof tunnelName>[0] & { readonly client?: ClientAddress | null };

/** Whom the policy for addresses believes about visitors; null: nobody but the connection. The nearest place decides. */
export function visitorsOf(
  ...places: readonly { readonly acl?: AclPolicy | false | undefined }[]
): ClientAddress | null {
  const acl = places.find((place) => place.acl !== undefined)?.acl;
  return acl === undefined || acl === false || acl.trusted_proxies.length === 0
    ? null
    : new ClientAddress(acl.trusted_proxies);
}

/** What of the server clients of tunnels ask at the gateway, where they may; the rest of its paths are free. */
const SERVER_PATHS = [
  '/api/v1/ws/tunnel',
  '/api/v1/ws/proxy',
  '/api/v1/auth/*',
  '/api/v1/users/me',
  '/api/v1/hostnames',
  '/api/v1/hostnames/*',
];

export function serverMatches({ tunnels: { server } }: Config): RouteMatch[] {
  if (!server.enabled || !server.one_port) return [];
  // Clients of 2.x write two slashes where a server is named with one at its end.
  const paths = [...SERVER_PATHS, ...SERVER_PATHS.map((path) => `/${path}`)];
  return paths.map((path) => ({ hosts: [server.domain], path, methods: [], fields: [], query: [] }));
}

/** Where nobody can open one. */
const NO_TUNNELS: AnswerTarget = { kind: 'answer', take: (exchange) => exchange.fail('tunnel_unknown') };

/** null: nobody may open tunnels. */
export function tunnelMatch({ tunnels: { server } }: Config): RouteMatch | null {
  const hosts = [`*.${server.domain}`, ...(server.verified ?? [])];
  return server.enabled ? { hosts, path: '/*', methods: [], fields: [], query: [] } : null;
}

/**
 * That a client is still there is found out by its heartbeats: its app may be silent within an answer. And it has one place for each
 * visitor, which those who have left do not keep. While a client gathers an answer, the part with the clients says so.
 */
function patience(config: Config): Policy {
  const timeouts = engineTimeouts(config);
  const readMs = Math.max(timeouts.readMs, timeouts.tunnelIdleMs);
  return {
    name: 'tunnel-bounds',
    bounds: { halfIsGone: true, hidesProgress: true, timeouts: { ...timeouts, readMs } },
  };
}
