// Exchanges that wait for a connection, in the order in which they came. Rule: who has been given up in the meantime is passed
// over, also when its object runs another request by now.
import type { HttpExchange } from './exchange.ts';

/** More would only wait until they time out. */
const MAX_WAITING = 1024;

/** An exchange as it was when it began to wait. */
export class Place {
  readonly exchange: HttpExchange;
  private readonly generation: number;

  constructor(exchange: HttpExchange) {
    this.exchange = exchange;
    this.generation = exchange.generation;
  }

  get isCurrent(): boolean {
    const { exchange } = this;
    return exchange.generation === this.generation && !exchange.over && !exchange.committed;
  }
}

export class WaitingLine {
  private readonly places: Place[] = [];

  get length(): number {
    return this.places.length;
  }

  /** False: too many are waiting. */
  join(exchange: HttpExchange): boolean {
    if (this.places.length >= MAX_WAITING) return false;
    this.places.push(new Place(exchange));
    return true;
  }

  next(): HttpExchange | null {
    for (let place = this.places.shift(); place !== undefined; place = this.places.shift()) {
      if (place.isCurrent) return place.exchange;
    }
    return null;
  }
}
