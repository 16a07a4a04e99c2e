// What reading a request and reading a response have in common: head, body, trailers, end, as calls of a sink.
// Rule: after every call of the sink the parser looks whether it was paused or reset, and leaves at once if so.
import type { ErrorCode } from '../../core/errors.ts';
import { CHUNK, ChunkedReader } from './chunked.ts';
import type { Fault } from './faults.ts';
import { FAULT } from './faults.ts';
import { FRAMING, Head } from './head.ts';
import { HEAD_KIND, HeadReader } from './head-reader.ts';
import { copyTrailers } from './trailers.ts';

/** Hears what the bytes say. Nothing that is passed may be kept beyond the call: see Head.moveTo(). */
export interface MessageSink {
  /** The head is complete; the same object every time. */
  onHead(head: Head): void;
  /** Body octets, framing removed: bytes[from, to), never empty. */
  onBody(bytes: Buffer, from: number, to: number): void;
  /** The message is complete; `parser.trailers` holds its trailer fields. */
  onEnd(): void;
  /** The bytes are refused and nothing more is accepted. `parser.head` may be incomplete. */
  onError(code: ErrorCode, detail: string): void;
}

export interface ParserLimits {
  readonly maxTargetBytes: number;
  /** Of the whole head, and of a trailer section. */
  readonly maxHeadBytes: number;
  readonly maxFields: number;
  readonly maxBodyBytes: number;
  /** Of all chunk extensions of one message. */
  readonly maxChunkExtensionBytes: number;
  readonly maxInterimResponses: number;
}

export const DEFAULT_LIMITS: ParserLimits = {
  maxTargetBytes: 8 * 1024,
  maxHeadBytes: 16 * 1024,
  maxFields: 100,
  maxBodyBytes: 10 * 1024 * 1024,
  maxChunkExtensionBytes: 4 * 1024,
  maxInterimResponses: 16,
};

/** Where the parser stands. START and DONE wait for bytes and for reset(); END waits for nothing but being fed. */
const STATE = {
  START: 0,
  HEAD: 1,
  INTERIM: 2,
  LENGTH: 3,
  CHUNKED: 4,
  TRAILERS: 5,
  UNTIL_CLOSE: 6,
  END: 7,
  DONE: 8,
  REFUSED: 9,
} as const;

export abstract class MessageParser {
  readonly head: Head = new Head();
  /** The trailer fields that may be forwarded, in bytes of their own; null when there are none. */
  trailers: Head | null = null;
  protected readonly limits: ParserLimits;
  protected readonly reader: HeadReader;
  private readonly sink: MessageSink;
  private state: number = STATE.START;
  private stopped = false;
  /** What is left of a body of known length, and what one of unknown length may still bring. */
  private remaining = 0;
  private chunks: ChunkedReader | null = null;
  private trailerReader: HeadReader | null = null;

  constructor(limits: ParserLimits, sink: MessageSink, kind: number) {
    this.limits = limits;
    this.sink = sink;
    this.reader = new HeadReader(this.head, limits, kind);
  }

  /** Nothing of a next message has been seen yet. */
  get idle(): boolean {
    return this.state === STATE.START;
  }

  /** Takes bytes[from, to) and returns where it stopped: at `to`, behind the end of a message, or where it was paused.
   *  After a pause it is fed the rest, which may be nothing: an end that is due is reported then. */
  feed(bytes: Buffer, from: number, to: number): number {
    this.stopped = false;
    let at = from;
    while (!this.stopped) {
      switch (this.state) {
        case STATE.START:
          at = this.begin(bytes, at, to);
          if (at === to || this.stopped) return at;
          this.state = STATE.HEAD;
          break;
        case STATE.HEAD:
          if (at === to) return at;
          at = this.takeHead(bytes, at, to);
          break;
        case STATE.INTERIM:
          this.head.reset();
          this.reader.reset();
          this.state = STATE.HEAD;
          break;
        case STATE.LENGTH:
        case STATE.UNTIL_CLOSE:
          if (at === to) return at;
          at = this.takeBody(bytes, at, to);
          break;
        case STATE.CHUNKED:
          if (at === to) return at;
          at = this.takeChunks(bytes, at, to);
          break;
        case STATE.TRAILERS:
          if (at === to) return at;
          at = this.takeTrailers(bytes, at, to);
          break;
        case STATE.END:
          this.end();
          return at;
        default:
          return at;
      }
    }
    return at;
  }

