// Accepts the clients of a forward proxy, all on one port: HTTP, SOCKS4, SOCKS4a and SOCKS5, in the clear or inside TLS.
// Rule: the first byte tells what a client speaks, and no byte of it is lost on the way to whoever serves it.
import { Buffer } from 'node:buffer';
import type net from 'node:net';
import type { TLSSocket } from 'node:tls';
import { SOCKS4, SOCKS5 } from '../../codec/socks/socks-words.ts';
import type { Listener } from '../../contract/listener.ts';
import { formatHostPort } from '../../core/address.ts';
import { Acceptor, type ListenAddress } from '../../transport/accept.ts';
import { Connection, type ConnectionHandler, NOBODY } from '../../transport/connection.ts';
import { Deadline, wheel } from '../../transport/timers.ts';
import { type HandshakeFailure, TlsAcceptor } from '../../transport/tls-accept.ts';
import type { ServerTlsOptions } from '../../transport/tls-context.ts';
import { type SocksAsked, SocksHandshake } from './socks-handshake.ts';

/** Whoever serves the connections that come in. */
export interface MixedServing {
  /** `bytes` have been read of it already, and are valid during the call. */
  serveHttp(connection: Connection, bytes: Buffer, from: number, to: number): void;
  /** `first` is what the client has sent behind its request. */
  serveTunnel(connection: Connection, asked: SocksAsked, first: Buffer): void;
  /** A connection was turned away, since too many are open. */
  refused(): void;
  handshakeEnded(failure: HandshakeFailure | null, durationMs: number): void;
}

/** What may change while the listener stays open. */
export interface MixedSettings {
  /** Clients without TLS are served all the same. */
  readonly tls: ServerTlsOptions | null;
  readonly requiresLogin: boolean;
  /** For a client to say what it wants. */
  readonly timeoutMs: number;
}

export interface MixedListenerOptions {
  readonly address: ListenAddress;
  readonly maxConnections: number;
  readonly reusePort: boolean;
  readonly serving: MixedServing;
  readonly settings: MixedSettings;
}

/** The first byte of a TLS record that begins a handshake. */
const TLS_HANDSHAKE = 0x16;

export class MixedListener implements Listener {
  private readonly options: MixedListenerOptions;
  private readonly acceptor: Acceptor;
  private settings: MixedSettings;
  private tls: TlsAcceptor | null;
  /** Those that have not said yet what they want. */
  private readonly undecided = new Set<Connection>();

  constructor(options: MixedListenerOptions) {
    this.options = options;
    this.settings = options.settings;
    this.tls = this.createTls(options.settings.tls);
    this.acceptor = new Acceptor({
      address: options.address,
      reusePort: options.reusePort,
      maxConnections: options.maxConnections,
      onSocket: (socket) => this.listenTo(socket, this.tls),
      onDrop: () => options.serving.refused(),
    });
  }

  get url(): string {
    const { address } = this.options;
    if (address.path !== undefined) return `unix:${address.path}`;
    return `http://${formatHostPort(address.host ?? '127.0.0.1', this.acceptor.port)}`;
  }

  get connections(): number {
    return this.acceptor.connections;
  }

  start(): Promise<void> {
    return this.acceptor.listen();
  }

  /** Whoever has not asked for anything by now is let go. */
  stop(): void {
    void this.acceptor.stop();
    for (const connection of this.undecided) connection.destroy('drain');
  }

  /** For connections that come from now on; those that are open stay as they are. */
  configure(settings: MixedSettings): void {
    this.settings = settings;
    if (settings.tls === null || this.tls === null) this.tls = this.createTls(settings.tls);
    else this.tls.renew(settings.tls);
  }

  /** `tls` is what the client may begin; it stays so, whatever is configured meanwhile. */
  private listenTo(socket: net.Socket, tls: TlsAcceptor | null): void {
    const connection = new Connection(socket, NOBODY);
    this.undecided.add(connection);
    connection.handler = new FirstByte(connection, this.settings.timeoutMs, {
      onBytes: (bytes, from, to) => this.decide(connection, tls, bytes.subarray(from, to)),
      onGone: () => this.undecided.delete(connection),
    });
    connection.resume();
  }

  private decide(connection: Connection, tls: TlsAcceptor | null, bytes: Buffer): void {
    const { serving } = this.options;
    const [first] = bytes;
    if (first === SOCKS5 || first === SOCKS4) this.shakeHands(connection, bytes);
    else {
      this.undecided.delete(connection);
      if (first === TLS_HANDSHAKE && tls !== null) secure(connection, tls, bytes);
      else serving.serveHttp(connection, bytes, 0, bytes.length);
    }
  }

  private shakeHands(connection: Connection, bytes: Buffer): void {
    const { requiresLogin, timeoutMs } = this.settings;
    const handshake = new SocksHandshake(connection, { requiresLogin, timeoutMs }, (asked, first) => {
      this.undecided.delete(connection);
      if (asked !== null) this.options.serving.serveTunnel(connection, asked, first);
    });
    handshake.onData(bytes, 0, bytes.length);
  }

  private createTls(options: ServerTlsOptions | null): TlsAcceptor | null {
    if (options === null) return null;
    const { serving } = this.options;
    return new TlsAcceptor(
      { ...options, alpn: ['http/1.1'] },
      {
        onSecure: (socket: TLSSocket) => {
          serving.handshakeEnded(null, 0);
          this.listenTo(socket, null);
        },
        onFailure: (failure) => serving.handshakeEnded(failure, 0),
      },
    );
  }
}

function secure(connection: Connection, tls: TlsAcceptor, bytes: Buffer): void {
  connection.pause();
  const socket = connection.release();
  socket.unshift(Buffer.from(bytes));
  tls.accept(socket);
}

interface FirstByteEvents {
  onBytes(bytes: Buffer, from: number, to: number): void;
  onGone(): void;
}

/** Waits for a client to begin, for so long. */
class FirstByte implements ConnectionHandler {
  private readonly connection: Connection;
  private readonly events: FirstByteEvents;
  private readonly deadline = new Deadline(() => this.connection.destroy('timeout'));

  constructor(connection: Connection, timeoutMs: number, events: FirstByteEvents) {
    this.connection = connection;
    this.events = events;
    wheel.arm(this.deadline, timeoutMs);
  }

  onData(bytes: Buffer, from: number, to: number): void {
    wheel.release(this.deadline);
    this.events.onBytes(bytes, from, to);
  }

  onHalfClose(): void {
    this.connection.destroy('eof');
  }

  onDrain(): void {}

  onClose(): void {
    wheel.release(this.deadline);
    this.events.onGone();
  }
}
