// The connections to one origin that speaks HTTP/2: each carries many exchanges. Rule: a new connection is opened only when
// the open ones take no more.
import { SluiceError } from '../core/errors.ts';
import type { Origin } from '../contract/target.ts';
import type { UpstreamFamilies } from '../telemetry/families.ts';
import type { Connection } from '../transport/connection.ts';
import type { DialTimings } from '../transport/dial.ts';
import { Http2ClientConnection } from '../transport/http2-client.ts';
import type { Engine } from './engine.ts';
import type { HttpExchange } from './exchange.ts';
import { Http2Upstream, type Http2UpstreamOwner } from './http2-upstream.ts';
import type { Pool } from './pool.ts';
import { WaitingLine } from './waiting-line.ts';

/** Beyond this many connections exchanges wait: a server that takes so few streams on each means it. */
const MAX_CONNECTIONS = 16;

export class Http2OriginPool implements Pool, Http2UpstreamOwner {
  readonly engine: Engine;
  readonly origin: Origin;
  readonly metrics: UpstreamFamilies;
  private readonly sessions = new Set<Http2ClientConnection>();
  private readonly line = new WaitingLine();
  private opening = 0;
  private closed = false;

  constructor(engine: Engine, origin: Origin) {
    this.engine = engine;
    this.origin = origin;
    this.metrics = engine.traffic.familiesOfUpstream(origin.name);
  }

  get connections(): number {
    return this.sessions.size + this.opening;
  }

  send(exchange: HttpExchange): void {
    const session = this.findRoom();
    if (session !== null) {
      this.begin(exchange, session);
      return;
    }
    if (!this.line.join(exchange)) exchange.giveUp(new SluiceError('upstream_busy'));
    else if (this.opening === 0 && this.sessions.size < MAX_CONNECTIONS) this.open();
  }

  sendAgain(exchange: HttpExchange): void {
    this.send(exchange);
  }

  close(): void {
    this.closed = true;
    for (const session of this.sessions) session.close();
  }

  private begin(exchange: HttpExchange, session: Http2ClientConnection): void {
    exchange.attemptBegins(this);
    new Http2Upstream(this, exchange).start(session);
  }

  private findRoom(): Http2ClientConnection | null {
    for (const session of this.sessions) if (session.capacity > 0) return session;
    return null;
  }

  private open(): void {
    this.opening++;
    this.engine.dial(this.origin, {
      connected: (connection, timings) => this.connected(connection, timings),
      failed: (error) => this.failed(error),
    });
  }

  private connected(connection: Connection, { dnsMs, connectMs, tlsMs }: DialTimings): void {
    this.opening--;
    const { limits, timeouts, traffic } = this.engine;
    traffic.add(this.metrics.connectionsOpened, 1);
    traffic.add(this.metrics.connectionsOpen, 1);
    traffic.recorder.observe(this.metrics.connectDuration, (dnsMs + connectMs + tlsMs) / 1000);
    const { maxHeadBytes, maxFields } = limits.response;
    const session = new Http2ClientConnection(
      connection.release(),
      { maxHeadBytes, maxFields, stallTimeoutMs: timeouts.writeMs },
      { onCapacity: () => this.serveLine(), onClose: () => this.ended(session) },
    );
    this.sessions.add(session);
    this.serveLine();
    if (this.closed) session.close();
  }

  private failed(error: SluiceError): void {
    this.opening--;
    for (let exchange = this.line.next(); exchange !== null; exchange = this.line.next()) exchange.giveUp(error);
    this.engine.outbound.flush();
  }

  private ended(session: Http2ClientConnection): void {
    this.sessions.delete(session);
    this.engine.traffic.add(this.metrics.connectionsOpen, -1);
    if (this.line.length > 0 && this.opening === 0) this.open();
  }

  private serveLine(): void {
    for (let session = this.findRoom(); session !== null; session = this.findRoom()) {
      const exchange = this.line.next();
      if (exchange === null) break;
      this.begin(exchange, session);
    }
    this.engine.outbound.flush();
  }
}
