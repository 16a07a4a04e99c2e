// Reads what one side of a WebSocket says (RFC 6455), in pieces of any size. Rule: it keeps no byte of a message; what it does not
// understand ends the reading, and nothing else.
import { Buffer } from 'node:buffer';
import { xorMask } from './mask.ts';

/** One message after the other. Pings and the like may stand between the parts of one, and are passed over. */
export interface MessageSink {
  /** `isCompressed`: its parts are those of permessage-deflate (RFC 7692). */
  begin(isText: boolean, isCompressed: boolean): void;
  /** Valid only during the call. */
  part(bytes: Uint8Array, from: number, to: number): void;
  end(): void;
  /** Close, Ping or Pong, by its opcode, with what it says. The bytes are valid only during the call. */
  control?(opcode: number, payload: Uint8Array): void;
}

export const OPCODE_OF = { continuation: 0x0, text: 0x1, binary: 0x2, close: 0x8, ping: 0x9, pong: 0xa } as const;

export interface FrameReaderOptions {
  /** Both sides have agreed on permessage-deflate. */
  readonly allowsCompression: boolean;
  /** A client masks every frame, and one that does not is no client. Without it nobody minds. */
  readonly requiresMask?: boolean;
  readonly sink: MessageSink;
}

/** `closed`: by a Close of that side, after which it says nothing more. `broken`: it has said what nobody may. */
export type FrameState = 'open' | 'closed' | 'broken';

const FIN = 0x80;
const COMPRESSED = 0x40;
const RESERVED = 0x30;
const OPCODE = 0x0f;
const MASKED = 0x80;
const LENGTH = 0x7f;

const CONTINUATION = 0x0;
const TEXT = 0x1;
const BINARY = 0x2;
const FIRST_CONTROL = 0x8;
const CLOSE = 0x8;
const LAST_CONTROL = 0xa;

/** Lengths up to here stand in the second byte; the two above say that 2 or 8 bytes follow. */
const MAX_SHORT = 125;
const TWO_BYTES = 126;
const MASK_BYTES = 4;
/** Two bytes, eight of the length, four of the mask. */
const MAX_HEAD_BYTES = 14;
const UNMASKED_AT_ONCE = 16 * 1024;

export class FrameReader {
  state: FrameState = 'open';
  private readonly allowsCompression: boolean;
  private readonly requiresMask: boolean;
  private readonly sink: MessageSink;
  /** What a control frame says, for a sink that wants it. */
  private readonly said: Buffer | null;
  /** The head of a frame as far as it has come, and how long it will be. */
  private readonly head = Buffer.alloc(MAX_HEAD_BYTES);
  private headBytes = 0;
  private headLength = 2;
  /** Of the payload of this frame. */
  private leftBytes = 0;
  private readonly mask = new Uint8Array(MASK_BYTES);
  private isInPayload = false;
  /** How many bytes of the payload have come, for the place in the mask. */
  private takenBytes = 0;
  private inMessage = false;
  private unmasked: Buffer | null = null;

  constructor({ allowsCompression, requiresMask = false, sink }: FrameReaderOptions) {
    this.allowsCompression = allowsCompression;
    this.requiresMask = requiresMask;
    this.sink = sink;
    this.said = sink.control === undefined ? null : Buffer.alloc(MAX_SHORT);
  }

  take(bytes: Uint8Array, start: number, to: number): void {
    let at = start;
    while (at < to && this.state === 'open') {
      at = this.isInPayload ? this.takePayload(bytes, at, to) : this.takeHead(bytes, at);
    }
  }

  /** One byte of it. */
  private takeHead(bytes: Uint8Array, at: number): number {
    const { head } = this;
    head[this.headBytes] = bytes[at]!;
    this.headBytes += 1;
    if (this.headBytes === 1 && !this.isAllowed(head[0]!)) this.state = 'broken';
    if (this.headBytes === 2) this.headLength = 2 + lengthBytes(head[1]!) + (isMasked(head) ? MASK_BYTES : 0);
    if (this.headBytes === this.headLength && this.state === 'open') this.beginFrame();
    return at + 1;
  }

