// Cuts what arrives on an HTTP/2 connection into frames. Rule: frames are read where they lie, and the contents of DATA are handed on
// as they come; only other frames that arrive in pieces are copied, one at a time and none larger than may be.
import { Buffer } from 'node:buffer';
import { FLAG, FRAME, FRAME_HEAD_BYTES, HTTP2_CODE, MAX_PAYLOAD_BYTES, PREFACE, uint31At } from './frames.ts';

/** What a frame is can be read from the reader's `type`, `flags`, `stream` and `length`. */
export interface FrameSink {
  /** A whole frame, other than DATA; the bytes are its payload and valid during the call. */
  onFrame(bytes: Buffer, from: number, to: number): void;
  /** The head of a DATA frame; its padding is told from its contents already. */
  onDataFrame(): void;
  /** A part of its contents. */
  onContent(bytes: Buffer, from: number, to: number): void;
  /** After all of it, padding included. */
  onDataFrameEnd(): void;
  /** This is no HTTP/2; nothing more is read. */
  onFault(code: number, detail: string): void;
}

const NOTHING = Buffer.alloc(0);

export class FrameReader {
  type = 0;
  flags = 0;
  stream = 0;
  length = 0;
  /** Octets of a DATA frame that are no contents. */
  padding = 0;
  private readonly sink: FrameSink;
  private stopped = false;
  private prefaceRead = 0;
  /** Within a DATA frame: octets of it that have not come, and how many of those are padding. */
  private inData = false;
  private awaitsPadLength = false;
  private contentLeft = 0;
  private paddingLeft = 0;
  /** Of a frame that came in pieces: its beginning, and how much of it is wanted. */
  private kept: Buffer = NOTHING;
  private keptLength = 0;
  private wanted = 0;

  constructor(sink: FrameSink) {
    this.sink = sink;
  }

  /** Nothing more is read, also of what feed() was given. */
  stop(): void {
    this.stopped = true;
    this.kept = NOTHING;
  }

  feed(bytes: Buffer, from: number, to: number): void {
    let at = this.prefaceRead < PREFACE.length ? this.readPreface(bytes, from, to) : from;
    while (at < to && !this.stopped) {
      if (this.inData) at = this.readData(bytes, at, to);
      else if (this.keptLength > 0) at = this.readKept(bytes, at, to);
      else at = this.readFrame(bytes, at, to);
    }
  }

  private fault(code: number, detail: string): void {
    this.stop();
    this.sink.onFault(code, detail);
  }

  private readPreface(bytes: Buffer, from: number, to: number): number {
    const length = Math.min(to - from, PREFACE.length - this.prefaceRead);
    if (bytes.compare(PREFACE, this.prefaceRead, this.prefaceRead + length, from, from + length) === 0) {
      this.prefaceRead += length;
    } else this.fault(HTTP2_CODE.PROTOCOL_ERROR, 'the connection does not begin as HTTP/2 does');
    return from + length;
  }

  /** Takes a frame, or keeps the beginning of one. */
  private readFrame(bytes: Buffer, at: number, to: number): number {
    if (to - at < FRAME_HEAD_BYTES) return this.keep(bytes, at, to);
    if (!this.readHead(bytes, at)) return to;
    const payload = at + FRAME_HEAD_BYTES;
    if (this.type === FRAME.DATA) {
      this.beginData();
      return payload;
    }
    if (to - payload < this.length) return this.keep(bytes, at, to);
    this.sink.onFrame(bytes, payload, payload + this.length);
    return payload + this.length;
  }

  private readHead(bytes: Buffer, at: number): boolean {
    this.length = (bytes[at]! << 16) | (bytes[at + 1]! << 8) | bytes[at + 2]!;
    this.type = bytes[at + 3]!;
    this.flags = bytes[at + 4]!;
    this.stream = uint31At(bytes, at + 5);
    if (this.length <= MAX_PAYLOAD_BYTES) return true;
    this.fault(HTTP2_CODE.FRAME_SIZE_ERROR, 'a frame is larger than may be');
    return false;
  }

  private keep(bytes: Buffer, from: number, to: number): number {
    this.wanted = to - from < FRAME_HEAD_BYTES ? FRAME_HEAD_BYTES : FRAME_HEAD_BYTES + this.length;
    this.kept = Buffer.allocUnsafe(this.wanted);
    this.keptLength = bytes.copy(this.kept, 0, from, to);
    return to;
  }

  private readKept(bytes: Buffer, from: number, to: number): number {
    const end = Math.min(to, from + this.wanted - this.keptLength);
    this.keptLength += bytes.copy(this.kept, this.keptLength, from, end);
    if (this.keptLength < this.wanted) return end;
    const { kept } = this;
    if (this.wanted === FRAME_HEAD_BYTES) {
      if (!this.readHead(kept, 0)) return to;
      if (this.type !== FRAME.DATA && this.length > 0) {
        this.keep(kept, 0, FRAME_HEAD_BYTES);
        return end;
      }
    }
    this.keptLength = 0;
    this.kept = NOTHING;
    if (this.type === FRAME.DATA) this.beginData();
    else this.sink.onFrame(kept, FRAME_HEAD_BYTES, FRAME_HEAD_BYTES + this.length);
    return end;
  }

  private beginData(): void {
    this.inData = true;
    this.awaitsPadLength = (this.flags & FLAG.PADDED) !== 0;
    this.contentLeft = this.length;
    this.paddingLeft = 0;
    this.padding = 0;
    if (this.awaitsPadLength && this.length === 0) {
      this.fault(HTTP2_CODE.FRAME_SIZE_ERROR, 'a frame is too short for its padding');
      return;
    }
    this.sink.onDataFrame();
    this.endDataIfComplete();
  }

  private readData(bytes: Buffer, from: number, to: number): number {
    let at = from;
    if (this.awaitsPadLength && !this.readPadLength(bytes[at++]!)) return to;
    const contentTo = Math.min(to, at + this.contentLeft);
    if (at < contentTo) {
      this.contentLeft -= contentTo - at;
      this.sink.onContent(bytes, at, contentTo);
    }
    const end = Math.min(to, contentTo + (this.contentLeft === 0 ? this.paddingLeft : 0));
    this.paddingLeft -= end - contentTo;
    this.endDataIfComplete();
    return end;
  }

  private readPadLength(length: number): boolean {
    this.awaitsPadLength = false;
    this.contentLeft -= 1 + length;
    this.paddingLeft = length;
    this.padding = 1 + length;
    if (this.contentLeft >= 0) return true;
    this.fault(HTTP2_CODE.PROTOCOL_ERROR, 'a frame has more padding than room');
    return false;
  }

  private endDataIfComplete(): void {
    if (this.stopped || this.awaitsPadLength || this.contentLeft > 0 || this.paddingLeft > 0) return;
    this.inData = false;
    this.sink.onDataFrameEnd();
  }
}
