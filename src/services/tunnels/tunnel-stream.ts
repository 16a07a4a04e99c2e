// One request of a visitor on its way through a control connection. Rule: what has come and cannot be taken yet is kept in order, up to
// what the session allows; after its end nothing is called any more.
import { Buffer } from 'node:buffer';
import { MsgpackError } from '../../codec/msgpack/read-msgpack.ts';
import {
  type AnswerHead,
  MAX_CHUNK_BYTES,
  readAnswerHead,
  type StreamDataMessage,
  type StreamMode,
  type WsType,
} from '../../codec/tunnel/messages.ts';
import { BufferPool } from '../../transport/buffers.ts';
import { streamEnd } from '../../codec/tunnel/flow-messages.ts';
import { type FlowPart, type FlowPeer, StreamFlow } from './stream-flow.ts';
import type { StreamWindow } from './stream-window.ts';
import type { AccountMeter } from './account-meter.ts';
import type { NameUse } from './tunnel-registry.ts';

export interface StreamEvents {
  /** What the app has answered. */
  head(head: AnswerHead): void;
  /** What it says before that: 1xx. From the third version on. */
  interim?(head: AnswerHead): void;
  /** Valid only during the call. False: what follows waits for `resume`. */
  data(bytes: Buffer, wsType: WsType | null, isLast: boolean): boolean;
  ended(code: number | null, reason: string): void;
  /** The app says nothing more, and listens. From the third version on. */
  halfEnded?(trailers: StreamTrailers): void;
  /** `slow`: more was waiting for the visitor than may. `busy`: nothing was sent, for lack of a way. `large`: for the size of it. */
  failed(how: StreamFailure, why: string): void;
  /** After `send` answered false: more can be sent. */
  drain(): void;
}

export type StreamTrailers = readonly (readonly [name: string, value: string])[];

/** What is behind it. */
export interface StreamOf {
  readonly id: number;
  readonly mode: StreamMode;
  readonly use?: NameUse | null;
  readonly meter?: AccountMeter | null;
}

export type StreamFailure = 'reset' | 'gone' | 'slow' | 'invalid' | 'busy' | 'large';

/** What a stream needs of its session. */
export interface StreamHost {
  readonly version: number;
  /** What the client may send of a stream; asked for from the third version on, once for each. */
  openWindow(): StreamWindow;
  sendData(stream: TunnelStream, bytes: Buffer, part: FlowPart): boolean;
  sendFlow(bytes: Buffer): void;
  sendClose(stream: TunnelStream, code: number | null, reason: string): void;
  sendReset(stream: TunnelStream, reason: string): void;
  /** It keeps more, or less. */
  paced(stream: TunnelStream, change: number): void;
  left(stream: TunnelStream): void;
}

export type SentPart = FlowPart;

interface Kept {
  readonly bytes: Buffer;
  readonly wsType: WsType | null;
  readonly isLast: boolean;
}

interface StreamEnd {
  readonly code: number | null;
  readonly reason: string;
}

const INTERIM = { from: 100, to: 200, switching: 101 };

const MAX_HEAD_BYTES = 256 * 1024;

/** For what is kept of bulk, in parts of one size: memory that is new each time costs more than all else about them. */
const rooms = new BufferPool(MAX_CHUNK_BYTES, 64);

function keptCopy(bytes: Buffer): Buffer {
  if (bytes.length !== rooms.size) return Buffer.from(bytes);
  const room = rooms.take();
  bytes.copy(room);
  return room;
}

function giveRoom(bytes: Buffer): void {
  if (bytes.length === rooms.size) rooms.give(bytes);
}

