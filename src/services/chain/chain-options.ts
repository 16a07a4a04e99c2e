// What a chain is made of, and how much it may try. Types only.
import type { DnsCache } from '../../transport/dns-cache.ts';
import type { Group } from '../balance/group.ts';
import type { ProxyEndpoint } from './proxy-endpoint.ts';
import type { WarmConnections } from './warm-connections.ts';

export interface ChainOptions {
  readonly name: string;
  /** In the order of the way. None: direct connections, for whoever asks for them by name. */
  readonly groups: readonly Group<ProxyEndpoint>[];
  readonly dns: DnsCache;
  /** For reaching the first hop. */
  readonly connectTimeoutMs: number;
  /** For each hop that says nothing else: its TLS, and its answer, in which it reaches the next. */
  readonly handshakeTimeoutMs: number;
  /** For one request, with everything that is tried for it. */
  readonly budgetMs: number;
  /** How often one request may dial. */
  readonly attempts: number;
  /** Answers of the last hop after which another of its members is tried. */
  readonly retryOnStatus: readonly number[];
  /** Tries that follow a failure, as a share of all requests, beyond a burst. Default: 0.2. */
  readonly retryShare?: number;
  /** Connections to the first hop, ready before they are needed; shared by all chains that begin there. */
  readonly warm?: WarmConnections | null | undefined;
}
