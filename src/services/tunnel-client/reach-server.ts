// A connection to a tunnel server: directly or through proxies, and in TLS that is verified. Rule: exactly one of its events is told, or
// none after cancel().
import type { Buffer } from 'node:buffer';
import { formatHostPort } from '../../core/address.ts';
import type { Connection } from '../../transport/connection.ts';
import type { DnsCache } from '../../transport/dns-cache.ts';
import type { TlsClient } from '../../transport/tls-client.ts';
import type { ChainAsk, ChainDialler } from '../chain/chain-link.ts';
import { dialChain } from '../chain/dial-chain.ts';
import type { ProxyEndpoint } from '../chain/proxy-endpoint.ts';
import { chainError, watchLink } from '../chain/link-watch.ts';
import { secure } from '../chain/tls-handshake.ts';
import type { ServerAddress } from './server-address.ts';

export interface ThroughHops {
  readonly dialler: ChainDialler;
  readonly ask: ChainAsk | null;
}

export interface ServerWay {
  readonly server: ServerAddress;
  /** Gone through in order; none: directly. */
  readonly proxies: readonly ProxyEndpoint[];
  /** Gone through in place of them. */
  readonly chain: ThroughHops | null;
  readonly dns: DnsCache;
  readonly tls: TlsClient;
}

export interface ReachEvents {
  /** Paused, with no handler of its own yet. */
  reached(connection: Connection): void;
  failed(why: string): void;
}

const CONNECT_MS = 10_000;
export const WHOLE_MS = 20_000;

/** Returns what ends it at once, without a word. */
export function reachServer({ server, proxies, chain, dns, tls }: ServerWay, events: ReachEvents): () => void {
  let running: { cancel(): void };
  const connected = (connection: Connection, leftover: Buffer): void => {
    if (leftover.length > 0) {
      connection.destroy('done');
      events.failed('it spoke before it was asked');
    } else if (!server.secure) events.reached(connection);
    else {
      running = secure(connection, tls, server, {
        onSecure: (inner) => events.reached(inner),
        onFailed: (detail) => events.failed(`the TLS handshake failed: ${detail}`),
      });
    }
  };
  if (chain === null) {
    const options = { dns, connectTimeoutMs: CONNECT_MS, handshakeTimeoutMs: CONNECT_MS, budgetMs: WHOLE_MS };
    running = dialChain(proxies, server, options, {
      onConnected: ({ connection, leftover }) => connected(connection, leftover),
      onFailed: ({ message }) => events.failed(message),
    });
  } else {
    running = chain.dialler.dial(server, chain.ask, {
      onConnected: (link) => {
        watchLink(link);
        connected(link.connection, link.leftover);
      },
      onFailed: (failure) => events.failed(chainError(failure).message),
    });
  }
  return () => running.cancel();
}

export function hostField({ host, port, secure: isSecure }: ServerAddress): string {
  const isUsual = port === (isSecure ? 443 : 80);
  return isUsual ? formatHostPort(host, port).replace(/:\d+$/, '') : formatHostPort(host, port);
}
