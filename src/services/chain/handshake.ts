// What the handshakes with the hops have in common: a connection that is theirs for a while, and one result.
// Rule: when the result comes the connection is paused and nobody's, and what was read beyond the handshake is kept.
import { Buffer } from 'node:buffer';
import { type CloseReason, type Connection, type ConnectionHandler, NOBODY } from '../../transport/connection.ts';
import type { HopFault } from './hop-fault.ts';

const NOTHING = Buffer.alloc(0);

/** Exactly one of them is called, once; possibly before `start` returns. */
export interface HandshakeEvents {
  /** The hop has connected us to what lies behind it. `leftover` came behind its answer. */
  onThrough(leftover: Buffer): void;
  onRefused(fault: HopFault): void;
  /** The hop has closed the connection to be asked again on a new one, where we know what to say. */
  onRedial(fault: HopFault): void;
}

export abstract class Handshake implements ConnectionHandler {
  protected readonly connection: Connection;
  protected readonly events: HandshakeEvents;
  protected isOver = false;

  constructor(connection: Connection, events: HandshakeEvents) {
    this.connection = connection;
    this.events = events;
  }

  start(): void {
    if (this.connection.closed) {
      this.ended();
      return;
    }
    this.connection.handler = this;
    this.connection.resume();
    this.begin();
  }

  /** Gives up: no event follows. The connection is left to whoever gives up. */
  cancel(): void {
    this.letGo();
  }

  protected abstract begin(): void;
  protected abstract receive(bytes: Buffer, from: number, to: number): void;
  /** Nobody answers: whether that can be the fault of what lies behind the hop. */
  abstract readonly waitsForNext: boolean;

  onData(bytes: Buffer, from: number, to: number): void {
    if (!this.isOver) this.receive(bytes, from, to);
  }

  onHalfClose(): void {
    this.ended();
  }

  onDrain(): void {}

  onClose(reason: CloseReason): void {
    this.ended(reason === 'reset' ? 'reset the connection before it had answered' : undefined);
  }

  protected ended(detail = 'closed the connection before it had answered'): void {
    this.refuse(memberFault(detail));
  }

  /** bytes[from, to) belong to what lies behind the hop. */
  protected through(bytes: Buffer, from: number, to: number): void {
    if (this.isOver) return;
    this.letGo();
    this.events.onThrough(from === to ? NOTHING : Buffer.from(bytes.subarray(from, to)));
  }

  protected refuse(fault: HopFault): void {
    if (this.isOver) return;
    this.letGo();
    this.events.onRefused(fault);
  }

  protected redial(fault: HopFault): void {
    if (this.isOver) return;
    this.letGo();
    this.events.onRedial(fault);
  }

  protected send(text: Buffer): void {
    this.connection.write(text, 0, text.length);
  }

  private letGo(): void {
    this.isOver = true;
    this.connection.pause();
    this.connection.handler = NOBODY;
  }
}

/** The hop itself has failed. */
export function memberFault(detail: string): HopFault {
  return { about: 'hop', code: 'hop_invalid', blame: 'member', detail, status: 0, retryAfterMs: null };
}
