// Opens connections to origins over the network. Rule: what an origin needs for TLS is made once, with its pool.
import type { Origin, OriginTls } from '../contract/target.ts';
import type { SluiceError } from '../core/errors.ts';
import { Connection, NOBODY } from '../transport/connection.ts';
import { dial, type DialTarget } from '../transport/dial.ts';
import type { DnsCache } from '../transport/dns-cache.ts';
import { TlsClient } from '../transport/tls-client.ts';
import type { Dial } from './origin-pool.ts';

/** Says why somewhere must not be connected to; null: it may. */
export interface OriginGuard {
  /** A name, or an address. */
  refusalOf(host: string, port: number): SluiceError | null;
  refusalOfPath(path: string): SluiceError | null;
}

export function originDialler(defaultTimeoutMs: number, dns: DnsCache, guard: OriginGuard | null = null): Dial {
  const tlsClients = new WeakMap<Origin, TlsClient>();
  return (origin, events, proxyHeader, connectTimeoutMs = defaultTimeoutMs): void => {
    if (origin.dialler !== null) {
      origin.dialler.dial(events, proxyHeader);
      return;
    }
    const refusal = guard === null ? null : refusalOf(guard, origin);
    if (refusal !== null) {
      process.nextTick(() => events.failed(refusal));
      return;
    }
    const tls = origin.tls === null ? undefined : tlsClientOf(origin, origin.tls, tlsClients);
    dial(
      placeOf(origin),
      {
        dns,
        connectTimeoutMs,
        ...(tls === undefined ? {} : { tls }),
        ...(proxyHeader === null ? {} : { proxyHeader }),
        ...(guard === null ? {} : { refusalOf: (address: string) => guard.refusalOf(address, origin.port) }),
      },
      {
        onConnected: (socket, timings) => events.connected(new Connection(socket, NOBODY), timings),
        onFailed: (error) => events.failed(error),
      },
    );
  };
}

function refusalOf(guard: OriginGuard, { host, port, path, address }: Origin): SluiceError | null {
  return path === null ? guard.refusalOf(address ?? host, port) : guard.refusalOfPath(path);
}

function placeOf({ host, port, path, address = null }: Origin): DialTarget {
  return { host, port, ...(path === null ? {} : { path }), ...(address === null ? {} : { address }) };
}

function tlsClientOf(origin: Origin, tls: OriginTls, known: WeakMap<Origin, TlsClient>): TlsClient {
  const client = known.get(origin) ?? createTlsClient(tls, origin.protocol);
  known.set(origin, client);
  return client;
}

/** How an origin is spoken to inside TLS. */
export function createTlsClient(tls: OriginTls, protocol: Origin['protocol']): TlsClient {
  return new TlsClient({
    alpn: protocol === 'http2' ? ['h2'] : ['http/1.1'],
    ...(tls.serverName === null ? {} : { serverName: tls.serverName }),
    ...(tls.ca === null ? {} : { ca: tls.ca }),
    ...(tls.certificate === null ? {} : { certificate: tls.certificate }),
    verify: tls.verify,
  });
}
