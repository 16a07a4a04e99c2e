// Gives an answer again that is known whole. Rule: as fast as the client takes it, and no faster.
import type { Exchange, Producer } from '../../contract/exchange.ts';
import type { KeptAnswer } from '../../services/answers/answer-store.ts';

const PIECE_BYTES = 64 * 1024;

export class RepeatedAnswer implements Producer {
  private readonly exchange: Exchange;
  private readonly body: Uint8Array;
  private at = 0;
  private isOver = false;

  private constructor(exchange: Exchange, body: Uint8Array) {
    this.exchange = exchange;
    this.body = body;
  }

  /** Its request has been read whole. */
  static give(exchange: Exchange, { body, fields, isStream, keptAtMs }: KeptAnswer, nowMs: number): void {
    const producer = new RepeatedAnswer(exchange, body);
    exchange.produce(producer);
    const age = String(Math.max(0, Math.floor((nowMs - keptAtMs) / 1000)));
    exchange.respond({ status: 200, fields: [...fields, ['Age', age]] }, isStream ? -1 : body.length);
    producer.resume();
  }

  takeBody(): void {}

  takeEnd(): void {}

  resume(): void {
    const { exchange, body } = this;
    while (!this.isOver) {
      const from = this.at;
      this.at = Math.min(body.length, from + PIECE_BYTES);
      const goesOn = exchange.write(body, from, this.at);
      if (this.at === body.length) {
        this.isOver = true;
        exchange.end();
      } else if (!goesOn) return;
    }
  }

  cancel(): void {
    this.isOver = true;
  }
}
