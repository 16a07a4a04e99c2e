// A client's connection that has left HTTP and belongs to a target. Rule: its peer hears of the end once and last; what nobody moves for
// as long as a tunnel may be silent is ended.
import { asBuffer } from './request-way.ts';
import type { Buffer } from 'node:buffer';
import type { SwitchedConnection, SwitchedPeer } from '../contract/exchange.ts';
import type { CloseReason, Connection, ConnectionHandler } from '../transport/connection.ts';
import { Deadline, wheel } from '../transport/timers.ts';

export interface SwitchedOptions {
  readonly peer: SwitchedPeer;
  readonly idleTimeoutMs: number;
  /** The connection is closed; so many bytes have gone each way. */
  readonly onDone: (bytesFromClient: number, bytesToClient: number) => void;
}

export class SwitchedClient implements SwitchedConnection, ConnectionHandler {
  private readonly connection: Connection;
  private readonly options: SwitchedOptions;
  private readonly idle = new Deadline(() => this.connection.destroy('idle'));
  private received = 0;
  private sent = 0;

  constructor(connection: Connection, options: SwitchedOptions) {
    this.connection = connection;
    this.options = options;
  }

  /** With what has been read already, and whether the client has ended its half. */
  begin(first: Buffer, hasEnded: boolean): void {
    this.touch();
    this.connection.resume();
    if (first.length > 0) this.onData(first, 0, first.length);
    if (hasEnded) this.onHalfClose();
  }

  // -- From the peer -----------------------------------------------------------------------------------------------

  write(bytes: Uint8Array, from: number, to: number): boolean {
    this.sent += to - from;
    this.touch();
    return this.connection.write(asBuffer(bytes), from, to);
  }

  pause(): void {
    this.connection.pause();
  }

  resume(): void {
    this.connection.resume();
  }

  end(): void {
    this.connection.end();
  }

  cut(): void {
    this.connection.destroy('done');
  }

  // -- From the client ---------------------------------------------------------------------------------------------

  onData(bytes: Buffer, from: number, to: number): void {
    this.received += to - from;
    this.touch();
    this.options.peer.take(bytes, from, to);
  }

  onHalfClose(): void {
    this.options.peer.ended();
  }

  onDrain(): void {
    this.touch();
    this.options.peer.resume();
  }

  onClose(_reason: CloseReason): void {
    wheel.release(this.idle);
    this.options.peer.closed();
    this.options.onDone(this.received, this.sent);
  }

  private touch(): void {
    if (!this.connection.closed) wheel.arm(this.idle, this.options.idleTimeoutMs);
  }
}
