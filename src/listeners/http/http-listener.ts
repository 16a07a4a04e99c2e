// Accepts clients that speak HTTP/1.1 or HTTP/2, in the clear or over TLS. Rule: what a client speaks is known before
// anything is read as a request: by ALPN with TLS, by the connection preface without.
import type net from 'node:net';
import type { TLSSocket } from 'node:tls';
import { formatHostPort } from '../../core/address.ts';
import type { Listener } from '../../contract/listener.ts';
import { Acceptor, type ListenAddress } from '../../transport/accept.ts';
import { type HandshakeFailure, TlsAcceptor } from '../../transport/tls-accept.ts';
import type { ServerTlsOptions } from '../../transport/tls-context.ts';

/** Whoever serves the connections that come in. */
export interface HttpServing {
  serveHttp1(socket: net.Socket): void;
  serveHttp2(socket: net.Socket): void;
  /** A connection was turned away, since too many are open. */
  refused(): void;
  handshakeEnded(failure: HandshakeFailure | null, durationMs: number): void;
}

export interface HttpListenerOptions {
  readonly address: ListenAddress;
  readonly tls: ServerTlsOptions | null;
  readonly http2: boolean;
  readonly maxConnections: number;
  readonly reusePort: boolean;
  readonly serving: HttpServing;
}

export class HttpListener implements Listener {
  private readonly options: HttpListenerOptions;
  private readonly acceptor: Acceptor;
  private tls: TlsAcceptor | null = null;

  constructor(options: HttpListenerOptions) {
    this.options = options;
    if (options.tls !== null) this.tls = this.createTls(options.tls);
    this.acceptor = new Acceptor({
      address: options.address,
      reusePort: options.reusePort,
      maxConnections: options.maxConnections,
      onSocket: (socket) => this.accepted(socket),
      onDrop: () => options.serving.refused(),
    });
  }

  get url(): string {
    const { address, tls } = this.options;
    if (address.path !== undefined) return `unix:${address.path}`;
    return `${tls === null ? 'http' : 'https'}://${formatHostPort(address.host ?? '127.0.0.1', this.acceptor.port)}`;
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

  /** Other certificates from the next handshake on. */
  renew(tls: ServerTlsOptions): void {
    this.tls?.renew(this.withProtocols(tls));
  }

  private accepted(socket: net.Socket): void {
    if (this.tls !== null) this.tls.accept(socket);
    else this.options.serving.serveHttp1(socket);
  }

  private createTls(tls: ServerTlsOptions): TlsAcceptor {
    const { serving } = this.options;
    return new TlsAcceptor(this.withProtocols(tls), {
      onSecure: (socket: TLSSocket) => {
        serving.handshakeEnded(null, 0);
        if (socket.alpnProtocol === 'h2') serving.serveHttp2(socket);
        else serving.serveHttp1(socket);
      },
      onFailure: (failure) => serving.handshakeEnded(failure, 0),
    });
  }

  private withProtocols(tls: ServerTlsOptions): ServerTlsOptions {
    return { ...tls, alpn: this.options.http2 ? ['h2', 'http/1.1'] : ['http/1.1'] };
  }
}
