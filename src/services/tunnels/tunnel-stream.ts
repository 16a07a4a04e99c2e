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

export interface StreamEvents {
  /** What the app has answered. */
  head(head: AnswerHead): void;
  /** Valid only during the call. False: what follows waits for `resume`. */
  data(bytes: Buffer, wsType: WsType | null, isLast: boolean): boolean;
  ended(code: number | null, reason: string): void;
  /** `slow`: more was waiting for the visitor than may. */
  failed(how: StreamFailure, why: string): void;
  /** After `send` answered false: more can be sent. */
  drain(): void;
}

export type StreamFailure = 'reset' | 'gone' | 'slow' | 'invalid';

/** What a stream needs of its session. */
export interface StreamHost {
  readonly version: number;
  sendData(stream: TunnelStream, bytes: Buffer, part: SentPart): boolean;
  sendClose(stream: TunnelStream, code: number | null, reason: string): void;
  sendReset(stream: TunnelStream, reason: string): void;
  /** It keeps more, or less. */
  paced(stream: TunnelStream, change: number): void;
  left(stream: TunnelStream): void;
}

export interface SentPart {
  readonly from: number;
  readonly to: number;
  readonly wsType: WsType | null;
  readonly fin: boolean | null;
}

interface Kept {
  readonly bytes: Buffer;
  readonly wsType: WsType | null;
  readonly isLast: boolean;
}

interface StreamEnd {
  readonly code: number | null;
  readonly reason: string;
}

const MAX_HEAD_BYTES = 256 * 1024;

export class TunnelStream {
  readonly id: number;
  readonly mode: StreamMode;
  readonly #host: StreamHost;
  readonly #events: StreamEvents;
  #headParts: Buffer[] | null = [];
  #headBytes = 0;
  #kept: Kept[] = [];
  #keptBytes = 0;
  #stalled = false;
  /** Its end has come, behind what is kept. */
  #end: StreamEnd | null = null;
  #over = false;

  constructor(
    host: StreamHost,
    { id, mode }: { readonly id: number; readonly mode: StreamMode },
    events: StreamEvents,
  ) {
    this.#host = host;
    this.id = id;
    this.mode = mode;
    this.#events = events;
    // In the first version nothing is said of a WebSocket before its messages.
    if (mode === 'tcp' || (mode === 'ws' && host.version < 2)) this.#headParts = null;
  }

  get keptBytes(): number {
    return this.#keptBytes;
  }

  get isOver(): boolean {
    return this.#over;
  }

  // -- What the client says --------------------------------------------------------------------------------------------

  take(message: StreamDataMessage): void {
    if (this.#over || this.#end !== null) return;
    if (this.#headParts !== null) this.#takeHead(message, this.#headParts);
    else this.#pass({ bytes: message.data, wsType: message.wsType, isLast: message.fin !== false });
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
    if (!this.#over) this.#events.drain();
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
      this.#events.head(readAnswerHead(bytes));
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
      this.#stalled = !this.#events.data(bytes, wsType, isLast);
      return;
    }
    this.#kept.push({ bytes: Buffer.from(bytes), wsType, isLast });
    this.#keptBytes += bytes.length;
    this.#host.paced(this, bytes.length);
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
    this.#host.left(this);
  }

  // -- What the visitor's side says ------------------------------------------------------------------------------------

  /** The visitor takes bytes again. */
  resume(): void {
    if (this.#over || !this.#stalled) return;
    this.#stalled = false;
    const kept = this.#kept;
    let taken = 0;
    let bytes = 0;
    for (const part of kept) {
      if (this.#stalled || this.#over) break;
      taken += 1;
      bytes += part.bytes.length;
      this.#stalled = !this.#events.data(part.bytes, part.wsType, part.isLast);
    }
    if (this.#over) return;
    this.#kept = kept.slice(taken);
    this.#keptBytes -= bytes;
    if (bytes > 0) this.#host.paced(this, -bytes);
    if (this.#end !== null && !this.#stalled) this.#finish(this.#end);
  }

  /** In parts that are not too long; the bytes may be reused at once. False: wait for `drain`. */
  send(bytes: Buffer, { from, to, wsType, fin }: SentPart): boolean {
    if (this.#over) return true;
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
