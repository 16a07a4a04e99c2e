// What leaves on an HTTP/2 connection: the frames of all its streams are gathered and leave in one write when this turn of the event
// loop is over. Rule: of bodies no more is put into frames than the client's windows and the socket take; the rest stays with its stream.
import { OutBuffer } from '../codec/http1/writer.ts';
import {
  FLAG,
  FLAGS_AT,
  FRAME,
  FRAME_HEAD_BYTES,
  INITIAL_WINDOW_BYTES,
  MAX_PAYLOAD_BYTES,
  setFrameLength,
  writeFrameHead,
} from '../codec/http2/frames.ts';
import { HpackEncoder } from '../codec/http2/hpack-encoder.ts';
import type { Connection } from './connection.ts';

/** A stream whose body waits for the connection. */
export interface WaitingStream {
  /** What it may still be sent. */
  window: number;
  /** Sends one frame of what waits; false: nothing more can be sent now. */
  sendSome(): boolean;
}

/** A stream as its frames name it; the flags octet of its last DATA frame can be reached until that has left. */
export interface FramedStream {
  readonly id: number;
  window: number;
  lastFlagsAt: number;
  lastTurn: number;
}

/** Beyond so much the frames leave before more are added. */
const FULL_BYTES = 64 * 1024;
/** What may be framed before a socket that is congested takes it: copying it to where it waits would cost more. */
const AHEAD_BYTES = 192 * 1024;
const FIRST_ROOM_BYTES = 16 * 1024;
const MOST_SPARE = 32;
/** A larger one is not kept. */
const MOST_ROOM_BYTES = 2 * FULL_BYTES;

const spare: OutBuffer[] = [];
let gathering: Http2Output[] = [];

/** Everything that was gathered leaves; what is added meanwhile has to wait for the next turn. */
function sendAll(): void {
  const outputs = gathering;
  gathering = [];
  for (const output of outputs) output.send();
}

export class Http2Output {
  /** What the client takes on all streams together, and on a new one. */
  window: number = INITIAL_WINDOW_BYTES;
  initialWindow: number = INITIAL_WINDOW_BYTES;
  readonly encoder: HpackEncoder = new HpackEncoder();
  /** Counts what has left; frames that were written in the same turn can still be changed. */
  turn = 0;
  /** Frames of bodies that were sent and that nobody has asked about yet. */
  private framesSent = 0;
  private readonly connection: Connection;
  private readonly onSent: () => void;
  private out: OutBuffer | null = null;
  private waiting: WaitingStream[] = [];
  private isPumping = false;

  constructor(connection: Connection, onSent: () => void) {
    this.connection = connection;
    this.onSent = onSent;
  }

  /** Where to write frames; they leave with this turn, and `onSent` is called after that. */
  get room(): OutBuffer {
    return this.out ?? this.begin();
  }

  get unsentBytes(): number {
    return this.connection.unsentBytes + (this.out?.length ?? 0);
  }

  /** Writes HEADERS, with CONTINUATION where it takes more. False: such a list cannot be sent, and nothing was written. */
  writeHeaders(stream: number, flags: number, fields: readonly string[]): boolean {
    const out = this.room;
    const headAt = out.length;
    writeFrameHead(out, 0, (FRAME.HEADERS << 8) | FLAG.END_HEADERS | flags, stream);
    if (!this.encoder.encode(out, fields)) {
      out.length = headAt;
      return false;
    }
    const length = out.length - headAt - FRAME_HEAD_BYTES;
    setFrameLength(out, headAt, length);
    if (length > MAX_PAYLOAD_BYTES) split(out, headAt, stream);
    return true;
  }

  /** Sends as much of a body as may be sent now; the place up to which it has come. */
  writeData(stream: FramedStream, bytes: Buffer, from: number, to: number): number {
    if (this.waiting.length > 0 && !this.isPumping) return from;
    let at = from;
    while (at < to) {
      const end = Math.min(to, at + this.mostFor(stream));
      if (end <= at) break;
      this.writeFrame(stream, bytes, at, end);
      at = end;
    }
    return at;
  }

