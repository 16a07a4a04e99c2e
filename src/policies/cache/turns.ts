// The turns of requests that are on their way, by their exchange. Rule: an exchange is used for one request after the other, and so is the
// place of its turn: nothing is made or taken out of a table for each request.
import type { Exchange } from '../../contract/exchange.ts';
import type { Turn } from './turn.ts';

interface Place {
  turn: Turn | undefined;
}

export class Turns {
  private readonly places = new WeakMap<Exchange, Place>();

  get(exchange: Exchange): Turn | undefined {
    return this.places.get(exchange)?.turn;
  }

  set(exchange: Exchange, turn: Turn): void {
    const place = this.places.get(exchange);
    if (place === undefined) this.places.set(exchange, { turn });
    else place.turn = turn;
  }

  delete(exchange: Exchange): void {
    const place = this.places.get(exchange);
    if (place !== undefined) place.turn = undefined;
  }
}
