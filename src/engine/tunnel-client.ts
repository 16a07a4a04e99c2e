// A client that has asked for a connection in another protocol than HTTP: SOCKS. Its request becomes a CONNECT like any other,
// so that routes, policies and targets see one shape; only the answer is written as the client understands it. Rule: a
// connection carries one such request and ends with it.
import { Buffer } from 'node:buffer';
import { RequestParser } from '../codec/http1/parser.ts';
import { formatHostPort } from '../core/address.ts';
import type { ErrorCode } from '../core/errors.ts';
import type { Connection, ConnectionHandler } from '../transport/connection.ts';
import { relay } from '../transport/relay.ts';
import { Deadline, wheel } from '../transport/timers.ts';
import { ConnectionClient } from './connection-client.ts';
import type { Client, Engine } from './engine.ts';
import { HttpExchange } from './exchange.ts';
import { type OpenConnection, openConnection } from './open-connection.ts';
import type { Responder } from './responder.ts';
import { guardOf } from './tunnel-guards.ts';

/** What the client has asked for, and how to answer it. */
export interface AskedTunnel {
  readonly host: string;
  readonly port: number;
  /** The value that Proxy-Authorization would have; null: the client has not said who it is. */
  readonly authorization: string | null;
  /** The bytes that tell the client how it ended. */
  reply(status: number, error: ErrorCode | null): Buffer;
}

/** No name of a destination has anything else in it; above all nothing that would end a line. */
const NAME = /^[\x21-\x7e]{1,255}$/;

/** After a refusal the client may take so long to read it. */
const LINGER_MS = 2000;

const NOTHING = Buffer.alloc(0);

export class TunnelClient extends ConnectionClient implements ConnectionHandler, Responder, Client {
  private readonly openedAtMs = performance.now();
  readonly protocolName: string = 'socks';
  /** Nobody is told anything of the client of a tunnel. */
  readonly forwardedLines: Buffer = NOTHING;
  private readonly engine: Engine;
  private readonly asked: AskedTunnel;
  private readonly exchange: HttpExchange;
  private readonly parser: RequestParser;
  private readonly deadline = new Deadline(() => this.connection.destroy('idle'));
  /** What the client has sent before it was answered: it belongs to the tunnel. */
  private early: Buffer = NOTHING;
  private clientEnded = false;

  constructor(engine: Engine, connection: Connection, asked: AskedTunnel) {
    super(connection);
    this.engine = engine;
    this.asked = asked;
    this.parser = new RequestParser(engine.limits.request, {
      onHead: () => this.exchange.begin(),
      onBody: () => {},
      onEnd: () => this.exchange.onRequestEnd(null),
      onError: (code, detail) => this.exchange.beginUnreadable(code, detail),
    });
    this.exchange = new HttpExchange(engine, this, this.parser.head, false);
  }

  /** `first` is what the client has sent behind its request. */
  start(first: Buffer): void {
    this.early = Buffer.from(first);
    if (NAME.test(this.asked.host)) {
      const request = requestOf(this.asked);
      this.parser.feed(request, 0, request.length);
    } else this.exchange.beginUnreadable('request_invalid', 'the destination has no valid name');
    this.engine.outbound.flush();
  }

  // -- What the connection says ------------------------------------------------------------------------------------

  onData(bytes: Buffer, from: number, to: number): void {
    if (this.exchange.over) return;
    this.early = Buffer.concat([this.early, bytes.subarray(from, to)]);
    this.connection.pause();
  }

  onHalfClose(): void {
    this.clientEnded = true;
    if (this.exchange.over) this.connection.destroy('eof');
  }

  onDrain(): void {}

  onClose(): void {
    wheel.release(this.deadline);
    this.exchange.onClientGone();
    this.engine.left(this);
    this.engine.outbound.flush();
  }

  // -- What the exchange asks --------------------------------------------------------------------------------------

  writeHead(): void {
    const { exchange, connection, engine } = this;
    const reply = this.asked.reply(exchange.response.status, exchange.errorCode);
    engine.outbound.for(connection).copy(reply, 0, reply.length);
  }

  /** What an HTTP client would be told beyond the status has no place in the answer. */
  writeBody(): void {}

  lendBody(): void {}

  writeInterim(): void {}

  writeSwitch(): void {}

  writeOwnSwitch(): void {}

  giveOver(): null {
    return null;
  }

  writeEnd(): void {}

  awaitDrain(): void {}

  pauseRequest(): void {}

  resumeRequest(): void {}

  abort(): void {
    this.connection.reset('error');
  }

  join(upstream: Connection, firstBytes: Buffer): void {
    const { engine, connection, exchange, early } = this;
    engine.outbound.flush();
    this.early = NOTHING;
    relay(connection, upstream, {
      idleTimeoutMs: exchange.bounds.timeouts.tunnelIdleMs,
      firstFromDownstream: early,
      firstFromUpstream: firstBytes,
      downstreamEnded: this.clientEnded,
      guard: guardOf(exchange),
      guardTimeoutMs: engine.timeouts.headersMs,
      onDone: ({ bytesFromDownstream, bytesFromUpstream }) => {
        exchange.joinEnded(bytesFromDownstream, bytesFromUpstream);
        this.onClose();
      },
    });
  }

  exchangeOver(): void {
    const { connection } = this;
    if (connection.closed) return;
    this.engine.outbound.flush();
    connection.end();
    if (this.clientEnded) return;
    connection.resume();
    wheel.arm(this.deadline, LINGER_MS);
  }

  /** There is nothing to wait for between requests: it ends with its tunnel. */
  drain(): void {}

  cut(): void {
    this.connection.reset('drain');
  }

  describe(): OpenConnection {
    return openConnection(this.connection, this.exchange, this.openedAtMs);
  }
}

function requestOf({ host, port, authorization }: AskedTunnel): Buffer {
  const authority = formatHostPort(host, port);
  const credentials = authorization === null ? '' : `Proxy-Authorization: ${authorization}\r\n`;
  return Buffer.from(`CONNECT ${authority} HTTP/1.1\r\nHost: ${authority}\r\n${credentials}\r\n`, 'latin1');
}
