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
import { type Listed, Roster } from '../../transport/roster.ts';
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

/** What a client says first is on its way already. */
const LAST_WORDS_MS = 1_000;

export class MixedListener implements Listener {
  private readonly options: MixedListenerOptions;
  private readonly acceptor: Acceptor;
  private settings: MixedSettings;
  private tls: TlsAcceptor | null;
  /** Those that have not said yet what they want. */
  private readonly undecided = new Roster<Arrival>();

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

  /** Whoever has come and not asked for anything yet may do so within a moment, and is let go then. */
  stop(): void {
    void this.acceptor.stop();
    if (this.undecided.size > 0) setTimeout(() => this.letGo(), LAST_WORDS_MS).unref();
  }

  private letGo(): void {
    for (const { connection } of this.undecided) connection.destroy('drain');
  }

  /** For connections that come from now on; those that are open stay as they are. */
  configure(settings: MixedSettings): void {
    this.settings = settings;
    if (settings.tls === null || this.tls === null) this.tls = this.createTls(settings.tls);
    else this.tls.renew(settings.tls);
  }

  /** `tls` is what the client may begin; it stays so, whatever is configured meanwhile. */
  private listenTo(socket: net.Socket, tls: TlsAcceptor | null): void {
    const arrival = new Arrival(this, new Connection(socket, NOBODY), tls);
    this.undecided.add(arrival);
    arrival.begin(this.settings.timeoutMs);
  }

  /** `bytes` are the first that have come, and valid during the call. */
  decide(arrival: Arrival, bytes: Buffer): void {
    const { connection, tls } = arrival;
    const [first] = bytes;
    if (first === SOCKS5 || first === SOCKS4) {
      this.shakeHands(arrival, bytes);
      return;
    }
    this.forget(arrival);
    if (first === TLS_HANDSHAKE && tls !== null) secure(connection, tls, bytes);
    else this.options.serving.serveHttp(connection, bytes, 0, bytes.length);
  }

  forget(arrival: Arrival): void {
    this.undecided.delete(arrival);
  }

  private shakeHands(arrival: Arrival, bytes: Buffer): void {
    const { requiresLogin, timeoutMs } = this.settings;
    const { connection } = arrival;
    const handshake = new SocksHandshake(connection, { requiresLogin, timeoutMs }, (asked, first) => {
      this.forget(arrival);
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
        onSecure: (socket: TLSSocket, durationMs: number) => {
          serving.handshakeEnded(null, durationMs);
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

/** A client that has not said yet what it wants; it may take so long to begin. */
class Arrival implements ConnectionHandler, Listed {
  readonly connection: Connection;
  readonly tls: TlsAcceptor | null;
  place = -1;
  private readonly listener: MixedListener;
  private readonly deadline = new Deadline(() => this.connection.destroy('timeout'));

  constructor(listener: MixedListener, connection: Connection, tls: TlsAcceptor | null) {
    this.listener = listener;
    this.connection = connection;
    this.tls = tls;
  }

  begin(timeoutMs: number): void {
    this.connection.handler = this;
    wheel.arm(this.deadline, timeoutMs);
    this.connection.resume();
  }

  onData(bytes: Buffer, from: number, to: number): void {
    wheel.release(this.deadline);
    this.listener.decide(this, bytes.subarray(from, to));
  }

  onHalfClose(): void {
    this.connection.destroy('eof');
  }

  onDrain(): void {}

  onClose(): void {
    wheel.release(this.deadline);
    this.listener.forget(this);
  }
}
