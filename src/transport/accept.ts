// Accepts plain connections on a TCP address or a unix socket. Rule: after stop() nothing new comes in, what is open stays.
import net from 'node:net';

export interface ListenAddress {
  readonly host?: string;
  readonly port?: number;
  /** A unix socket; then host and port are not used. */
  readonly path?: string;
}

export interface AcceptOptions {
  readonly address: ListenAddress;
  /** Several threads listen on one port and the kernel spreads connections over them. */
  readonly reusePort?: boolean;
  readonly maxConnections?: number;
  /** Called with each socket, paused; it becomes a Connection, or what TLS makes of it. */
  readonly onSocket: (socket: net.Socket) => void;
  /** A connection beyond maxConnections was dropped. */
  readonly onDrop?: () => void;
}

/** Long enough for a burst while one tick of the event loop runs; the kernel caps it by somaxconn. */
const BACKLOG = 4096;

export class Acceptor {
  private readonly server: net.Server;
  private readonly options: AcceptOptions;
  /** Accepted and not closed yet. */
  connections = 0;
  private readonly onSocketClose = (): void => {
    this.connections--;
  };

  constructor(options: AcceptOptions) {
    this.options = options;
    this.server = net.createServer(
      { pauseOnConnect: true, allowHalfOpen: true, noDelay: true, keepAlive: true, keepAliveInitialDelay: 60_000 },
      (socket) => this.accepted(socket),
    );
    if (options.maxConnections !== undefined) this.server.maxConnections = options.maxConnections;
    if (options.onDrop !== undefined) this.server.on('drop', options.onDrop);
  }

  /** Rejects with the system's own error when the address cannot be bound. */
  listen(): Promise<void> {
    const { address, reusePort } = this.options;
    return new Promise((resolve, reject) => {
      this.server.once('error', reject);
      this.server.once('listening', () => {
        this.server.removeListener('error', reject);
        // Accepting can fail later too (out of file descriptors); the door stays open and accepts again when it can.
        this.server.on('error', () => {});
        resolve();
      });
      this.server.listen({
        ...(address.path === undefined
          ? { host: address.host ?? '127.0.0.1', port: address.port ?? 0 }
          : { path: address.path }),
        backlog: BACKLOG,
        reusePort: reusePort === true,
      });
    });
  }

  /** The real port once it listens; 0 for a unix socket. */
  get port(): number {
    const bound = this.server.address();
    return bound !== null && typeof bound === 'object' ? bound.port : 0;
  }

  private accepted(socket: net.Socket): void {
    this.connections++;
    socket.on('close', this.onSocketClose);
    this.options.onSocket(socket);
  }

  /** Accepts nothing from now on; resolves when what was accepted has closed. */
  stop(): Promise<void> {
    return new Promise((resolve) => {
      if (this.server.listening) this.server.close(() => resolve());
      else resolve();
    });
  }
}
