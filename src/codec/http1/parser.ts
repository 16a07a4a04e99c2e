// The two readers of HTTP/1.1: requests from a client, responses from a server.
// Rule: strict; what is not exactly RFC 9112 is refused, with the code of the side that sent it.
import type { ErrorCode } from '../../core/errors.ts';
import type { Fault } from './faults.ts';
import { FAULT } from './faults.ts';
import { settleRequest, settleResponse } from './field-meaning.ts';
import { METHOD } from './head.ts';
import { HEAD_KIND } from './head-reader.ts';
import type { MessageSink, ParserLimits } from './message-parser.ts';
import { MessageParser } from './message-parser.ts';
import { CR, LF } from './octets.ts';

export type { MessageSink, ParserLimits } from './message-parser.ts';

/** Some clients send a line end too many after a body; RFC 9112, 2.2 asks for patience with it. */
const MAX_EMPTY_LINES = 4;

export class RequestParser extends MessageParser {
  override readonly interim = false;
  override readonly upgraded = false;
  private emptyLines = 0;
  private afterCr = false;

  constructor(limits: ParserLimits, sink: MessageSink) {
    super(limits, sink, HEAD_KIND.REQUEST);
  }

  override reset(): void {
    super.reset();
    this.emptyLines = 0;
    this.afterCr = false;
  }

  protected override begin(bytes: Buffer, from: number, to: number): number {
    let at = from;
    while (at < to && (this.afterCr || bytes[at] === CR)) {
      if (this.afterCr && bytes[at] !== LF) {
        this.refuse(FAULT.method);
        break;
      }
      if (this.afterCr && ++this.emptyLines > MAX_EMPTY_LINES) {
        this.refuse(FAULT.emptyLines);
        break;
      }
      this.afterCr = !this.afterCr;
      at++;
    }
    return at;
  }

  protected override settle(): Fault | null {
    return settleRequest(this.head);
  }

  protected override codeOf(fault: Fault): ErrorCode {
    return fault.code;
  }
}

export class ResponseParser extends MessageParser {
  override interim = false;
  /** After 101, and after 2xx to CONNECT: the rest of the bytes is not HTTP, and no onEnd() comes. */
  override upgraded = false;
  private requestMethod: number = METHOD.OTHER;
  private interimResponses = 0;

  constructor(limits: ParserLimits, sink: MessageSink) {
    super(limits, sink, HEAD_KIND.RESPONSE);
  }

  /** The METHOD number of the request that the next response answers. */
  expect(requestMethod: number): void {
    this.requestMethod = requestMethod;
  }

  override reset(): void {
    super.reset();
    this.interim = false;
    this.upgraded = false;
    this.interimResponses = 0;
  }

  protected override begin(_bytes: Buffer, from: number): number {
    return from;
  }

  protected override settle(): Fault | null {
    const { status } = this.head;
    const fault = settleResponse(this.head, this.requestMethod);
    this.interim = status < 200 && status !== 101;
    this.upgraded = status === 101 || (this.requestMethod === METHOD.CONNECT && status >= 200 && status < 300);
    if (this.interim && ++this.interimResponses > this.limits.maxInterimResponses) return FAULT.tooManyInterim;
    return fault;
  }

  protected override codeOf(fault: Fault): ErrorCode {
    return fault === FAULT.cut ? 'upstream_incomplete' : 'upstream_invalid';
  }
}
