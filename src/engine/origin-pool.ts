// The connections to one origin: idle ones, the newest first, and the exchanges that wait when there may be no more.
// Rule: a connection that is given out is alive as far as anyone can know; a dead one leaves the pool by its own onClose.
import { SluiceError } from '../core/errors.ts';
import type { Origin } from '../contract/target.ts';
import type { Connection } from '../transport/connection.ts';
import type { DialTimings } from '../transport/dial.ts';
import type { Engine } from './engine.ts';
import type { HttpExchange } from './exchange.ts';
import { Upstream } from './upstream.ts';

/** Idle connections beyond this many are closed: more than ever serve one origin at once on one thread. */
const MAX_IDLE = 512;
/** Exchanges that may wait for a connection; more would only time out. */
const MAX_WAITING = 1024;

interface Waiting {
  readonly exchange: HttpExchange;
  readonly generation: number;
}

/** Opens connections to origins; the engine is given one, so that tests need no network. */
export type Dial = (origin: Origin, events: DialEvents) => void;

/** Exactly one of the two is called, once. */
export interface DialEvents {
  /** The connection is paused and has no handler of its own yet. */
  connected(connection: Connection, timings: DialTimings): void;
  failed(error: SluiceError): void;
}

export class OriginPool {
  readonly engine: Engine;
  readonly origin: Origin;
  private readonly idle: Upstream[] = [];
  private readonly waiting: Waiting[] = [];
  /** Connections that are open or being opened. */
  private openCount = 0;
  private closed = false;

  constructor(engine: Engine, origin: Origin) {
    this.engine = engine;
    this.origin = origin;
  }

  /** Finds the exchange a connection: an idle one, else a new one, else it waits for its turn. */
  send(exchange: HttpExchange): void {
    const upstream = this.idle.pop();
    if (upstream === undefined) this.sendFresh(exchange);
    else {
      exchange.attemptBegins(this.origin);
      upstream.start(exchange);
    }
  }

  /** The same on a connection that nobody has used before. */
  sendFresh(exchange: HttpExchange): void {
    const { maxConnections } = this.origin;
    if (maxConnections > 0 && this.openCount >= maxConnections) this.wait(exchange);
    else this.open({ exchange, generation: exchange.generation });
  }

  idled(upstream: Upstream): void {
    const next = this.nextWaiting();
    if (next !== null) {
      next.exchange.attemptBegins(this.origin);
      upstream.start(next.exchange);
    } else if (this.closed || this.idle.length >= MAX_IDLE) upstream.connection.destroy('done');
    else this.idle.push(upstream);
  }

  /** The connection has closed or is nobody's any more. */
  removed(upstream: Upstream): void {
    this.openCount--;
    const index = this.idle.indexOf(upstream);
    if (index >= 0) this.idle.splice(index, 1);
    const next = this.nextWaiting();
    if (next !== null) this.open(next);
  }

  /** Nothing new will be sent; idle connections end now, running ones when they are done. */
  close(): void {
    this.closed = true;
    for (const upstream of this.idle.splice(0)) upstream.connection.destroy('done');
  }

  get connections(): number {
    return this.openCount;
  }

  private open(waiting: Waiting): void {
    this.openCount++;
    waiting.exchange.attemptBegins(this.origin);
    this.engine.dial(this.origin, {
      connected: (connection) => this.connected(connection, waiting),
      failed: (error) => this.failed(error, waiting),
    });
  }

  private connected(connection: Connection, waiting: Waiting): void {
    const upstream = new Upstream(this, connection);
    connection.handler = upstream;
    connection.resume();
    if (isCurrent(waiting)) upstream.start(waiting.exchange);
    else this.idled(upstream);
    this.engine.outbound.flush();
  }

  private failed(error: SluiceError, waiting: Waiting): void {
    this.openCount--;
    if (isCurrent(waiting)) {
      waiting.exchange.attemptEnded(true);
      waiting.exchange.giveUp(error);
    }
    this.engine.outbound.flush();
  }

  private wait(exchange: HttpExchange): void {
    if (this.waiting.length >= MAX_WAITING) exchange.giveUp(new SluiceError('upstream_busy'));
    else this.waiting.push({ exchange, generation: exchange.generation });
  }

  private nextWaiting(): Waiting | null {
    for (let next = this.waiting.shift(); next !== undefined; next = this.waiting.shift()) {
      if (isCurrent(next)) return next;
    }
    return null;
  }
}

/** The exchange may have been given up, and its object may even run the next request by now. */
function isCurrent({ exchange, generation }: Waiting): boolean {
  return exchange.generation === generation && !exchange.over && !exchange.committed;
}
