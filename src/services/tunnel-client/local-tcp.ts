// One connection of a visitor of a TCP tunnel, at the local server. Rule: bytes go through as they are, whoever speaks first; whoever is
// slower holds the other one back, and a cut is passed on as a cut.
import type { Dialling } from './local-lines.ts';
import { Buffer } from 'node:buffer';
import type { StreamDataMessage } from '../../codec/tunnel/messages.ts';
import type { CloseReason, Connection, ConnectionHandler } from '../../transport/connection.ts';
import { Deadline, wheel } from '../../transport/timers.ts';
import type { LocalPlace } from './local-http.ts';
import type { LocalEnd, StreamPort } from './stream-port.ts';
import { refuseVisitor } from './visitor-gate.ts';

/** After the end of the stream the local server has so long to end as well. */
const LINGER_MS = 5_000;
/** From this version of the dialect on one direction may end alone. */
const WITH_HALVES = 3;
/** TCP has no status; this one says that it was not refused. */
const CONNECTED = 101;

export class LocalTcp implements LocalEnd, ConnectionHandler {
  readonly #place: LocalPlace;
  readonly #port: StreamPort;
  readonly #deadline = new Deadline(() => this.#connection?.destroy('done'));
  #dial: Dialling | null = null;
  #connection: Connection | null = null;
  /** What the local server could not take yet. */
  #kept: Buffer[] = [];
  #keptBytes = 0;
  /** The visitor will say nothing more, behind what is kept. */
  #hasEnd = false;
  /** The server has ended the stream. */
  #isClosing = false;
  #over = false;

  constructor(place: LocalPlace, port: StreamPort) {
    this.#place = place;
    this.#port = port;
  }

  start(): void {
    const { open, tunnel, lines, isUnhealthy = false } = this.#place;
    // A password cannot be asked for here.
    if (refuseVisitor(open.headers, { ...tunnel, auth: null }) !== null) {
      this.#reset('the visitor may not use this tunnel');
      return;
    }
    if (isUnhealthy) {
      this.#reset('the local server fails its health check');
      return;
    }
    this.#dial = lines.connect({
      connected: (connection) => this.#connected(connection),
      failed: () => this.#reset(`nothing answers on port ${tunnel.localPort}`),
    });
  }

  #connected(connection: Connection): void {
    this.#dial = null;
    this.#connection = connection;
    connection.handler = this;
    this.#port.answered(CONNECTED);
    connection.resume();
    this.#flush(connection);
  }

  // -- What the visitor says -------------------------------------------------------------------------------------------

  take({ data }: StreamDataMessage): void {
    if (this.#over || this.#hasEnd) return;
    const connection = this.#connection;
    if (connection !== null && this.#kept.length === 0 && !connection.congested) {
      this.#write(connection, data);
      return;
    }
    this.#kept.push(Buffer.from(data));
    this.#keptBytes += data.length;
    this.#port.kept(data.length);
  }

  /** The visitor has said everything and still listens. */
  halfEnded(): void {
    this.#hasEnd = true;
    if (this.#connection !== null) this.#flush(this.#connection);
  }

  /** The visitor has gone: what came before is still said. */
  closed(): void {
    if (this.#over) return;
    if (this.#connection === null && this.#keptBytes === 0) {
      this.lost();
      this.#port.close(null, '');
      return;
    }
    this.#isClosing = true;
    this.halfEnded();
  }

  #write(connection: Connection, bytes: Buffer): void {
    connection.write(bytes, 0, bytes.length);
    if (connection.congested) this.#port.held(bytes.length);
    else this.#port.taken(bytes.length);
  }

  onDrain(): void {
    this.#port.freed();
    if (this.#connection !== null) this.#flush(this.#connection);
  }

  #flush(connection: Connection): void {
    while (!connection.congested) {
      const bytes = this.#kept.shift();
      if (bytes === undefined) break;
      this.#keptBytes -= bytes.length;
      this.#port.kept(-bytes.length);
      this.#write(connection, bytes);
    }
    if (!this.#hasEnd || this.#kept.length > 0) return;
    connection.end();
    if (!this.#isClosing || this.#over) return;
    this.#finish();
    // Read on, so that what it still says does not cut what is on its way to it.
    connection.resume();
    wheel.arm(this.#deadline, LINGER_MS);
    this.#port.close(null, '');
  }

  // -- What the local server says --------------------------------------------------------------------------------------

  onData(bytes: Buffer, from: number, to: number): void {
    if (this.#over) return;
    if (!this.#port.sendData(bytes, { from, to, wsType: null, fin: null })) this.#connection?.pause();
  }

  onHalfClose(): void {
    if (this.#over) return;
    if (this.#port.version >= WITH_HALVES) {
      this.#port.endHalf([]);
      return;
    }
    this.#finish();
    this.#connection?.end();
    wheel.arm(this.#deadline, LINGER_MS);
    this.#port.close(null, '');
  }

  onClose(reason: CloseReason): void {
    wheel.release(this.#deadline);
    this.#connection = null;
    if (this.#over) return;
    this.#finish();
    if (reason === 'eof') this.#port.close(null, '');
    else this.#port.reset('the local server cut the connection');
  }

  drained(): void {
    this.#connection?.resume();
  }

  /** Nothing can be said to the server any more: neither is this an end. */
  lost(): void {
    if (this.#over) return;
    this.#finish();
    this.#dial?.cancel();
    this.#connection?.reset('refused');
  }

  #reset(why: string): void {
    this.#finish();
    this.#port.reset(why);
  }

  #finish(): void {
    this.#over = true;
    const kept = this.#keptBytes;
    this.#kept = [];
    this.#keptBytes = 0;
    if (kept > 0) this.#port.kept(-kept);
  }
}
