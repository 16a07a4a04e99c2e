// A fixed answer. Rule: the request is read to its end first, so that the connection can serve the next one.
import type { Answer, Exchange, Producer } from '../../contract/exchange.ts';
import type { AnswerTarget } from '../../contract/target.ts';

export function respond(answer: Answer): AnswerTarget {
  return respondWith(() => answer);
}

/** The same with an answer that is made when it is asked for. */
export function respondWith(make: (exchange: Exchange) => Answer): AnswerTarget {
  return { kind: 'answer', take: (exchange) => exchange.produce(new WholeRequest(exchange, make)) };
}

class WholeRequest implements Producer {
  private readonly exchange: Exchange;
  private readonly make: (exchange: Exchange) => Answer;

  constructor(exchange: Exchange, make: (exchange: Exchange) => Answer) {
    this.exchange = exchange;
    this.make = make;
  }

  takeBody(): void {}

  takeEnd(): void {
    this.exchange.answer(this.make(this.exchange));
  }

  resume(): void {}

  cancel(): void {}
}
