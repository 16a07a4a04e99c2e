// The body of a kept answer on its way to one client: from the store, or from what somebody else fetches just now. Rule: what was taken
// before there was anybody to give it to is held, and is one piece at most; a client that is gone frees it at once.
import { Buffer } from 'node:buffer';
import type { KeptSink, KeptSource } from '../../contract/kept-answer.ts';
import type { FieldLine } from '../../services/cache/answer-meta.ts';
import type { BodyReader, BodyReading } from '../../services/cache/store/body-reading.ts';

export type OpenBody = (reader: BodyReader) => BodyReading | null;

export class KeptBody implements KeptSource, BodyReader {
  private readonly held: Buffer[] = [];
  private sink: KeptSink | null = null;
  private reading: BodyReading | null = null;
  private ending: 'whole' | 'torn' | null = null;
  private trailers: readonly FieldLine[] = [];
  private isWaiting = false;
  private isCancelled = false;
  /** So many bytes of what was given. */
  given = 0;
  private readonly onOver: (given: number) => void;

  private constructor(onOver: (given: number) => void) {
    this.onOver = onOver;
  }

  /** null: it is gone. */
  static open(open: OpenBody, onOver: (given: number) => void = () => {}): KeptBody | null {
    const body = new KeptBody(onOver);
    body.reading = open(body);
    return body.reading === null && body.ending === null ? null : body;
  }

  // -- As who reads it -----------------------------------------------------------------------------------------------

  take(bytes: Uint8Array, from: number, to: number): boolean {
    if (this.sink === null || this.isWaiting) {
      this.held.push(Buffer.from(bytes.subarray(from, to)));
      return false;
    }
    this.given += to - from;
    this.isWaiting = !this.sink.write(bytes, from, to);
    return !this.isWaiting;
  }

  end(trailers: readonly FieldLine[]): void {
    this.ending = 'whole';
    this.trailers = trailers;
    this.finish();
  }

  failed(): void {
    this.ending = 'torn';
    this.finish();
  }

  // -- As who gives it -----------------------------------------------------------------------------------------------

  begin(sink: KeptSink): void {
    this.sink = sink;
    this.goOn();
  }

  resume(): void {
    this.isWaiting = false;
    this.goOn();
  }

  cancel(): void {
    if (this.isCancelled) return;
    this.isCancelled = true;
    this.sink = null;
    this.held.length = 0;
    this.reading?.cancel();
    this.onOver(this.given);
  }

  private goOn(): void {
    for (;;) {
      const piece = this.held.shift();
      if (piece === undefined) break;
      if (this.sink === null) return;
      this.given += piece.length;
      if (this.sink.write(piece, 0, piece.length)) continue;
      this.isWaiting = true;
      return;
    }
    if (this.ending === null) this.reading?.resume();
    this.finish();
  }

  private finish(): void {
    const { sink } = this;
    if (this.ending === null || sink === null || this.held.length > 0) return;
    this.sink = null;
    this.isCancelled = true;
    if (this.ending === 'whole') sink.end(this.trailers);
    else sink.cut();
    this.onOver(this.given);
  }
}