  /** To be called inside a call of the sink: feed() returns right after it. */
  pause(): void {
    this.stopped = true;
  }

  /** To be called inside onHead: the body of this message alone may have so much, if its length is not known. */
  allowBody(maxBytes: number): void {
    if (this.chunks !== null) this.chunks.maxBodyBytes = maxBytes;
  }

  /** The input has ended. Between messages that is fine; within one it is an error, unless the end is what ends the body. */
  finish(): void {
    if (this.state === STATE.UNTIL_CLOSE || this.state === STATE.END) this.end();
    else if (this.state > STATE.START && this.state < STATE.END) this.refuse(FAULT.cut);
  }

  /** Ready for the next message on the connection. */
  reset(): void {
    this.stopped = true;
    this.state = STATE.START;
    this.remaining = 0;
    this.trailers = null;
    this.trailerReader = null;
    this.chunks?.reset();
    this.reader.reset();
    this.head.reset();
  }

  /** Skips what may precede a message. */
  protected abstract begin(bytes: Buffer, from: number, to: number): number;
  /** Judges the complete head. */
  protected abstract settle(): Fault | null;
  /** What the one who is to blame for the fault is told. */
  protected abstract codeOf(fault: Fault): ErrorCode;
  /** The head is that of a response which another one follows. */
  protected abstract readonly interim: boolean;
  /** What follows the head is not HTTP. */
  abstract readonly upgraded: boolean;

  protected refuse(fault: Fault): void {
    this.stopped = true;
    this.state = STATE.REFUSED;
    this.sink.onError(this.codeOf(fault), fault.detail);
  }

  private end(): void {
    this.state = STATE.DONE;
    this.sink.onEnd();
  }

  private takeHead(bytes: Buffer, from: number, to: number): number {
    const at = this.reader.feed(bytes, from, to);
    const fault = this.reader.done ? (this.settle() ?? this.lengthFault()) : this.reader.fault;
    if (fault !== null) this.refuse(fault);
    else if (this.reader.done) {
      this.state = this.stateAfterHead();
      this.sink.onHead(this.head);
    }
    return at;
  }

  private lengthFault(): Fault | null {
    const { framing, contentLength } = this.head;
    return framing === FRAMING.LENGTH && contentLength > this.limits.maxBodyBytes ? FAULT.bodyTooLarge : null;
  }

  private stateAfterHead(): number {
    if (this.upgraded) return STATE.DONE;
    if (this.interim) return STATE.INTERIM;
    switch (this.head.framing) {
      case FRAMING.LENGTH:
        this.remaining = this.head.contentLength;
        return STATE.LENGTH;
      case FRAMING.CHUNKED:
        this.chunks ??= new ChunkedReader(this.limits);
        return STATE.CHUNKED;
      case FRAMING.UNTIL_CLOSE:
        this.remaining = this.limits.maxBodyBytes;
        return STATE.UNTIL_CLOSE;
      default:
        return STATE.END;
    }
  }

  private takeBody(bytes: Buffer, from: number, to: number): number {
    if (this.state === STATE.UNTIL_CLOSE && to - from > this.remaining) {
      this.refuse(FAULT.bodyTooLarge);
      return from;
    }
    const end = Math.min(to, from + this.remaining);
    this.remaining -= end - from;
    if (this.remaining === 0 && this.state === STATE.LENGTH) this.state = STATE.END;
    this.sink.onBody(bytes, from, end);
    return end;
  }

  private takeChunks(bytes: Buffer, from: number, to: number): number {
    const chunks = this.chunks!;
    const at = chunks.feed(bytes, from, to);
    switch (chunks.outcome) {
      case CHUNK.DATA:
        this.sink.onBody(bytes, chunks.dataFrom, at);
        break;
      case CHUNK.TRAILERS:
        this.trailerReader = new HeadReader(new Head(), this.limits, HEAD_KIND.TRAILERS);
        this.state = STATE.TRAILERS;
        break;
      case CHUNK.END:
        this.state = STATE.END;
        break;
      case CHUNK.FAULT:
        this.refuse(chunks.fault!);
        break;
      default:
    }
    return at;
  }

  private takeTrailers(bytes: Buffer, from: number, to: number): number {
    const reader = this.trailerReader!;
    const at = reader.feed(bytes, from, to);
    if (reader.fault !== null) this.refuse(reader.fault);
    else if (reader.done) {
      this.trailers = copyTrailers(reader.head);
      this.state = STATE.END;
    }
    return at;
  }
}
