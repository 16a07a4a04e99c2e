// The handshake with a client that speaks SOCKS, up to its request. Rule: the connection has no handler of ours any more when
// the request is handed on, and is closed when there will be none.
import { Buffer } from 'node:buffer';
import { type SocksRequest, SocksServer, socksReply } from '../../codec/socks/socks-server.ts';
import type { ErrorCode } from '../../core/errors.ts';
import { type Connection, type ConnectionHandler, NOBODY } from '../../transport/connection.ts';
import { Deadline, wheel } from '../../transport/timers.ts';
import { socksReplyOf } from './socks-outcome.ts';

/** A request for a tunnel, and how to answer it. */
export interface SocksAsked {
  readonly host: string;
  readonly port: number;
  /** As the value of Proxy-Authorization; null: the client has not said who it is. */
  readonly authorization: string | null;
  reply(status: number, error: ErrorCode | null): Buffer;
}

export interface SocksHandshakeOptions {
  readonly requiresLogin: boolean;
  readonly timeoutMs: number;
}

const NOTHING = Buffer.alloc(0);

export class SocksHandshake implements ConnectionHandler {
  private readonly connection: Connection;
  private readonly server: SocksServer;
  private readonly onDone: (asked: SocksAsked | null, first: Buffer) => void;
  private readonly deadline = new Deadline(() => this.connection.destroy('timeout'));

  /** `onDone` gets null when there will be no request. */
  constructor(
    connection: Connection,
    { requiresLogin, timeoutMs }: SocksHandshakeOptions,
    onDone: (asked: SocksAsked | null, first: Buffer) => void,
  ) {
    this.connection = connection;
    this.server = new SocksServer({ requiresLogin });
    this.onDone = onDone;
    connection.handler = this;
    wheel.arm(this.deadline, timeoutMs);
  }

  onData(bytes: Buffer, from: number, to: number): void {
    const { server, connection } = this;
    const at = server.feed(bytes, from, to);
    const output = server.takeOutput();
    if (output !== null) connection.write(output, 0, output.length);
    if (server.state.kind === 'refused') connection.end();
    else if (server.state.kind === 'requested') this.finish(server.state.request, bytes.subarray(at, to));
  }

  onHalfClose(): void {
    this.connection.destroy('eof');
  }

  onDrain(): void {}

  onClose(): void {
    wheel.release(this.deadline);
    this.onDone(null, NOTHING);
  }

  private finish(request: SocksRequest, first: Buffer): void {
    wheel.release(this.deadline);
    this.connection.handler = NOBODY;
    this.onDone(askedBy(request), first);
  }
}

function askedBy({ version, host, port, username, password }: SocksRequest): SocksAsked {
  const login = username === null ? null : Buffer.from(`${username}:${password ?? ''}`).toString('base64');
  return {
    host,
    port,
    authorization: login === null ? null : `Basic ${login}`,
    reply: (status, error) => socksReply(version, socksReplyOf(status, error)),
  };
}
