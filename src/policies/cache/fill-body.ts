// The body of an answer that goes to a client and into the cache. Rule: what is cut is kept by nobody; the client gets its bytes whether or
// not the cache takes them.
import type { Exchange } from '../../contract/exchange.ts';
import type { BodySink, BodyTransform } from '../../contract/policy.ts';
import type { Filling } from '../../services/cache/store/filling.ts';

export class FillBody implements BodyTransform {
  readonly keepsLength = true;
  private readonly exchange: Exchange;
  private readonly filling: Filling;
  private readonly sink: BodySink;

  constructor(exchange: Exchange, filling: Filling, sink: BodySink) {
    this.exchange = exchange;
    this.filling = filling;
    this.sink = sink;
    filling.onDrain = () => sink.resume();
  }

  write(bytes: Uint8Array, from: number, to: number): void {
    // Who reads what is too large to be kept is behind.
    if (!this.filling.write(bytes, from, to)) this.sink.pause();
    this.sink.write(bytes, from, to);
  }

  end(): void {
    this.filling.onDrain = null;
    this.filling.end(this.exchange.response.trailers);
    this.sink.end();
  }

  abort(): void {
    this.filling.onDrain = null;
    this.filling.abort();
  }
}