  /** The socket does not take what is written: whoever has written should wait, though a little more may wait with it. */
  get congested(): boolean {
    return this.connection.congested;
  }

  private get isFull(): boolean {
    return this.connection.congested && this.unsentBytes > AHEAD_BYTES;
  }

  /** How much may be sent of it in one frame now. */
  mostFor({ window }: FramedStream): number {
    return this.isFull ? 0 : Math.min(MAX_PAYLOAD_BYTES, window, this.window);
  }

  writeFrame(stream: FramedStream, bytes: Buffer, from: number, to: number): void {
    const length = to - from;
    let out = this.room;
    if (out.length + length > FULL_BYTES && out.length > 0) {
      this.leave(out);
      out = this.room;
    }
    this.framesSent += 1;
    stream.lastFlagsAt = out.length + FLAGS_AT;
    stream.lastTurn = this.turn;
    writeFrameHead(out, length, FRAME.DATA << 8, stream.id);
    out.copy(bytes, from, to);
    stream.window -= length;
    this.window -= length;
  }

  /** Its last frame of a body says that it was the last, or an empty one does. */
  writeEnd(stream: FramedStream): void {
    const { out } = this;
    if (out !== null && stream.lastTurn === this.turn) out.bytes[stream.lastFlagsAt]! |= FLAG.END_STREAM;
    else writeFrameHead(this.room, 0, (FRAME.DATA << 8) | FLAG.END_STREAM, stream.id);
  }

  /** How many frames of bodies have been sent since the last call. */
  takeFramesSent(): number {
    const { framesSent } = this;
    this.framesSent = 0;
    return framesSent;
  }

  /** Its turn comes when the connection takes more. */
  wait(stream: WaitingStream): void {
    this.waiting.push(stream);
  }

  leaveWaiting(stream: WaitingStream): void {
    const place = this.waiting.indexOf(stream);
    if (place >= 0) this.waiting.splice(place, 1);
  }

  /** The connection takes more: one frame of each stream in turn. */
  pump(): void {
    if (this.isPumping) return;
    this.isPumping = true;
    while (this.waiting.length > 0 && this.window > 0 && !this.connection.congested) {
      const stream = this.waiting.shift()!;
      if (stream.sendSome()) this.waiting.push(stream);
    }
    this.isPumping = false;
  }

  /** The frames so far leave now. */
  send(): void {
    const { out } = this;
    if (out !== null) {
      this.out = null;
      this.leave(out);
      if (spare.length < MOST_SPARE && out.bytes.length <= MOST_ROOM_BYTES) spare.push(out);
    }
    this.onSent();
  }

  private begin(): OutBuffer {
    const out = spare.pop() ?? new OutBuffer(FIRST_ROOM_BYTES);
    this.out = out;
    if (gathering.length === 0) setImmediate(sendAll);
    gathering.push(this);
    return out;
  }

  private leave(out: OutBuffer): void {
    this.turn += 1;
    this.connection.flush(out);
  }
}

/** Cuts a block that is too large for one frame. */
function split(out: OutBuffer, headAt: number, stream: number): void {
  const from = headAt + FRAME_HEAD_BYTES;
  const rest = Buffer.from(out.bytes.subarray(from + MAX_PAYLOAD_BYTES, out.length));
  setFrameLength(out, headAt, MAX_PAYLOAD_BYTES);
  out.bytes[headAt + FLAGS_AT]! &= ~FLAG.END_HEADERS;
  out.length = from + MAX_PAYLOAD_BYTES;
  for (let at = 0; at < rest.length; at += MAX_PAYLOAD_BYTES) {
    const end = Math.min(rest.length, at + MAX_PAYLOAD_BYTES);
    const flags = end === rest.length ? FLAG.END_HEADERS : 0;
    writeFrameHead(out, end - at, (FRAME.CONTINUATION << 8) | flags, stream);
    out.copy(rest, at, end);
  }
}
