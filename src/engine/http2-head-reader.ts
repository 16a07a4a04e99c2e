// Reads one head that was written down from HTTP/2 with the parser of HTTP/1.1, and its trailers. Rule: bodies never come this
// way: HTTP/2 frames them itself.
import type { Head } from '../codec/http1/head.ts';
import type { MessageSink, RequestParser, ResponseParser } from '../codec/http1/parser.ts';
import { type ErrorCode, SluiceError } from '../core/errors.ts';
import { type FieldList, trailerSectionOf } from './http2-head.ts';

export class Http2HeadReader implements MessageSink {
  readonly parser: RequestParser | ResponseParser;
  private fault: SluiceError | null = null;

  constructor(create: (sink: MessageSink) => RequestParser | ResponseParser) {
    this.parser = create(this);
  }

  /** Null when the head is good: it is `parser.head` then, and lies in `bytes`. */
  read(bytes: Buffer): SluiceError | null {
    this.fault = null;
    this.parser.reset();
    this.parser.feed(bytes, 0, bytes.length);
    return this.fault;
  }

  /** There was no head that could be read: nothing of the one before is left. */
  forget(): void {
    this.parser.reset();
  }

  /** The trailers that may be passed on, of a message whose head said that its end would tell. */
  readTrailers(list: FieldList | null): Head | null {
    if (list === null || list.length === 0) return null;
    const section = trailerSectionOf(list);
    this.parser.feed(section, 0, section.length);
    return this.fault === null ? this.parser.trailers : null;
  }

  /** The head is all that is wanted; reading on would forget one that another follows. */
  onHead(): void {
    this.parser.pause();
  }

  onBody(): void {}

  onEnd(): void {}

  onError(code: ErrorCode, detail: string): void {
    this.fault = new SluiceError(code, { message: detail });
  }
}
