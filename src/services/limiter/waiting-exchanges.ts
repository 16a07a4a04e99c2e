// Exchanges that wait for what others say of them. Rule: an exchange may end meanwhile, and be another one by then: what was said then is for nobody.
import type { Exchange } from '../../contract/exchange.ts';

export class WaitingExchanges {
  readonly #waiting = new WeakMap<Exchange, object>();

  /** null: it has ended before; what would have been its own is given back. */
  async whileThere<T>(exchange: Exchange, asked: Promise<T>, giveBack: (late: T) => void): Promise<T | null> {
    const turn = {};
    this.#waiting.set(exchange, turn);
    const said = await asked;
    if (this.#waiting.get(exchange) !== turn) {
      giveBack(said);
      return null;
    }
    this.#waiting.delete(exchange);
    return said;
  }

  /** For each exchange that ends. */
  over(exchange: Exchange): void {
    this.#waiting.delete(exchange);
  }
}
