// Opens tunnels as a configuration, or a command line, describes them. Rule: it judges everything that can be judged before a connection
// is made.
import type { ClientTunnel, FieldChanges, LocalHealthConfig } from '../../config/schema/tunnel-client.ts';
import { formatHostPort } from '../../core/address.ts';
import { SluiceError } from '../../core/errors.ts';
import { type IpRange, parseIpRange } from '../../core/ip.ts';
import type { ExposedTunnel, FieldChange, LocalCheck } from '../../services/tunnel-client/exposed-tunnel.ts';
import type { RefusalOf } from '../../services/tunnel-client/local-lines.ts';
import type { RequestBook } from '../../services/tunnel-client/request-book.ts';
import { callServer } from '../../services/tunnel-client/server-call.ts';
import { parseServerAddress, serverName } from '../../services/tunnel-client/server-address.ts';
import { TunnelClient, type TunnelClientEvents } from '../../services/tunnel-client/tunnel-client.ts';
import { DnsCache } from '../../transport/dns-cache.ts';
import type { ThroughHops } from '../../services/tunnel-client/reach-server.ts';
import { type Environment, serverWay } from './server-way.ts';

export type { ClientEnd, TunnelClient, TunnelClientEvents } from '../../services/tunnel-client/tunnel-client.ts';
export type { OpenedTunnel } from '../../services/tunnel-client/tunnel-link.ts';
export type { ExposedTunnel } from '../../services/tunnel-client/exposed-tunnel.ts';
export type { LocalVerdict } from '../../services/tunnel-client/local-health.ts';
export type { RequestRecord } from '../../services/tunnel-client/link-stream.ts';

/** Default: as the environment says. null: directly. */
export type Through = ThroughHops | 'environment' | null;

export interface ExposeOptions {
  readonly server: string;
  readonly token: string;
  readonly tunnels: readonly ClientTunnel[];
  readonly env: Environment;
  readonly through?: Through;
  /** See TunnelClientOptions. */
  readonly isPatient: boolean;
  readonly tries?: number;
  readonly silentMs?: number;
  readonly book?: RequestBook;
  /** Where no visitor may get to. */
  readonly refusalOf?: RefusalOf;
}

/** It begins with `start`. Throws a SluiceError where something asked for is not possible. */
export function exposeTunnels(
  { server, token, tunnels, env, through = 'environment', ...patience }: ExposeOptions,
  events: TunnelClientEvents,
): TunnelClient {
  const exposed = tunnels.map((wish) => exposedTunnel(wish));
  return new TunnelClient(
    { way: serverWay(server, env, through), token, tunnels: exposed, dns: new DnsCache(), ...patience },
    events,
  );
}

/** One spelling for each server: what its token is kept under. */
export function nameOfServer(server: string): string {
  return serverName(parseServerAddress(server));
}

export interface NewAccount {
  readonly email: string;
  readonly invitation?: string | undefined;
}

/** Resolves with the token of a new account. */
export async function registerAccount(
  server: string,
  account: NewAccount,
  env: Environment,
  through: Through = 'environment',
): Promise<string> {
  const way = serverWay(server, env, through);
  const { status, retryAfter, body } = await callServer(way, '/api/v1/auth/register', account);
  const token = body['auth_token'];
  if (status >= 200 && status < 300 && typeof token === 'string' && token !== '') return token;
  const later = retryAfter === null ? '' : ` Try again in ${retryAfter} s.`;
  if (status === 429 || status === 503) {
    throw new SluiceError('tunnel_unreachable', {
      message: `The tunnel server registers nobody right now (${status}).${later}`,
    });
  }
  const { error } = body;
  const said =
    typeof error === 'object' && error !== null && 'message' in error ? String(error.message) : `it answered ${status}`;
  throw new SluiceError('tunnel_refused', { message: `The tunnel server gives no token: ${said}` });
}

function exposedTunnel(wish: ClientTunnel): ExposedTunnel {
  const {
    name,
    protocol,
    local_host: localHost,
    local_port: localPort,
    subdomain,
    hostname,
    remote_port: remotePort,
    auth,
    group = false,
  } = wish;
  return {
    name,
    protocol,
    localHost,
    localPort,
    subdomain,
    hostname,
    remotePort,
    proxyProtocol: wish.proxy_protocol,
    allowed: wish.allow,
    group,
    hostHeader: hostHeaderOf(wish),
    auth,
    allow: wish.allow.map(rangeOf),
    requestFields: changesOf(wish.request_headers),
    responseFields: changesOf(wish.response_headers),
    ...(wish.health && { health: checkOf(wish.health) }),
  };
}

function checkOf(health: LocalHealthConfig): LocalCheck {
  const { path, interval, timeout, unhealthy_after: unhealthyAfter, healthy_after: healthyAfter } = health;
  return { path, intervalMs: interval, timeoutMs: timeout, unhealthyAfter, healthyAfter };
}

function hostHeaderOf({ host_header: hostHeader, local_host: host, local_port: port }: ClientTunnel): string | null {
  if (hostHeader === 'visitor') return null;
  if (hostHeader !== 'local') return hostHeader;
  return port === 80 ? localName(host) : formatHostPort(localName(host), port);
}

/** Development servers let themselves be called by that name, whatever address they listen on. */
function localName(host: string): string {
  return host === '127.0.0.1' || host === '::1' ? 'localhost' : host;
}

function rangeOf(text: string): IpRange {
  const range = parseIpRange(text);
  if (range === undefined) {
    throw new SluiceError('usage', {
      message: `${JSON.stringify(text)} is no address and no network such as 10.0.0.0/8`,
    });
  }
  return range;
}

function changesOf(changes: FieldChanges): FieldChange[] {
  return Object.entries(changes).map(([name, value]): FieldChange => [name, value]);
}
