// An exchange that waits for the client of its tunnel, which is on its way here. Rule: what has come of the request's body by then goes
// along with it, and nothing waits longer than the client was promised.
import { Buffer } from 'node:buffer';
import type { Exchange, Producer } from '../../contract/exchange.ts';
import type { TunnelRegistry } from '../../services/tunnels/tunnel-registry.ts';

type Arrivals = Pick<TunnelRegistry, 'whenOnline'>;

export class Arrival implements Producer {
  readonly #exchange: Exchange;
  readonly #goOn: () => Producer | null;
  readonly #parts: Buffer[] = [];
  #hasEnded = false;
  #leave: () => void = () => {};

  /** `goOn` leads the exchange to whoever has come, or refuses it; null: nobody takes its body. */
  constructor(exchange: Exchange, goOn: () => Producer | null) {
    this.#exchange = exchange;
    this.#goOn = goOn;
  }

  wait(arrivals: Arrivals, name: string): void {
    this.#exchange.produce(this);
    this.#exchange.pauseRequest();
    this.#leave = arrivals.whenOnline(name, () => this.#arrived());
  }

  #arrived(): void {
    const producer = this.#goOn();
    if (producer === null) return;
    for (const part of this.#parts.splice(0)) producer.takeBody(part, 0, part.length);
    if (this.#hasEnded) producer.takeEnd();
    this.#exchange.resumeRequest();
  }

  takeBody(bytes: Uint8Array, from: number, to: number): void {
    this.#parts.push(Buffer.from(bytes.subarray(from, to)));
  }

  takeEnd(): void {
    this.#hasEnded = true;
  }

  resume(): void {}

  cancel(): void {
    this.#leave();
    this.#parts.length = 0;
  }
}
