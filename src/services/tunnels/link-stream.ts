// One visitor on a connection between two nodes that carries many: to whoever has it, it is as a connection of its own. Rule: no more comes or goes
// than there is room for on the other side, so that one who reads slowly holds back whoever sends to them, and nobody else.
import { Buffer } from 'node:buffer';
import { LINK, type LinkFrame, MOST_DATA_BYTES } from '../../codec/node-link/link-frames.ts';
import type { CloseReason, ConnectionHandler } from '../../transport/connection.ts';

/** What a visitor is carried by: a connection, or a part of one. */
export interface VisitorEnd {
  handler: ConnectionHandler;
  readonly closed: boolean;
  /** The bytes may be reused at once. False: wait for onDrain. */
  write(bytes: Buffer, from: number, to: number): boolean;
  /** Nothing more will be written. */
  end(): void;
  pause(): void;
  resume(): void;
  /** Cuts it, so that the other side cannot take that for an end. */
  reset(reason: CloseReason): void;
  destroy(reason: CloseReason): void;
}

export interface LinkStreamOwner {
  readonly congested: boolean;
  sendData(id: number, bytes: Buffer, from: number, to: number): void;
  send(kind: LinkFrame, id: number, text?: string): void;
  left(stream: LinkStream): void;
}

/** What may be under way in one direction. */
export const LINK_WINDOW_BYTES: number = 512 * 1024;
/** When so much has been taken the other side is told. */
const CREDIT_BYTES = LINK_WINDOW_BYTES / 4;

export class LinkStream implements VisitorEnd {
  handler: ConnectionHandler;
  readonly id: number;
  closed = false;
  readonly #owner: LinkStreamOwner;
  /** How much the other side has room for. */
  #room = LINK_WINDOW_BYTES;
  /** What it has no room for yet. */
  readonly #unsent: Buffer[] = [];
  #awaitsDrain = false;
  #hasEnded = false;
  #isEndSaid = false;
  /** What has come while nobody reads. */
  readonly #waiting: Buffer[] = [];
  #isPaused = true;
  #isDelivering = false;
  #isEndHeard = false;
  #isEndTold = false;
  /** Taken, and not said yet. */
  #taken = 0;
  /** More than that was sent: the other side does not keep to the rules. */
  #allowed = LINK_WINDOW_BYTES;

  constructor(id: number, owner: LinkStreamOwner, handler: ConnectionHandler) {
    this.id = id;
    this.#owner = owner;
    this.handler = handler;
  }

  // -- To the other side -----------------------------------------------------------------------------------------------

  write(bytes: Buffer, from: number, to: number): boolean {
    if (this.closed || this.#hasEnded) return false;
    const sent = this.#unsent.length > 0 ? from : this.#send(bytes, from, to);
    if (sent < to) this.#unsent.push(Buffer.from(bytes.subarray(sent, to)));
    this.#awaitsDrain = sent < to || this.#owner.congested;
    return !this.#awaitsDrain;
  }

  end(): void {
    if (this.closed || this.#hasEnded) return;
    this.#hasEnded = true;
    this.#sayEnd();
  }

  reset(reason: CloseReason): void {
    this.#close(LINK.reset, reason);
  }

  destroy(reason: CloseReason): void {
    this.#close(LINK.close, reason);
  }

  /** How far it got. */
  #send(bytes: Buffer, from: number, to: number): number {
    let at = from;
    while (at < to && this.#room > 0) {
      const end = Math.min(to, at + this.#room, at + MOST_DATA_BYTES);
      this.#owner.sendData(this.id, bytes, at, end);
      this.#room -= end - at;
      at = end;
    }
    return at;
  }

  #sayEnd(): void {
    if (!this.#hasEnded || this.#isEndSaid || this.#unsent.length > 0) return;
    this.#isEndSaid = true;
    this.#owner.send(LINK.end, this.id);
    this.#closeIfDone();
  }

  // -- From the other side ---------------------------------------------------------------------------------------------

  pause(): void {
    this.#isPaused = true;
  }

  resume(): void {
    if (this.closed || !this.#isPaused) return;
    this.#isPaused = false;
    if (!this.#isDelivering) this.#deliver();
  }

  /** False: that is more than there is room for. */
  took(bytes: Buffer, from: number, to: number): boolean {
    this.#allowed -= to - from;
    if (this.#allowed < 0) return false;
    if (this.closed) return true;
    if (this.#isPaused || this.#waiting.length > 0) this.#waiting.push(Buffer.from(bytes.subarray(from, to)));
    else this.#hand(bytes, from, to);
    return true;
  }

  credited(bytes: number): void {
    this.#room += bytes;
    for (let first = this.#unsent[0]; first !== undefined && this.#room > 0; first = this.#unsent[0]) {
      const sent = this.#send(first, 0, first.length);
      if (sent < first.length) this.#unsent[0] = first.subarray(sent);
      else this.#unsent.shift();
    }
    this.#sayEnd();
    this.drained();
  }

  /** The connection takes more, or the other side does. */
  drained(): void {
    if (!this.#awaitsDrain || this.closed || this.#unsent.length > 0 || this.#owner.congested) return;
    this.#awaitsDrain = false;
    this.handler.onDrain();
  }

  endHeard(): void {
    this.#isEndHeard = true;
    this.#tellEnd();
  }

  /** The other side has closed it, or there is no connection any more. */
  lost(reason: CloseReason): void {
    this.#close(null, reason);
  }

  #deliver(): void {
    this.#isDelivering = true;
    for (let next = this.#waiting[0]; next !== undefined && !this.#isPaused; next = this.#waiting[0]) {
      this.#waiting.shift();
      this.#hand(next, 0, next.length);
    }
    this.#isDelivering = false;
    this.#tellEnd();
  }

  #hand(bytes: Buffer, from: number, to: number): void {
    this.#taken += to - from;
    if (this.#taken >= CREDIT_BYTES && !this.#isEndHeard) {
      this.#owner.send(LINK.credit, this.id, String(this.#taken));
      this.#allowed += this.#taken;
      this.#taken = 0;
    }
    this.handler.onData(bytes, from, to);
  }

  #tellEnd(): void {
    if (!this.#isEndHeard || this.#isEndTold || this.#isPaused || this.#waiting.length > 0 || this.closed) return;
    this.#isEndTold = true;
    this.handler.onHalfClose();
    this.#closeIfDone();
  }

  #closeIfDone(): void {
    if (this.#isEndSaid && this.#isEndTold) this.#close(null, 'eof');
  }

  #close(kind: LinkFrame | null, reason: CloseReason): void {
    if (this.closed) return;
    this.closed = true;
    if (kind !== null) this.#owner.send(kind, this.id);
    this.#owner.left(this);
    this.#waiting.length = 0;
    this.#unsent.length = 0;
    // As with a connection: whoever has closed it goes on first.
    queueMicrotask(() => this.handler.onClose(reason));
  }
}
