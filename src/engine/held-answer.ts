// An answer of a server that waits until its target has told whether it goes to the client or the request goes out again. Rule:
// nothing of it is lost meanwhile, and nobody hears of it once its exchange is over.
import { Buffer } from 'node:buffer';
import type { Head } from '../codec/http1/head.ts';
import type { HttpExchange } from './exchange.ts';

const NOTHING = Buffer.alloc(0);

export class HeldAnswer {
  readonly head: Head;
  /** What has come behind the head. */
  rest: Buffer = NOTHING;
  /** Nothing more will come. */
  hasEnded = false;
  private readonly exchange: HttpExchange;
  private isForgotten = false;

  /** The answer is the exchange's response already. */
  constructor(exchange: HttpExchange) {
    this.exchange = exchange;
    exchange.response.keepHead();
    this.head = exchange.response.head;
  }

  keep(bytes: Buffer, from: number, to: number): void {
    this.rest = Buffer.concat([this.rest, bytes.subarray(from, to)]);
  }

  /** A rejection is a fault of ours. */
  wait(goesAgain: Promise<boolean>, decide: (goesAgain: boolean) => void): void {
    goesAgain
      .then((answer) => {
        if (!this.isForgotten) decide(answer);
      })
      .catch((cause: unknown) => {
        if (!this.isForgotten) this.exchange.fault(cause);
      })
      .finally(() => this.exchange.engine.outbound.flush());
  }

  forget(): void {
    this.isForgotten = true;
  }
}
