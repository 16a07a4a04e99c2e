// Accepts clients that speak HTTP/1.1 or HTTP/2, in the clear or over TLS. Rule: what a client speaks is known before
// anything is read as a request: by ALPN with TLS, by the connection preface without.
import type net from 'node:net';
import type { TLSSocket } from 'node:tls';
import { formatHostPort } from '../../core/address.ts';
import type { Listener } from '../../contract/listener.ts';
import { peekHello } from '../../transport/hello-peek.ts';
import { Acceptor, type ListenAddress } from '../../transport/accept.ts';
import type { ProxiedEnds } from '../../codec/proxy-protocol/proxy-header.ts';
import type { IpRange } from '../../core/ip.ts';
import { assumeEnds, receiveProxyHeader } from '../../transport/proxy-protocol.ts';
import { type HandshakeFailure, TlsAcceptor } from '../../transport/tls-accept.ts';
import type { ServerTlsOptions } from '../../transport/tls-context.ts';

/** Whoever serves the connections that come in. */
export interface HttpServing {
  /** `first` is what has been read of it already. */
  serveHttp1(socket: net.Socket, first: Buffer | null): void;
  serveHttp2(socket: net.Socket): void;
  /** A connection was turned away, since too many are open. */
  refused(): void;
  /** A client asks for that name in TLS. True: it goes through as it is, and is none of ours. `ends`: as in `first`, of a balancer. */
  pass?(serverName: string, socket: net.Socket, first: Buffer, ends: ProxiedEnds | null): boolean;
  handshakeEnded(failure: HandshakeFailure | null, durationMs: number): void;
}

/** What may change while the listener stays open. */
export interface HttpSettings {
  readonly tls: ServerTlsOptions | null;
  readonly http2: boolean;
  /** Peers whose connections begin with a head of the PROXY protocol. */
  readonly proxyPeers: readonly IpRange[];
  readonly proxyTimeoutMs: number;
  /** How long a client may take to say which server it asks for; null: nobody wants to know. */
  readonly helloTimeoutMs?: number | null;
}

export interface HttpListenerOptions {
  readonly address: ListenAddress;
  readonly maxConnections: number;
  readonly reusePort: boolean;
  readonly serving: HttpServing;
  readonly settings: HttpSettings;
}

export class HttpListener implements Listener {
  private readonly options: HttpListenerOptions;
  private readonly acceptor: Acceptor;
  private settings: HttpSettings;
  private tls: TlsAcceptor | null;

  constructor(options: HttpListenerOptions) {
    this.options = options;
    this.settings = options.settings;
    this.tls = options.settings.tls === null ? null : this.createTls(options.settings.tls);
    this.acceptor = new Acceptor({
      address: options.address,
      reusePort: options.reusePort,
      maxConnections: options.maxConnections,
      onSocket: (socket) => this.accepted(socket),
      onDrop: () => options.serving.refused(),
    });
  }

  get url(): string {
    const { address } = this.options;
    if (address.path !== undefined) return `unix:${address.path}`;
    const scheme = this.tls === null ? 'http' : 'https';
    return `${scheme}://${formatHostPort(address.host ?? '127.0.0.1', this.acceptor.port)}`;
  }

  get connections(): number {
    return this.acceptor.connections;
  }

  start(): Promise<void> {
    return this.acceptor.listen();
  }

  stop(): void {
    void this.acceptor.stop();
  }

  /** For connections that come from now on; those that are open stay as they are. */
  configure(settings: HttpSettings): void {
    this.settings = settings;
    const { tls } = settings;
    if (tls === null) this.tls = null;
    else if (this.tls === null) this.tls = this.createTls(tls);
    else this.tls.renew(this.withProtocols(tls));
  }

  private accepted(socket: net.Socket): void {
    const { proxyPeers, proxyTimeoutMs } = this.settings;
    if (proxyPeers.length === 0) {
      this.look(socket, null, null);
      return;
    }
    receiveProxyHeader(socket, {
      trusted: proxyPeers,
      timeoutMs: proxyTimeoutMs,
      onReady: (ready, ends, rest) => this.look(ready, ends, rest),
      onFailure: () => this.options.serving.refused(),
    });
  }

  /** Which server is asked for, where some are not ours. */
  private look(socket: net.Socket, ends: ProxiedEnds | null, rest: Buffer | null): void {
    const { helloTimeoutMs = null } = this.settings;
    if (helloTimeoutMs === null) {
      this.begin(socket, ends, rest);
      return;
    }
    peekHello(socket, rest, {
      timeoutMs: helloTimeoutMs,
      onReady: (serverName, first) => {
        const isPassed = serverName !== null && this.options.serving.pass?.(serverName, socket, first, ends) === true;
        if (!isPassed) this.begin(socket, ends, first);
      },
      onFailure: () => {},
    });
  }

  /** `ends` are those that a balancer has named, `first` what has been read beyond its head. */
  private begin(socket: net.Socket, ends: ProxiedEnds | null, first: Buffer | null): void {
    if (this.tls === null) {
      if (ends !== null) assumeEnds(socket, ends);
      this.options.serving.serveHttp1(socket, first);
      return;
    }
    if (first !== null && first.length > 0) socket.unshift(first);
    this.tls.accept(socket, ends);
  }

  private createTls(tls: ServerTlsOptions): TlsAcceptor {
    const { serving } = this.options;
    return new TlsAcceptor(this.withProtocols(tls), {
      onSecure: (socket: TLSSocket, durationMs: number) => {
        serving.handshakeEnded(null, durationMs);
        if (socket.alpnProtocol === 'h2') serving.serveHttp2(socket);
        else serving.serveHttp1(socket, null);
      },
      onFailure: (failure) => serving.handshakeEnded(failure, 0),
    });
  }

  private withProtocols(tls: ServerTlsOptions): ServerTlsOptions {
    return { ...tls, alpn: this.settings.http2 ? ['h2', 'http/1.1'] : ['http/1.1'] };
  }
}
