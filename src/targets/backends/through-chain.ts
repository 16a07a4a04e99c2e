// Connections to backends through a chain of hops: the last hop leads to the backend, whose name it resolves, and TLS is spoken with
// the backend inside. Rule: what fails on the way is never the backend's fault, and there is no other way than the chain.
import type { Buffer } from 'node:buffer';
import type { Origin, OriginDialEvents, OriginDialler } from '../../contract/target.ts';
import { SluiceError } from '../../core/errors.ts';
import type { ChainAsk, ChainDialler, ChainLink } from '../../services/chain/chain-link.ts';
import { chainError, watchLink } from '../../services/chain/link-watch.ts';
import type { Credentials, ProxyEndpoint } from '../../services/chain/proxy-endpoint.ts';
import { secure } from '../../services/chain/tls-handshake.ts';
import type { Connection } from '../../transport/connection.ts';
import type { DialTimings } from '../../transport/dial.ts';
import { Deadline, wheel } from '../../transport/timers.ts';
import type { TlsClient } from '../../transport/tls-client.ts';

export interface ThroughChainOptions {
  readonly chain: ChainDialler;
  /** Who to be at a proxy; null: as configured. */
  readonly credentialsFor: (endpoint: ProxyEndpoint) => Credentials | null;
  /** For a handshake with a backend. */
  readonly tlsTimeoutMs: number;
}

/** What is dialled: an origin, and how to speak TLS with it. */
interface Goal {
  readonly origin: Pick<Origin, 'host' | 'port' | 'protocol'>;
  readonly tls: TlsClient | null;
}

export class ThroughChain {
  private readonly chain: ChainDialler;
  private readonly ask: ChainAsk;
  private readonly tlsTimeoutMs: number;

  constructor({ chain, credentialsFor, tlsTimeoutMs }: ThroughChainOptions) {
    this.chain = chain;
    this.ask = { key: null, tags: null, credentialsFor };
    this.tlsTimeoutMs = tlsTimeoutMs;
  }

  diallerOf(origin: Goal['origin'], tls: TlsClient | null): OriginDialler {
    const goal: Goal = { origin, tls };
    return { dial: (events, proxyHeader) => this.dial(goal, events, proxyHeader) };
  }

  private dial(goal: Goal, events: OriginDialEvents, proxyHeader: Buffer | null): void {
    const { host, port } = goal.origin;
    this.chain.dial({ host, port }, this.ask, {
      onConnected: (link) => {
        watchLink(link);
        if (proxyHeader !== null) link.connection.write(proxyHeader, 0, proxyHeader.length);
        this.reached(goal, link, events);
      },
      onFailed: (failure) => events.failed(chainError(failure)),
    });
  }

  private reached({ origin, tls }: Goal, { connection, leftover, timings }: ChainLink, events: OriginDialEvents): void {
    const through: DialTimings = { ...timings, connectMs: timings.connectMs + timings.hopsMs };
    // A server of HTTP/2 may speak first, and nobody else.
    const isTooSoon = leftover.length > 0 && (tls !== null || origin.protocol !== 'http2');
    if (isTooSoon) {
      connection.destroy('error');
      events.failed(new SluiceError('upstream_invalid', { message: 'the server spoke before it was asked' }));
    } else if (tls !== null) this.secure(connection, { origin, tls }, { timings: through, events });
    else {
      if (leftover.length > 0) connection.unread(leftover);
      events.connected(connection, through);
    }
  }

  private secure(
    connection: Connection,
    { origin, tls }: Goal & { readonly tls: TlsClient },
    { timings, events }: { readonly timings: DialTimings; readonly events: OriginDialEvents },
  ): void {
    const startedAtMs = performance.now();
    const name = `${origin.host}:${origin.port}`;
    const late = new Deadline(() => {
      handshake.cancel();
      wheel.release(late);
      const seconds = `${this.tlsTimeoutMs / 1000} s`;
      events.failed(tlsError(`${name} did not complete the TLS handshake within ${seconds}`));
    });
    const handshake = secure(connection, tls, origin, {
      onSecure: (inner) => {
        wheel.release(late);
        events.connected(inner, { ...timings, tlsMs: timings.tlsMs + performance.now() - startedAtMs });
      },
      onFailed: (detail, error) => {
        wheel.release(late);
        events.failed(tlsError(`the TLS handshake with ${name} failed: ${detail}`, error));
      },
    });
    wheel.arm(late, this.tlsTimeoutMs);
  }
}

function tlsError(message: string, cause?: Error): SluiceError {
  return new SluiceError('upstream_tls_failed', { message, ...(cause === undefined ? {} : { cause }) });
}