  private isAllowed(first: number): boolean {
    const opcode = first & OPCODE;
    if ((first & RESERVED) !== 0) return false;
    if (opcode >= FIRST_CONTROL) return opcode <= LAST_CONTROL && (first & FIN) !== 0 && (first & COMPRESSED) === 0;
    if (opcode === CONTINUATION) return this.inMessage && (first & COMPRESSED) === 0;
    return opcode <= BINARY && !this.inMessage && (this.allowsCompression || (first & COMPRESSED) === 0);
  }

  private beginFrame(): void {
    const { head, sink } = this;
    const length = payloadLength(head);
    const isBare = this.requiresMask && !isMasked(head);
    if (length < 0 || isBare || (this.isControl && length > MAX_SHORT)) {
      this.state = 'broken';
      return;
    }
    const opcode = head[0]! & OPCODE;
    if (opcode === TEXT || opcode === BINARY) {
      this.inMessage = true;
      sink.begin(opcode === TEXT, (head[0]! & COMPRESSED) !== 0);
    }
    this.leftBytes = length;
    this.takenBytes = 0;
    this.isInPayload = true;
    if (length === 0) this.endFrame();
  }

  private get isControl(): boolean {
    return this.isControlOf(this.head[0]!);
  }

  private takePayload(bytes: Uint8Array, from: number, to: number): number {
    const end = Math.min(to, from + this.leftBytes);
    if (!this.isControl) this.give(bytes, from, end);
    else if (this.said !== null) this.hear(bytes, from, end, this.said);
    this.leftBytes -= end - from;
    if (this.leftBytes === 0) this.endFrame();
    return end;
  }

  private give(bytes: Uint8Array, start: number, end: number): void {
    if (!isMasked(this.head)) {
      this.sink.part(bytes, start, end);
      return;
    }
    this.unmasked ??= Buffer.alloc(UNMASKED_AT_ONCE);
    for (let from = start; from < end; from += UNMASKED_AT_ONCE) {
      const to = Math.min(end, from + UNMASKED_AT_ONCE);
      this.unmask(bytes, from, to, this.unmasked);
      this.sink.part(this.unmasked, 0, to - from);
    }
  }

  private hear(bytes: Uint8Array, from: number, end: number, said: Buffer): void {
    const into = said.subarray(this.takenBytes);
    if (isMasked(this.head)) this.unmask(bytes, from, end, into);
    else {
      into.set(bytes.subarray(from, end));
      this.takenBytes += end - from;
    }
  }

  private unmask(bytes: Uint8Array, from: number, to: number, into: Buffer): void {
    const { head, headLength } = this;
    const maskAt = headLength - MASK_BYTES;
    const { mask, takenBytes } = this;
    for (let i = 0; i < MASK_BYTES; i += 1) mask[i] = head[maskAt + i]!;
    into.set(bytes.subarray(from, to));
    xorMask(into, 0, to - from, { mask, turn: takenBytes });
    this.takenBytes += to - from;
  }

  private endFrame(): void {
    const first = this.head[0]!;
    this.isInPayload = false;
    this.headBytes = 0;
    this.headLength = 2;
    if (this.isControlOf(first) && this.said !== null) this.tell(first & OPCODE, this.said);
    if ((first & OPCODE) === CLOSE) this.state = 'closed';
    else if (!this.isControlOf(first) && (first & FIN) !== 0) {
      this.inMessage = false;
      this.sink.end();
    }
  }

  private isControlOf(first: number): boolean {
    return (first & OPCODE) >= FIRST_CONTROL;
  }

  private tell(opcode: number, said: Buffer): void {
    this.sink.control?.(opcode, said.subarray(0, this.takenBytes));
  }
}

function isMasked(head: Buffer): boolean {
  return (head[1]! & MASKED) !== 0;
}

/** Beyond the second byte of a head. */
function lengthBytes(second: number): number {
  const short = second & LENGTH;
  if (short <= MAX_SHORT) return 0;
  return short === TWO_BYTES ? 2 : 8;
}

/** -1: longer than anything can be. */
function payloadLength(head: Buffer): number {
  const short = head[1]! & LENGTH;
  if (short <= MAX_SHORT) return short;
  if (short === TWO_BYTES) return head.readUInt16BE(2);
  const length = head.readUInt32BE(2) * 2 ** 32 + head.readUInt32BE(6);
  return Number.isSafeInteger(length) ? length : -1;
}
