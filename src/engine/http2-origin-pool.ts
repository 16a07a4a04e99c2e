// The connections to one origin that speaks HTTP/2: each carries many exchanges. Rule: a new connection is opened only when
// the open ones take no more.
import { SluiceError } from '../core/errors.ts';
import type { Origin } from '../contract/target.ts';
import type { UpstreamFamilies } from '../telemetry/families.ts';
import type { CloseReason, Connection } from '../transport/connection.ts';
import type { DialTimings } from '../transport/dial.ts';
import { Http2ClientConnection } from '../transport/http2-client.ts';
import { Deadline, wheel } from '../transport/timers.ts';
import type { Engine } from './engine.ts';
import type { HttpExchange } from './exchange.ts';
import { Http2Upstream, type Http2UpstreamOwner } from './http2-upstream.ts';
import type { Pool } from './pool.ts';
import { WaitingLine } from './waiting-line.ts';
import { attemptFailed } from './next-attempt.ts';

/** Beyond this many connections exchanges wait: a server that takes so few streams on each means it. */
const MAX_CONNECTIONS = 16;

export class Http2OriginPool implements Pool, Http2UpstreamOwner {
  readonly engine: Engine;
  readonly origin: Origin;
  readonly metrics: UpstreamFamilies;
  private readonly sessions = new Set<Http2ClientConnection>();
  private readonly line = new WaitingLine();
  /** A connection is being made, one at a time: until its server has said how many requests it takes. */
  private opening = false;
  private greeted: Http2ClientConnection | null = null;
  private readonly greeting = new Deadline(() => this.greeted?.destroy('timeout'));
  private closed = false;

  /** As whoever has come last wants it: all come by one route. */
  private connectTimeoutMs = 0;

  constructor(engine: Engine, origin: Origin) {
    this.engine = engine;
    this.origin = origin;
    this.metrics = engine.traffic.familiesOfUpstream(origin.label);
  }

  get connections(): number {
    return this.sessions.size + (this.opening ? 1 : 0);
  }

  send(exchange: HttpExchange): void {
    this.connectTimeoutMs = exchange.bounds.timeouts.connectMs;
    const session = this.findRoom();
    if (session !== null) this.begin(exchange, session);
    else if (this.line.join(exchange)) this.openForLine();
    else exchange.giveUp(new SluiceError('upstream_busy'));
  }

  sendAgain(exchange: HttpExchange): void {
    this.send(exchange);
  }

  close(): void {
    this.closed = true;
    for (const session of this.sessions) session.close();
  }

  private get maxConnections(): number {
    const { maxConnections } = this.origin;
    return maxConnections > 0 ? Math.min(maxConnections, MAX_CONNECTIONS) : MAX_CONNECTIONS;
  }

  private begin(exchange: HttpExchange, session: Http2ClientConnection): void {
    exchange.attemptBegins(this);
    new Http2Upstream(this, exchange).start(session);
  }

  private findRoom(): Http2ClientConnection | null {
    for (const session of this.sessions) if (session.capacity > 0) return session;
    return null;
  }

  private openForLine(): void {
    if (this.line.length === 0 || this.opening || this.sessions.size >= this.maxConnections) return;
    this.opening = true;
    const events = {
      connected: (connection: Connection, timings: DialTimings) => this.connected(connection, timings),
      failed: (error: SluiceError) => this.failed(error),
    };
    this.engine.dial(this.origin, events, null, this.connectTimeoutMs);
  }

  private connected(connection: Connection, { dnsMs, connectMs, tlsMs }: DialTimings): void {
    const { limits, timeouts, traffic } = this.engine;
    traffic.add(this.metrics.connectionsOpened, 1);
    traffic.add(this.metrics.connectionsOpen, 1);
    traffic.recorder.observe(this.metrics.connectDuration, (dnsMs + connectMs + tlsMs) / 1000);
    const { maxHeadBytes, maxFields } = limits.response;
    const session: Http2ClientConnection = new Http2ClientConnection(
      connection.release(),
      { maxHeadBytes, maxFields, stallTimeoutMs: timeouts.writeMs },
      { onCapacity: () => this.ready(session), onClose: (reason) => this.ended(session, reason) },
    );
    this.greeted = session;
    wheel.arm(this.greeting, timeouts.readMs);
  }

  /** The server has said how many requests it takes, or takes one more. */
  private ready(session: Http2ClientConnection): void {
    if (session === this.greeted) {
      this.greetingOver();
      this.sessions.add(session);
    }
    this.serveLine();
    if (this.closed && this.line.length === 0) session.close();
  }

  private greetingOver(): void {
    this.opening = false;
    this.greeted = null;
    wheel.release(this.greeting);
  }

  /** Whoever waits has nobody else to wait for. */
  private failed(error: SluiceError): void {
    this.opening = false;
    for (let exchange = this.line.next(); exchange !== null; exchange = this.line.next()) {
      exchange.attemptBegins(this);
      attemptFailed(exchange, error, false);
    }
    this.forgetIfEmpty();
    this.engine.outbound.flush();
  }

  private ended(session: Http2ClientConnection, reason: CloseReason): void {
    this.engine.traffic.add(this.metrics.connectionsOpen, -1);
    if (session === this.greeted) {
      this.greetingOver();
      this.failed(faultOf(reason));
    } else {
      this.sessions.delete(session);
      this.openForLine();
      this.forgetIfEmpty();
    }
  }

  private forgetIfEmpty(): void {
    if (this.connections === 0 && this.line.length === 0) this.engine.forget(this);
  }

  private serveLine(): void {
    for (let session = this.findRoom(); session !== null; session = this.findRoom()) {
      const exchange = this.line.next();
      if (exchange === null) break;
      this.begin(exchange, session);
    }
    this.openForLine();
    this.engine.outbound.flush();
  }
}

/** Why a server was not heard of before it closed the connection. */
function faultOf(reason: CloseReason): SluiceError {
  if (reason === 'timeout') return new SluiceError('upstream_timeout');
  if (reason === 'error') return new SluiceError('upstream_invalid', { message: 'the server does not speak HTTP/2' });
  return new SluiceError('upstream_reset');
}
