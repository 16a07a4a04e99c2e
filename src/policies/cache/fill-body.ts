// The body of an answer that goes to a client and into the cache. Rule: what is cut is kept by nobody; a client that takes less than comes gets the
// rest from the cache, at its own pace, so that it holds up neither the server nor those who read along.
import type { Exchange } from '../../contract/exchange.ts';
import type { BodySink, BodyTransform } from '../../contract/policy.ts';
import { SluiceError } from '../../core/errors.ts';
import type { BodyReader, BodyReading } from '../../services/cache/store/body-reading.ts';
import type { Filling } from '../../services/cache/store/filling.ts';

export class FillBody implements BodyTransform {
  readonly keepsLength?: true;
  private readonly exchange: Exchange;
  private readonly filling: Filling;
  private readonly sink: BodySink;
  /** What the client gets from the cache; null: it gets what comes. */
  private reading: BodyReading | null = null;

  /** `copy`: what the client gets in its place; null: the same. */
  constructor(exchange: Exchange, filling: Filling, sink: BodySink, copy: Filling | null = null) {
    this.exchange = exchange;
    this.filling = filling;
    this.sink = sink;
    filling.onDrain = () => sink.resume();
    if (copy === null) this.keepsLength = true;
    else this.reading = copy.read(this.reader);
  }

  write(bytes: Uint8Array, from: number, to: number): void {
    const { filling, sink } = this;
    const isBehind = this.reading !== null || (this.holdsBack() && sink.isFull === true && this.fallBehind());
    // Who reads what is too large to be kept is behind.
    if (!filling.write(bytes, from, to)) sink.pause();
    if (!isBehind) sink.write(bytes, from, to);
  }

  holdsBack(): boolean {
    return this.reading !== null || (this.filling.isKept && this.filling.status === 'open');
  }

  drained(): void {
    this.reading?.resume();
  }

  end(): void {
    const { filling, sink } = this;
    filling.onDrain = null;
    filling.end(this.exchange.response.trailers);
    if (this.reading === null) sink.end();
  }

  abort(): void {
    this.filling.onDrain = null;
    this.reading?.cancel();
    this.filling.abort(this.exchange.errorCode === 'client_closed');
  }

  /** False: it cannot be read. */
  private fallBehind(): boolean {
    this.reading = this.filling.read(this.reader, this.filling.written);
    return this.reading !== null;
  }

  private get reader(): BodyReader {
    const { sink } = this;
    return {
      take: (bytes, from, to) => {
        sink.write(bytes, from, to);
        return sink.isFull !== true;
      },
      end: () => sink.end(),
      failed: () => sink.fail(new SluiceError('upstream_incomplete')),
    };
  }
}
