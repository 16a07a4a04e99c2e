// The connections to one origin: idle ones, the newest first, and the exchanges that wait when there may be no more.
// Rule: a connection that is given out is alive as far as anyone can know; a dead one leaves the pool by its own onClose.
import { formatProxyHeaderV1, formatProxyHeaderV2 } from '../codec/proxy-protocol/proxy-header.ts';
import { SluiceError } from '../core/errors.ts';
import type { Origin, OriginDialEvents } from '../contract/target.ts';
import type { UpstreamFamilies } from '../telemetry/families.ts';
import type { DialTimings } from '../transport/dial.ts';
import type { Engine } from './engine.ts';
import type { HttpExchange } from './exchange.ts';
import type { Pool } from './pool.ts';
import { mayTryAgain } from './retry-rule.ts';
import { Upstream } from './upstream.ts';
import { Place, WaitingLine } from './waiting-line.ts';
import { attemptFailed } from './next-attempt.ts';

/** Idle connections beyond this many are closed: more than ever serve one origin at once on one thread. */
const MAX_IDLE = 512;

/**
 * Opens connections to origins; the engine is given one, so that tests need no network. How long it may take is said by whoever
 * needs the connection; without that it is up to the dialler.
 */
export type Dial = (
  origin: Origin,
  events: OriginDialEvents,
  proxyHeader: Buffer | null,
  connectTimeoutMs?: number,
) => void;

export class OriginPool implements Pool {
  readonly engine: Engine;
  readonly origin: Origin;
  private readonly idle: Upstream[] = [];
  private readonly line = new WaitingLine();
  readonly metrics: UpstreamFamilies;
  /** Connections that are open or being opened. */
  private openCount = 0;
  private closed = false;
  /** It has been seen to keep a connection open behind an answer. */
  private keepsOpen = false;

  constructor(engine: Engine, origin: Origin) {
    this.engine = engine;
    this.origin = origin;
    this.metrics = engine.traffic.familiesOfUpstream(origin.label);
  }

  /** Finds the exchange a connection: an idle one, else a new one, else it waits for its turn. */
  send(exchange: HttpExchange): void {
    const upstream = this.trusts(exchange) ? this.takeIdle() : undefined;
    if (upstream === undefined) this.sendFresh(exchange);
    else {
      exchange.attemptBegins(this);
      upstream.start(exchange);
    }
  }

  /**
   * There are proxies that close behind each answer without having said so; what is sent then is lost, and nobody knows
   * whether it was carried out. What cannot be sent twice goes on a kept connection only once one has been seen to stay.
   */
  private trusts(exchange: HttpExchange): boolean {
    const [oldest] = this.idle;
    if (this.keepsOpen || !this.origin.isProxy || oldest === undefined || mayTryAgain(exchange)) return true;
    this.keepsOpen = oldest.hasStayed;
    return this.keepsOpen || this.isFull;
  }

  private takeIdle(): Upstream | undefined {
    let upstream = this.idle.pop();
    // One that has ended stays here until it says so itself, within this turn of the event loop.
    while (upstream !== undefined && upstream.connection.closed) upstream = this.idle.pop();
    return upstream;
  }

  private get isFull(): boolean {
    const { maxConnections } = this.origin;
    return maxConnections > 0 && this.openCount >= maxConnections;
  }

  /** A connection died under a request that it had been kept for. */
  wentStale(): void {
    this.keepsOpen = false;
  }

  /** The same on a connection that nobody has used before. */
  sendFresh(exchange: HttpExchange): void {
    if (!this.isFull) this.open(exchange);
    else if (!this.line.join(exchange)) exchange.giveUp(new SluiceError('upstream_busy'));
  }

  idled(upstream: Upstream): void {
    if (upstream.wasKept) this.keepsOpen = true;
    const next = this.line.next();
    if (next !== null) {
      next.attemptBegins(this);
      upstream.start(next);
    } else if (this.closed || this.idle.length >= MAX_IDLE) upstream.connection.destroy('done');
    else this.idle.push(upstream);
  }

  /** The connection has closed or is nobody's any more. */
  removed(upstream: Upstream): void {
    this.openCount--;
    this.engine.traffic.add(this.metrics.connectionsOpen, -1);
    const index = this.idle.indexOf(upstream);
    if (index >= 0) this.idle.splice(index, 1);
    this.openForNext();
    if (this.openCount === 0) this.engine.forget(this);
  }

  /** Nothing new will be sent; idle connections end now, running ones when they are done. */
  close(): void {
    this.closed = true;
    for (const upstream of this.idle.splice(0)) upstream.connection.destroy('done');
  }

  get connections(): number {
    return this.openCount;
  }

  private openForNext(): void {
    const next = this.line.next();
    if (next !== null) this.open(next);
  }

  private open(exchange: HttpExchange): void {
    const place = new Place(exchange);
    // It may have been forgotten a moment ago, when the connection died that this one replaces.
    if (this.openCount === 0 && !this.closed) this.engine.remember(this);
    this.openCount++;
    exchange.attemptBegins(this);
    this.engine.dial(
      this.origin,
      {
        connected: (connection, timings, auth = null) => {
          this.connected(new Upstream(this, connection, auth), timings, place);
        },
        failed: (error) => this.failed(error, place),
      },
      proxyHead(this.origin, exchange),
      exchange.bounds.timeouts.connectMs,
    );
  }

  private connected(upstream: Upstream, timings: DialTimings, place: Place): void {
    const { traffic } = this.engine;
    const { dnsMs, connectMs, tlsMs } = timings;
    traffic.add(this.metrics.connectionsOpened, 1);
    traffic.add(this.metrics.connectionsOpen, 1);
    traffic.recorder.observe(this.metrics.connectDuration, (dnsMs + connectMs + tlsMs) / 1000);
    upstream.connection.handler = upstream;
    upstream.connection.resume();
    if (place.isCurrent) {
      place.exchange.attempts.dialled = timings;
      upstream.start(place.exchange);
    }
    // It has told the server of a client that is gone.
    else if (this.origin.proxyProtocol !== null) upstream.connection.destroy('done');
    else upstream.goIdle();
    this.engine.outbound.flush();
  }

  private failed(error: SluiceError, place: Place): void {
    this.openCount--;
    if (place.isCurrent) attemptFailed(place.exchange, error, false);
    this.openForNext();
    if (this.openCount === 0) this.engine.forget(this);
    this.engine.outbound.flush();
  }
}

/** What tells the origin whose connection it is, if it wants to know. */
function proxyHead({ proxyProtocol }: Origin, { responder }: HttpExchange): Buffer | null {
  if (proxyProtocol === null) return null;
  return proxyProtocol === 1 ? formatProxyHeaderV1(responder.ends) : formatProxyHeaderV2(responder.ends);
}
