// One client connection that speaks HTTP/2: hands each of its streams to an exchange of its own. Rule: what serves a stream is
// kept for the next one; a connection that is drained finishes its streams first.
import type net from 'node:net';
import { Http2ServerConnection, type Http2ServerHandler } from '../transport/http2-server.ts';
import type { Http2ServerStream } from '../transport/http2-server-stream.ts';
import type { Client, Engine } from './engine.ts';
import { forwardedLines } from './forwarded-lines.ts';
import { Connection, endsOf } from '../transport/connection.ts';
import type { ProxiedEnds } from '../codec/proxy-protocol/proxy-header.ts';
import { Http2Downstream } from './http2-downstream.ts';
import { clientName, type OpenConnection } from './open-connection.ts';

/** As many requests at once as nginx and Caddy allow a connection. */
const MAX_STREAMS = 128;
/** What RFC 9113 counts for each field beside its octets. */
const FIELD_OVERHEAD_BYTES = 32;
/** Streams that are kept for reuse on one connection. */
const MAX_FREE = 32;

export class Http2Client implements Client, Http2ServerHandler {
  place = -1;
  private readonly openedAtMs = performance.now();
  readonly engine: Engine;
  readonly connection: Http2ServerConnection;
  readonly forwardedLines: Buffer;
  readonly ends: ProxiedEnds | null;
  readonly entrance: string;
  private readonly free: Http2Downstream[] = [];

  constructor(engine: Engine, socket: net.Socket | Connection, entrance: string) {
    this.engine = engine;
    this.entrance = entrance;
    this.ends = socket instanceof Connection ? socket.ends : endsOf(socket);
    const { limits, timeouts } = engine;
    const { maxHeadBytes, maxFields } = limits.request;
    this.connection = new Http2ServerConnection(
      socket,
      {
        maxConcurrentStreams: MAX_STREAMS,
        maxHeadBytes: maxHeadBytes + maxFields * FIELD_OVERHEAD_BYTES,
        maxFields: maxFields + 4,
        idleTimeoutMs: timeouts.idleMs,
        stallTimeoutMs: timeouts.writeMs,
      },
      this,
    );
    this.forwardedLines = forwardedLines(
      this.connection,
      `2.0 ${engine.pseudonym}`,
      engine.forwarding,
      engine.forwardedCertificate,
    );
  }

  onRequest(stream: Http2ServerStream): void {
    const downstream = this.free.pop() ?? new Http2Downstream(this);
    downstream.start(stream);
  }

  onClose(): void {
    this.engine.left(this);
  }

  /** The stream is closed and its exchange over. */
  finished(downstream: Http2Downstream): void {
    if (this.free.length < MAX_FREE) this.free.push(downstream);
  }

  drain(): void {
    this.connection.drain();
  }

  cut(): void {
    this.connection.cut();
  }

  describe(): OpenConnection {
    const { connection, engine, openedAtMs } = this;
    return {
      door: engine.traffic.door,
      client: clientName(connection.remoteAddress, connection.remotePort),
      protocol: 'http2',
      ageMs: performance.now() - openedAtMs,
      bytesReceived: connection.bytesRead,
      bytesSent: connection.bytesWritten,
      request: null,
    };
  }
}
