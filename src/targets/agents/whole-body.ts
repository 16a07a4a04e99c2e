// Reads the body of a request whole. Rule: how large it may be is judged before; what the client is answered is up to who asked for it.
import type { Exchange, Producer } from '../../contract/exchange.ts';

export class WholeBody implements Producer {
  readonly #parts: Buffer[] = [];
  readonly #done: (body: string) => void;
  #isOver = false;

  /** `done` is not called when the client has gone before. */
  constructor(done: (body: string) => void) {
    this.#done = done;
  }

  static read(exchange: Exchange, done: (body: string) => void): WholeBody {
    const body = new WholeBody(done);
    exchange.produce(body);
    return body;
  }

  /** The client has gone: nobody is left to be answered. */
  get isOver(): boolean {
    return this.#isOver;
  }

  takeBody(bytes: Uint8Array, from: number, to: number): void {
    this.#parts.push(Buffer.from(bytes.subarray(from, to)));
  }

  takeEnd(): void {
    this.#done(Buffer.concat(this.#parts).toString());
  }

  resume(): void {}

  cancel(): void {
    this.#isOver = true;
  }
}
