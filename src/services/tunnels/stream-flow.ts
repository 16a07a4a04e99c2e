// The credits of one stream in the third version of the dialect, both ways and at both ends. Rule: not a byte more goes out than the other
// side has given credit for; what cannot go yet is kept in order, and whoever sends is told to wait.
import { Buffer } from 'node:buffer';
import { FIRST_WINDOW_BYTES, streamBlocked, streamCredit } from '../../codec/tunnel/flow-messages.ts';
import { MAX_CHUNK_BYTES, type WsType } from '../../codec/tunnel/messages.ts';
import type { StreamWindow } from './stream-window.ts';

export interface FlowPart {
  readonly from: number;
  readonly to: number;
  readonly wsType: WsType | null;
  readonly fin: boolean | null;
}

export interface FlowPeer {
  readonly id: number;
  /** A StreamData; no longer than one may be. The bytes may be reused at once. False: the connection is full. */
  sendPart(bytes: Buffer, part: FlowPart): boolean;
  sayFlow(bytes: Buffer): void;
}

interface Waiting {
  readonly bytes: Buffer;
  readonly wsType: WsType | null;
  readonly fin: boolean | null;
}

/** Whoever reads again only after so long does not keep up. */
const SLOW_MS = 500;

export class StreamFlow {
  readonly #peer: FlowPeer;
  readonly #window: StreamWindow;
  #credit: number;
  #waiting: Waiting[] = [];
  #heldBytes = 0;
  #heldAtMs = 0;

  /** `credit`: what the other side lets us send before it says more. */
  constructor(peer: FlowPeer, window: StreamWindow, credit: number = FIRST_WINDOW_BYTES) {
    this.#peer = peer;
    this.#window = window;
    this.#credit = credit;
  }

  // -- What goes out ---------------------------------------------------------------------------------------------------

  /** Something of what was sent waits for credit. */
  get isWaiting(): boolean {
    return this.#waiting.length > 0;
  }

  /** False: wait until it may go on. */
  send(bytes: Buffer, part: FlowPart): boolean {
    const { from, to, wsType, fin } = part;
    if (this.#waiting.length === 0) return this.#sendNow(bytes, part);
    this.#waiting.push({ bytes: Buffer.from(bytes.subarray(from, to)), wsType, fin });
    return false;
  }

  /** True: what waited has gone, and more may follow. */
  credited(bytes: number): boolean {
    this.#credit += bytes;
    if (this.#waiting.length === 0) return false;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const { bytes: kept, wsType, fin } of waiting) this.send(kept, { from: 0, to: kept.length, wsType, fin });
    return this.#waiting.length === 0;
  }

  #sendNow(bytes: Buffer, { from, to, wsType, fin }: FlowPart): boolean {
    let at = from;
    let goesOn = true;
    do {
      const end = Math.min(to, at + Math.min(MAX_CHUNK_BYTES, this.#credit));
      if (end === at && at < to) {
        this.#waiting.push({ bytes: Buffer.from(bytes.subarray(at, to)), wsType, fin });
        this.#peer.sayFlow(streamBlocked(this.#peer.id));
        return false;
      }
      this.#credit -= end - at;
      goesOn = this.#peer.sendPart(bytes, { from: at, to: end, wsType, fin: fin === null ? null : fin && end === to });
      at = end;
    } while (at < to);
    return goesOn;
  }

  // -- What comes in ---------------------------------------------------------------------------------------------------

  /** False: it is more than was given credit for. */
  received(bytes: number): boolean {
    return this.#window.received(bytes);
  }

  /** Whoever reads has really taken it. */
  taken(bytes: number): void {
    this.#give(this.#window.written(bytes));
  }

  /** It was handed on, and nobody knows yet when it will have been taken. */
  held(bytes: number): void {
    if (this.#heldBytes === 0) this.#heldAtMs = performance.now();
    this.#heldBytes += bytes;
  }

  /** Whoever reads takes bytes again. */
  freed(): void {
    const bytes = this.#heldBytes;
    if (bytes === 0) return;
    this.#heldBytes = 0;
    if (performance.now() - this.#heldAtMs > SLOW_MS) this.#give(this.#window.writtenSlowly(bytes));
    else this.taken(bytes);
  }

  /** The other side has more to send: it gets room for it, unless somebody has to read first. */
  blocked(keepsUp: boolean): void {
    if (keepsUp && this.#heldBytes === 0) this.#give(this.#window.grow());
  }

  close(): void {
    this.#window.close();
    this.#waiting = [];
  }

  #give(bytes: number): void {
    if (bytes > 0) this.#peer.sayFlow(streamCredit(this.#peer.id, bytes));
  }
}
