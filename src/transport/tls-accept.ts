// Ends TLS on accepted sockets. Rule: whatever a client sends, each socket handed in comes out exactly once, as an
// established TLS socket or as a counted failure, within the handshake timeout.
import type net from 'node:net';
import tls from 'node:tls';
import type { ProxiedEnds } from '../codec/proxy-protocol/proxy-header.ts';
import { assumeEnds } from './proxy-protocol.ts';
import { createServerContexts, type ServerTlsOptions } from './tls-context.ts';

/** Why a handshake failed, as metrics count it. */
export type HandshakeFailure =
  | 'timeout'
  | 'closed'
  | 'plain_http'
  | 'client_certificate'
  | 'certificate_refused'
  | 'no_common_ground'
  | 'not_tls'
  | 'other';

export interface TlsAcceptOptions {
  readonly handshakeTimeoutMs?: number;
  /** An established socket that is paused and has no listeners; it becomes a Connection, or what HTTP/2 makes of it. The time is that of its handshake. */
  readonly onSecure: (socket: tls.TLSSocket, durationMs: number) => void;
  readonly onFailure?: (failure: HandshakeFailure, error: Error) => void;
}

interface Accepted {
  readonly atMs: number;
  readonly ends: ProxiedEnds | null;
}

export class TlsAcceptor {
  readonly #options: TlsAcceptOptions;
  #server: tls.Server;
  #handshaking = 0;
  #expiresAtMs = Infinity;
  /** By the real peer, for nothing else that is public tells which accepted socket a TLS socket was made of. */
  readonly #accepted = new Map<string, Accepted>();

  constructor(tlsOptions: ServerTlsOptions, options: TlsAcceptOptions) {
    this.#options = options;
    this.#server = this.#createServer(tlsOptions);
  }

  /**
   * Takes over an accepted socket, before anything of TLS has been read of it. `ends` are those that a PROXY head named:
   * the socket that comes out tells them as its own.
   */
  accept(socket: net.Socket, ends: ProxiedEnds | null = null): void {
    this.#handshaking += 1;
    this.#remember(socket, ends);
    // What goes wrong below is told by the TLS socket; without a listener it would be thrown here as well.
    socket.on('error', ignore);
    // Whoever ends their side before the handshake is done is gone; half-open would keep them until the timeout.
    socket.allowHalfOpen = false;
    // A tls.Server that never listens: this is its documented door for sockets that were accepted elsewhere.
    this.#server.emit('connection', socket);
  }

  /** Other certificates from the next handshake on; handshakes under way and open connections keep theirs. */
  renew(tlsOptions: ServerTlsOptions): void {
    this.#server = this.#createServer(tlsOptions);
  }

  /** How many handshakes are under way. */
  get handshaking(): number {
    return this.#handshaking;
  }

  /** When the first of the certificates ends, in milliseconds since 1970. */
  get expiresAtMs(): number {
    return this.#expiresAtMs;
  }

  #createServer(tlsOptions: ServerTlsOptions): tls.Server {
    const contexts = createServerContexts(tlsOptions);
    const server = tls.createServer({
      ...contexts.options,
      handshakeTimeout: this.#options.handshakeTimeoutMs ?? 10_000,
      SNICallback: (serverName, done) => done(null, contexts.find(serverName)),
    });
    server.on('secureConnection', (socket) => this.#succeed(socket));
    server.on('tlsClientError', (error, socket) => this.#fail(error, socket));
    this.#expiresAtMs = contexts.expiresAtMs;
    return server;
  }

  #remember(socket: net.Socket, ends: ProxiedEnds | null): void {
    // Over a unix socket all peers look the same; then the connection keeps the address of the balancer, which is none.
    if (socket.remotePort === undefined) return;
    const peer = peerOf(socket);
    this.#accepted.set(peer, { atMs: performance.now(), ends });
    socket.once('close', () => this.#accepted.delete(peer));
  }

  #succeed(socket: tls.TLSSocket): void {
    if (isGone(socket)) {
      this.#fail(Object.assign(new Error('the client has reset its connection'), { code: 'ECONNRESET' }), socket);
      return;
    }
    this.#handshaking -= 1;
    // A client could make the server work hard by it, and TLS 1.3 has done away with it.
    socket.disableRenegotiation();
    socket.allowHalfOpen = true;
    socket.pause();
    const accepted = this.#accepted.get(peerOf(socket));
    if (accepted !== undefined && accepted.ends !== null) assumeEnds(socket, accepted.ends);
    this.#options.onSecure(socket, accepted === undefined ? 0 : performance.now() - accepted.atMs);
  }

  #fail(error: Error, socket: tls.TLSSocket): void {
    this.#handshaking -= 1;
    socket.destroy();
    this.#options.onFailure?.(classify(error, socket), error);
  }
}

function ignore(): void {}

/**
 * The reset of a client that leaves right behind its handshake is lost on Node's own write of session tickets: nothing that is
 * written afterwards is ever sent, nor does it fail. Such a socket still has its own address and no other any more.
 */
function isGone(socket: tls.TLSSocket): boolean {
  return socket.localAddress !== undefined && socket.remoteAddress === undefined;
}

function peerOf(socket: net.Socket): string {
  return `${socket.remoteAddress} ${socket.remotePort}`;
}

/** By error code; what only says that the peer went away is told from a refused client certificate by the socket. */
const FAILURES: Readonly<Record<string, HandshakeFailure>> = {
  ERR_TLS_HANDSHAKE_TIMEOUT: 'timeout',
  ECONNRESET: 'closed',
  EPIPE: 'closed',
  ERR_SSL_UNEXPECTED_EOF_WHILE_READING: 'closed',
  ERR_SSL_HTTP_REQUEST: 'plain_http',
  ERR_SSL_HTTPS_PROXY_REQUEST: 'plain_http',
  ERR_SSL_PEER_DID_NOT_RETURN_A_CERTIFICATE: 'client_certificate',
  ERR_SSL_CERTIFICATE_VERIFY_FAILED: 'client_certificate',
  ERR_SSL_NO_SHARED_CIPHER: 'no_common_ground',
  ERR_SSL_UNSUPPORTED_PROTOCOL: 'no_common_ground',
  ERR_SSL_VERSION_TOO_LOW: 'no_common_ground',
  ERR_SSL_NO_SUITABLE_SIGNATURE_ALGORITHM: 'no_common_ground',
  ERR_SSL_NO_APPLICATION_PROTOCOL: 'no_common_ground',
  ERR_SSL_WRONG_VERSION_NUMBER: 'not_tls',
  ERR_SSL_BAD_RECORD_TYPE: 'not_tls',
  ERR_SSL_PACKET_LENGTH_TOO_LONG: 'not_tls',
};

/** Alerts by which a client says that it does not trust our certificate. */
const REFUSED_CERTIFICATE =
  /^ERR_SSL_(?:TLSV1|SSLV3)_ALERT_(?:UNKNOWN_CA|BAD_CERTIFICATE|CERTIFICATE_\w+|UNSUPPORTED_CERTIFICATE)$/;

function classify(error: NodeJS.ErrnoException, socket: tls.TLSSocket): HandshakeFailure {
  // The handshake itself succeeds with a client certificate that is then found not to be valid.
  if (socket.authorizationError) return 'client_certificate';
  const code = error.code ?? '';
  return FAILURES[code] ?? (REFUSED_CERTIFICATE.test(code) ? 'certificate_refused' : 'other');
}
