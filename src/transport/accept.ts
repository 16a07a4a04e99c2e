// Accepts plain connections on a TCP address or a unix socket. Rule: after stop() nothing new comes in, what is open stays.
import net from 'node:net';
import { passedSockets } from './passed-sockets.ts';
import { CAN_SHARE_PORTS, succession } from './port-sharing.ts';
import { removeDeadSocket, SocketFile } from './socket-file.ts';

export interface ListenAddress {
  readonly host?: string;
  readonly port?: number;
  /** A unix socket; then host and port are not used. */
  readonly path?: string;
}

export interface AcceptOptions {
  readonly address: ListenAddress;
  /** Several threads listen on one port and the kernel spreads connections over them: somebody has made sure that it is ours. */
  readonly reusePort?: boolean;
  readonly maxConnections?: number;
  /** Called with each socket, paused; it becomes a Connection, or what TLS makes of it. */
  readonly onSocket: (socket: net.Socket) => void;
  /** A connection beyond maxConnections was dropped. */
  readonly onDrop?: () => void;
}

/** Long enough for a burst while one tick of the event loop runs; the kernel caps it by somaxconn. */
const BACKLOG = 4096;
/** A turn of the event loop in which so little time has passed has left nobody time to come. */
const QUIET_TURN_MS = 0.1;
/** Under load no turn is that short. */
const LONGEST_UNTIL_QUIET_MS = 250;

/** By all acceptors of this thread. */
let acceptedCount = 0;

export class Acceptor {
  private readonly server: net.Server;
  /** Of further sockets with the same address, which only systemd passes. */
  private readonly others: net.Server[] = [];
  private readonly options: AcceptOptions;
  private file: SocketFile | null = null;
  /** Accepted and not closed yet. */
  connections = 0;
  private readonly onSocketClose = (): void => {
    this.connections--;
  };

  constructor(options: AcceptOptions) {
    this.options = options;
    this.server = this.createServer();
  }

  private createServer(): net.Server {
    const { maxConnections, onDrop } = this.options;
    const server = net.createServer(
      { pauseOnConnect: true, allowHalfOpen: true, noDelay: true, keepAlive: true, keepAliveInitialDelay: 60_000 },
      (socket) => this.accepted(socket),
    );
    if (maxConnections !== undefined) server.maxConnections = maxConnections;
    if (onDrop !== undefined) server.on('drop', onDrop);
    return server;
  }

  /** Rejects with the system's own error when the address cannot be bound. */
  async listen(): Promise<void> {
    const { address, reusePort = false } = this.options;
    const { host = '127.0.0.1', port = 0, path } = address;
    const passed = passedSockets.claim(path === undefined ? { host, port } : { path });
    if (passed !== null) {
      await this.adopt(passed);
      return;
    }
    if (path !== undefined) {
      await removeDeadSocket(path);
      const file = new SocketFile(path);
      await this.open(this.server, { path: file.draft });
      this.file = file;
      await this.publish(file);
      return;
    }
    if (!reusePort && CAN_SHARE_PORTS) await claimPort(host, port);
    await this.open(this.server, { host, port, reusePort: reusePort || CAN_SHARE_PORTS });
  }

  /** None: other threads have them all. */
  private async adopt(fds: readonly number[]): Promise<void> {
    const [first, ...more] = fds;
    if (first !== undefined) await this.open(this.server, { fd: first });
    for (const fd of more) {
      const server = this.createServer();
      this.others.push(server);
      await this.open(server, { fd });
    }
  }

  private async publish(file: SocketFile): Promise<void> {
    try {
      file.publish();
    } catch (error) {
      await this.stop();
      throw error;
    }
  }

  private open(server: net.Server, where: net.ListenOptions & { readonly fd?: number }): Promise<void> {
    return new Promise((resolve, reject) => {
      server.once('error', reject);
      server.once('listening', () => {
        server.removeListener('error', reject);
        // Accepting can fail later too (out of file descriptors); the door stays open and accepts again when it can.
        server.on('error', () => {});
        resolve();
      });
      server.listen({ ...where, backlog: BACKLOG });
    });
  }

  /** The real port once it listens; 0 for a unix socket. */
  get port(): number {
    const bound = this.server.address();
    // Another thread may have what systemd has passed.
    return bound !== null && typeof bound === 'object' ? bound.port : (this.options.address.port ?? 0);
  }

  private accepted(socket: net.Socket): void {
    acceptedCount++;
    this.connections++;
    socket.on('close', this.onSocketClose);
    this.options.onSocket(socket);
  }

  /** Accepts nothing from now on; resolves when what was accepted has closed. */
  stop(): Promise<void> {
    this.file?.remove();
    this.file = null;
    return Promise.all([this.server, ...this.others].map(closed)).then(() => {});
  }
}

function closed(server: net.Server): Promise<void> {
  return new Promise((resolve) => {
    if (server.listening) server.close(() => resolve());
    else resolve();
  });
}

/**
 * Sharing a port would hide that another program has it: it is opened alone once. A program whose place we take has it as well,
 * and so has systemd what it has passed: that is right.
 */
export async function claimPort(host: string | undefined, port: number): Promise<void> {
  if (port === 0 || succession.isUnderWay || passedSockets.at({ host, port }).length > 0) return;
  const server = net.createServer((socket) => socket.destroy());
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ ...(host === undefined ? {} : { host }), port, backlog: 1 }, resolve);
  });
  await new Promise<void>((resolve) => {
    server.close(() => resolve());
  });
}

/**
 * Resolves when nobody waits to be accepted, at the end of a turn of the event loop: whoever closes doors in that very moment
 * leaves nobody behind, for a connection that the system has accepted is lost with the socket that it waits at.
 */
export async function untilNobodyWaits(): Promise<void> {
  const givenUpAt = performance.now() + LONGEST_UNTIL_QUIET_MS;
  for (;;) {
    const [before, from] = [acceptedCount, performance.now()];
    await new Promise(setImmediate);
    const now = performance.now();
    if (acceptedCount !== before) continue;
    if (now - from < QUIET_TURN_MS || now > givenUpAt) return;
  }
}