export class TunnelStream implements FlowPeer {
  readonly id: number;
  readonly mode: StreamMode;
  readonly #host: StreamHost;
  readonly #events: StreamEvents;
  /** Of the name that it is for. */
  readonly #use: NameUse | null;
  readonly #meter: AccountMeter | null;
  #headParts: Buffer[] | null = [];
  #headBytes = 0;
  #kept: Kept[] = [];
  #keptBytes = 0;
  #stalled = false;
  /** Its end has come, behind what is kept. */
  #end: StreamEnd | null = null;
  /** The end of what the app says, behind what is kept. */
  #halfEnd: StreamTrailers | null = null;
  /** Our own end, behind what waits for credit. */
  #closing: StreamEnd | null = null;
  #halfClosing: StreamTrailers | null = null;
  #over = false;
  /** From the third version on. */
  readonly #flow: StreamFlow | null;

  constructor(host: StreamHost, { id, mode, use = null, meter = null }: StreamOf, events: StreamEvents) {
    this.#host = host;
    this.id = id;
    this.mode = mode;
    this.#events = events;
    this.#use = use;
    this.#meter = meter;
    if (this.#use !== null) this.#use.streams += 1;
    // In the first version nothing is said of a WebSocket before its messages.
    if (mode === 'tcp' || (mode === 'ws' && host.version < 2)) this.#headParts = null;
    this.#flow = host.version < 3 ? null : new StreamFlow(this, host.openWindow());
  }

  get keptBytes(): number {
    return this.#keptBytes;
  }

  get isOver(): boolean {
    return this.#over;
  }

  // -- What the client says --------------------------------------------------------------------------------------------

  take(message: StreamDataMessage): void {
    if (this.#over || this.#end !== null || this.#halfEnd !== null) return;
    if (this.#use !== null) this.#use.bytesIn += message.data.length;
    this.#meter?.add(message.data.length);
    if (this.#headParts !== null) this.#takeHead(message, this.#headParts);
    else if (this.#flow?.received(message.data.length) === false)
      this.#refuse('more was sent than there was credit for');
    else this.#pass({ bytes: message.data, wsType: message.wsType, isLast: message.fin !== false });
  }

  credited(bytes: number): void {
    if (this.#over || this.#flow?.credited(bytes) !== true) return;
    if (this.#halfClosing !== null) this.#host.sendFlow(streamEnd(this.id, this.#halfClosing));
    this.#halfClosing = null;
    if (this.#closing === null) this.#events.drain();
    else this.close(this.#closing.code, this.#closing.reason);
  }

  blocked(): void {
    if (!this.#over) this.#flow?.blocked(!this.#stalled);
  }

  /** The app says nothing more. */
  halfEnded(trailers: StreamTrailers): void {
    if (this.#over || this.#end !== null) return;
    this.#halfEnd = trailers;
    if (!this.#stalled) this.#events.halfEnded?.(trailers);
  }

  closed(code: number | null, reason: string): void {
    if (this.#over) return;
    this.#end = { code, reason };
    if (!this.#stalled) this.#finish(this.#end);
  }

  fail(how: StreamFailure, why: string): void {
    if (this.#over) return;
    this.#leave();
    this.#events.failed(how, why);
  }

  drained(): void {
    if (!this.#over && this.#flow?.isWaiting !== true) this.#events.drain();
  }

  #takeHead({ data, fin }: StreamDataMessage, parts: Buffer[]): void {
    parts.push(Buffer.from(data));
    this.#headBytes += data.length;
    if (this.#headBytes > MAX_HEAD_BYTES) this.#refuse('the head of the answer is too large');
    else if (fin !== false) {
      this.#headParts = null;
      this.#readHead(Buffer.concat(parts));
    }
  }

  #readHead(bytes: Buffer): void {
    try {
      const head = readAnswerHead(bytes);
      if (this.#flow === null || !isInterim(head)) this.#events.head(head);
      else {
        // The final one is still to come.
        this.#headParts = [];
        this.#headBytes = 0;
        this.#events.interim?.(head);
      }
    } catch (error) {
      if (!(error instanceof MsgpackError)) throw error;
      this.#refuse('the head of the answer cannot be read');
    }
  }

  #refuse(why: string): void {
    this.#host.sendReset(this, why);
    this.fail('invalid', why);
  }

  #pass({ bytes, wsType, isLast }: Kept): void {
    if (!this.#stalled) {
      this.#hand(bytes, wsType, isLast);
      return;
    }
    this.#kept.push({ bytes: keptCopy(bytes), wsType, isLast });
    this.#keptBytes += bytes.length;
    this.#host.paced(this, bytes.length);
  }

  #hand(bytes: Buffer, wsType: WsType | null, isLast: boolean): void {
    this.#stalled = !this.#events.data(bytes, wsType, isLast);
    if (this.#over) return;
    if (this.#stalled) this.#flow?.held(bytes.length);
    else this.#flow?.taken(bytes.length);
  }

  #finish(end: StreamEnd): void {
    this.#leave();
    this.#events.ended(end.code, end.reason);
  }

  #leave(): void {
    this.#over = true;
    const kept = this.#keptBytes;
    this.#kept = [];
    this.#keptBytes = 0;
    if (kept > 0) this.#host.paced(this, -kept);
    this.#flow?.close();
    this.#host.left(this);
  }

  // -- What the visitor's side says ------------------------------------------------------------------------------------

  /** The visitor takes bytes again. */
  resume(): void {
    if (this.#over || !this.#stalled) return;
    this.#stalled = false;
    this.#flow?.freed();
    const kept = this.#kept;
    let taken = 0;
    let bytes = 0;
    for (const part of kept) {
      if (this.#stalled || this.#over) break;
      taken += 1;
      bytes += part.bytes.length;
      this.#hand(part.bytes, part.wsType, part.isLast);
      giveRoom(part.bytes);
    }
    if (this.#over) return;
    this.#kept = kept.slice(taken);
    this.#keptBytes -= bytes;
    if (bytes > 0) this.#host.paced(this, -bytes);
    if (this.#stalled) return;
    if (this.#halfEnd !== null) this.#events.halfEnded?.(this.#halfEnd);
    if (this.#end !== null && !this.isOver) this.#finish(this.#end);
  }

  /** In parts that are not too long; the bytes may be reused at once. False: wait for `drain`. */
  send(bytes: Buffer, part: SentPart): boolean {
    if (this.#over) return true;
    if (this.#use !== null) this.#use.bytesOut += part.to - part.from;
    this.#meter?.add(part.to - part.from);
    if (this.#flow !== null) return this.#flow.send(bytes, part);
    const { from, to, wsType, fin } = part;
    let at = from;
    let goesOn = true;
    do {
      const end = Math.min(to, at + MAX_CHUNK_BYTES);
      const isLast = end === to;
      goesOn = this.#host.sendData(this, bytes, {
        from: at,
        to: end,
        wsType,
        fin: isLast ? fin : fin === null ? null : false,
      });
      at = end;
    } while (at < to);
    return goesOn;
  }

  /** Nothing more comes from the visitor, who still listens. Only from the third version on it can be said. */
  endHalf(trailers: StreamTrailers = []): void {
    if (this.#over || this.#flow === null) return;
    if (this.#flow.isWaiting) this.#halfClosing = trailers;
    else this.#host.sendFlow(streamEnd(this.id, trailers));
  }

  /** After everything that was sent. */
  finish(code: number | null, reason: string): void {
    if (this.#flow?.isWaiting === true) this.#closing = { code, reason };
    else this.close(code, reason);
  }

  sendPart(bytes: Buffer, part: FlowPart): boolean {
    return this.#host.sendData(this, bytes, part);
  }

  sayFlow(bytes: Buffer): void {
    this.#host.sendFlow(bytes);
  }

  /** Nobody waits for it any more. */
  close(code: number | null = null, reason = ''): void {
    if (this.#over) return;
    this.#host.sendClose(this, code, reason);
    this.#leave();
  }

  reset(reason: string): void {
    if (this.#over) return;
    this.#host.sendReset(this, reason);
    this.#leave();
  }
}

function isInterim({ status }: AnswerHead): boolean {
  return status >= INTERIM.from && status < INTERIM.to && status !== INTERIM.switching;
}
