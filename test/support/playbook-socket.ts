// A socket that exists only in memory: what the program writes is gathered, and what its peer does is said by the test.
// Rule: like a real one it delivers nothing while it is paused, closes after the call that closed it, and takes back the
// bytes that it has delivered.
import { EventEmitter } from 'node:events';
import type net from 'node:net';

type Delivery = Buffer | 'end';

export class PlaybookSocket extends EventEmitter {
  remoteAddress = '192.0.2.7';
  remotePort = 40_000;
  localAddress = '192.0.2.1';
  localPort = 80;
  /** How the program ended it. */
  closedBy: 'destroy' | 'reset' | 'both-ends' | 'peer' | null = null;
  /** The program has ended its side. */
  ended = false;
  /** Whether the peer takes what is written; see `stopsReading`. */
  private takes = true;
  private paused = false;
  private peerEnded = false;
  private isClosed = false;
  private readonly incoming: Delivery[] = [];
  private written: Buffer[] = [];
  private untaken = 0;

  /** As the program knows it. */
  get socket(): net.Socket {
    return this as unknown as net.Socket;
  }

  // -- What the program calls ----------------------------------------------------------------------------------------

  write(bytes: Uint8Array): boolean {
    if (this.ended || this.closedBy !== null) throw new Error('the program wrote to a socket that it had closed');
    this.written.push(Buffer.from(bytes));
    if (!this.takes) this.untaken += bytes.length;
    return this.takes;
  }

  end(): void {
    this.ended = true;
  }

  destroy(): void {
    this.closedBy ??= 'destroy';
  }

  resetAndDestroy(): void {
    this.closedBy ??= 'reset';
  }

  pause(): void {
    this.paused = true;
  }

  resume(): void {
    this.paused = false;
  }

  get writableLength(): number {
    return this.untaken;
  }

  // -- What the test calls -------------------------------------------------------------------------------------------

  sends(bytes: Buffer): void {
    this.incoming.push(bytes);
  }

  /** The peer sends nothing more. */
  ends(): void {
    this.incoming.push('end');
  }

  /** The peer is gone, whatever was under way. */
  resets(): void {
    this.incoming.length = 0;
    this.closedBy = 'peer';
    this.emit('error', Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' }));
  }

  stopsReading(): void {
    this.takes = false;
  }

  reads(): void {
    this.takes = true;
    this.untaken = 0;
    if (!this.isClosed) this.emit('drain');
  }

  /** What the program has written since the last call. */
  take(): Buffer {
    const all = Buffer.concat(this.written);
    this.written = [];
    return all;
  }

  get isPaused(): boolean {
    return this.paused;
  }

  /** Delivers what can be delivered, and closes what is due; false when there was nothing to do. */
  step(closesLater: boolean): boolean {
    if (this.isClosed) return false;
    if (this.closedBy !== null || (this.ended && this.peerEnded && this.untaken === 0)) {
      if (closesLater) return false;
      this.closedBy ??= 'both-ends';
      this.isClosed = true;
      this.emit('close');
      return true;
    }
    const next = this.paused ? undefined : this.incoming.shift();
    if (next === undefined) return false;
    if (next === 'end') {
      this.peerEnded = true;
      this.emit('end');
    } else this.deliver(next);
    return true;
  }

  private deliver(bytes: Buffer): void {
    const lent = Buffer.from(bytes);
    this.emit('data', lent);
    lent.fill('!');
  }
}
