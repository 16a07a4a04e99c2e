// One body on its way through clamd: the command INSTREAM on a connection of its own, the body in chunks, and the verdict.
// Rule: the verdict comes once, later than the call that began the scan, and after `cancel` not at all; whatever goes wrong is a
// verdict too, and none of it is `clean`.
import { Buffer } from 'node:buffer';
import { OutBuffer } from '../../codec/http1/writer.ts';
import type { SluiceError } from '../../core/errors.ts';
import { type CloseReason, Connection, type ConnectionHandler } from '../../transport/connection.ts';
import { type Dial, dial, type DialOptions, type DialTarget } from '../../transport/dial.ts';
import { Deadline, wheel } from '../../transport/timers.ts';
import { failed, readVerdict, type ScanFailure, type Verdict } from './verdict.ts';

export interface ScanEvents {
  /** It takes bytes, for the first time or again. */
  onReady(): void;
  onVerdict(verdict: Verdict): void;
}

/** What the scans of one clamd have in common. */
export interface ScanServer {
  readonly target: DialTarget;
  readonly dialling: DialOptions;
  /** For each: to get a connection, to take what it was sent, and from the last byte to the verdict. */
  readonly timeoutMs: number;
  connected(): void;
  unreachable(): void;
  /** The scan needs no connection any more. */
  left(scan: ClamdScan): void;
}

const COMMAND = 'zINSTREAM\0';
/** In front of each chunk stands its length; none is the end of the body. */
const LENGTH_BYTES = 4;
const END = Buffer.alloc(LENGTH_BYTES);
/** A verdict is a line. */
const MAX_REPLY_BYTES = 4096;
/** The queue of a unix socket is full for a moment only. */
const TRY_AGAIN_MS = 50;

/** What is about to be written; empty between any two calls. */
const out = new OutBuffer(72 * 1024);
const length = Buffer.alloc(LENGTH_BYTES);

export class ClamdScan implements ConnectionHandler {
  readonly #server: ScanServer;
  readonly #events: ScanEvents;
  readonly #deadline = new Deadline(() => this.#expire());
  readonly #tryAgain = new Deadline(() => this.#dialNow());
  #dial: Dial | null = null;
  #connection: Connection | null = null;
  #hasBegun = false;
  #hasEnded = false;
  #isOver = false;
  #reply = '';
  /** Why the time is being spent. */
  #waitsFor: 'a place' | 'a connection' | 'room' | 'the verdict' = 'a place';

  constructor(server: ScanServer, events: ScanEvents) {
    this.#server = server;
    this.#events = events;
    this.#await('a place');
  }

  /** Opens the connection. */
  start(): void {
    if (this.#isOver) return;
    this.#await('a connection');
    this.#dialNow();
  }

  /** It may be written now; without it, wait for onReady. */
  get takesMore(): boolean {
    return this.#connection !== null && !this.#connection.congested && !this.#hasEnded && !this.#isOver;
  }

  /** The next bytes of the body; none is nothing. They may be reused at once. */
  write(bytes: Buffer, from: number, to: number): void {
    if (this.#connection === null || this.#hasEnded || this.#isOver || to === from) return;
    this.#begin();
    length.writeUInt32BE(to - from);
    out.copy(length, 0, LENGTH_BYTES);
    out.copy(bytes, from, to);
    if (!this.#connection.flush(out)) this.#await('room');
  }

  /** The body is complete. */
  end(): void {
    if (this.#connection === null || this.#hasEnded || this.#isOver) return;
    this.#hasEnded = true;
    this.#begin();
    out.copy(END, 0, LENGTH_BYTES);
    this.#connection.flush(out);
    this.#await('the verdict');
  }

  /** Nobody wants the verdict any more. */
  cancel(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    wheel.release(this.#deadline);
    wheel.release(this.#tryAgain);
    this.#dial?.cancel();
    this.#connection?.destroy('done');
    this.#server.left(this);
  }

  /** Gives up without a verdict of clamd. */
  fail(reason: ScanFailure, detail: string): void {
    this.#decide(failed(reason, detail));
  }

  // -- The connection ------------------------------------------------------------------------------------------------

  onData(bytes: Buffer, from: number, to: number): void {
    this.#reply += bytes.toString('latin1', from, to);
    const end = this.#reply.indexOf('\0');
    if (end !== -1) this.#judge(readVerdict(this.#reply.slice(0, end)));
    else if (this.#reply.length > MAX_REPLY_BYTES) this.fail('invalid', 'said more than a verdict');
  }

  onHalfClose(): void {
    this.fail('invalid', 'closed the connection without a verdict');
  }

  onDrain(): void {
    if (this.#isOver) return;
    if (this.#waitsFor === 'room') wheel.disarm(this.#deadline);
    if (!this.#hasEnded) this.#events.onReady();
  }

  onClose(reason: CloseReason): void {
    this.fail('invalid', `closed the connection without a verdict (${reason})`);
  }

  #dialNow(): void {
    const { target, dialling } = this.#server;
    this.#waitsFor = 'a connection';
    this.#dial = dial(target, dialling, {
      onConnected: (socket) => this.#connected(new Connection(socket, this)),
      onFailed: (error) => this.#unreachable(error),
    });
  }

  #connected(connection: Connection): void {
    this.#dial = null;
    this.#connection = connection;
    wheel.disarm(this.#deadline);
    this.#server.connected();
    connection.resume();
    this.#events.onReady();
  }

  #unreachable(error: SluiceError): void {
    this.#dial = null;
    if (isQueueFull(error)) {
      this.#waitsFor = 'a place';
      wheel.arm(this.#tryAgain, TRY_AGAIN_MS);
      return;
    }
    this.#server.unreachable();
    this.fail('unreachable', `cannot be reached: ${error.message}`);
  }

  // -- The end -------------------------------------------------------------------------------------------------------

  #begin(): void {
    if (!this.#hasBegun) out.latin1(COMMAND);
    this.#hasBegun = true;
  }

  #await(what: 'a place' | 'a connection' | 'room' | 'the verdict'): void {
    this.#waitsFor = what;
    wheel.arm(this.#deadline, this.#server.timeoutMs);
  }

  #expire(): void {
    const seconds = `${this.#server.timeoutMs / 1000} s`;
    if (this.#waitsFor === 'a place') this.fail('busy', `had no room for another body within ${seconds}`);
    else if (this.#waitsFor === 'a connection') this.#expireDial(seconds);
    else if (this.#waitsFor === 'room') this.fail('timeout', `took nothing more of the body within ${seconds}`);
    else this.fail('timeout', `gave no verdict within ${seconds}`);
  }

  #expireDial(seconds: string): void {
    this.#server.unreachable();
    this.fail('unreachable', `did not accept a connection within ${seconds}`);
  }

  /** What speaks well of a body before all of it was there has not seen it. */
  #judge(verdict: Verdict): void {
    if (verdict.kind === 'clean' && !this.#hasEnded)
      this.fail('invalid', 'gave a verdict before the body was complete');
    else this.#decide(verdict);
  }

  #decide(verdict: Verdict): void {
    if (this.#isOver) return;
    this.cancel();
    this.#events.onVerdict(verdict);
  }
}

/** More connections wait at its unix socket than it lets. */
function isQueueFull({ cause }: SluiceError): boolean {
  return cause instanceof Error && (cause as NodeJS.ErrnoException).code === 'EAGAIN';
}
