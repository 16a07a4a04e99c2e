// One visitor of a TCP tunnel: what they send goes to the client of the tunnel as it is, and what the local server answers comes back.
// Rule: whoever reads slowly holds back the one who sends to them, and an end is told as an end, a cut as a cut.
import type { Buffer } from 'node:buffer';
import type { WsType } from '../../codec/tunnel/messages.ts';
import type { CloseReason, ConnectionHandler } from '../../transport/connection.ts';
import { Deadline, wheel } from '../../transport/timers.ts';
import type { VisitorEnd } from './link-stream.ts';
import type { LinkStream, TunnelLink } from './tunnel-link.ts';
import type { StreamEvents, StreamFailure } from './tunnel-stream.ts';

export interface TcpVisitorHost {
  readonly idleMs: number;
  counted(direction: 'in' | 'out', bytes: number): void;
  left(visitor: TcpVisitor): void;
}

/**
 * In the versions before 3 nobody can tell a client that its visitor will say nothing more; the answer may be on its way all the same.
 * When nothing has come for so long the stream is over.
 */
const QUIET_MS = 10_000;
/** After the end of a stream the visitor has so long to end as well. */
const LINGER_MS = 5_000;
/** Version of the dialect from which on one direction can end alone. */
const HALF_CLOSE_VERSION = 3;

export class TcpVisitor implements ConnectionHandler, StreamEvents {
  readonly #connection: VisitorEnd;
  readonly #address: string;
  readonly #host: TcpVisitorHost;
  readonly #deadline = new Deadline(() => this.#expired());
  #stream: LinkStream | null = null;
  #tellsEnds = false;
  /** They have said all that they will. */
  #hasEnded = false;
  /** The stream is over, and what it has brought is on its way. */
  #isLingering = false;

  /** `address`: where they really come from, whoever has brought them; the connection is paused. */
  constructor(connection: VisitorEnd, address: string, host: TcpVisitorHost) {
    this.#host = host;
    this.#address = address;
    this.#connection = connection;
    connection.handler = this;
  }

  /** `first`: what the local server is told in front. False: the client takes no more for now. */
  begin(client: TunnelLink, tunnelId: string, first: Buffer | null): boolean {
    const headers = [['X-Forwarded-For', this.#address]] as const;
    const request = { tunnelId, mode: 'tcp', path: '', method: '', headers, hasBody: false } as const;
    this.#tellsEnds = client.version >= HALF_CLOSE_VERSION;
    this.#stream = client.open(request, null, this);
    if (this.#stream === null) return false;
    if (first !== null) this.#send(first, 0, first.length);
    this.#touch();
    if (!this.#connection.closed) this.#connection.resume();
    return true;
  }

  /** Ends both sides at once. */
  cut(): void {
    this.#connection.reset('refused');
  }

  // -- What the visitor says -------------------------------------------------------------------------------------------

  onData(bytes: Buffer, from: number, to: number): void {
    if (this.#isLingering) return;
    this.#host.counted('in', to - from);
    this.#touch();
    this.#send(bytes, from, to);
  }

  onHalfClose(): void {
    this.#hasEnded = true;
    if (this.#isLingering) return;
    if (this.#tellsEnds) this.#stream?.endHalf?.();
    else this.#touch();
  }

  onDrain(): void {
    this.#touch();
    this.#stream?.resume();
  }

  onClose(reason: CloseReason): void {
    wheel.release(this.#deadline);
    const stream = this.#stream;
    this.#stream = null;
    // A clean end has gone through here already, from both sides.
    if (reason === 'eof') leave(stream);
    else stream?.reset('the visitor has gone');
    this.#host.left(this);
  }

  #send(bytes: Buffer, from: number, to: number): void {
    const goesOn = this.#stream?.send(bytes, { from, to, wsType: null, fin: null });
    if (goesOn === false) this.#connection.pause();
  }

  // -- What the client of the tunnel says ------------------------------------------------------------------------------

  head(): void {}

  data(bytes: Buffer, _wsType: WsType | null, _isLast: boolean): boolean {
    this.#host.counted('out', bytes.length);
    this.#touch();
    return this.#connection.write(bytes, 0, bytes.length);
  }

  /** The local server will say nothing more, and goes on listening. */
  halfEnded(): void {
    this.#connection.end();
  }

  ended(): void {
    this.#stream = null;
    this.#isLingering = true;
    // Read on, so that what they still send does not cut what is on its way to them.
    this.#connection.end();
    this.#connection.resume();
    wheel.arm(this.#deadline, LINGER_MS);
  }

  failed(_how: StreamFailure, _why: string): void {
    this.#stream = null;
    this.cut();
  }

  drain(): void {
    this.#connection.resume();
  }

  #touch(): void {
    const mayBeOver = this.#hasEnded && !this.#tellsEnds;
    wheel.arm(this.#deadline, mayBeOver ? Math.min(QUIET_MS, this.#host.idleMs) : this.#host.idleMs);
  }

  #expired(): void {
    if (this.#isLingering) this.#connection.destroy('done');
    else if (this.#hasEnded && !this.#tellsEnds) this.#endQuietly();
    else this.#connection.reset('idle');
  }

  #endQuietly(): void {
    const stream = this.#stream;
    this.ended();
    stream?.close();
  }
}

/** What was sent may still wait for credit. */
function leave(stream: LinkStream | null): void {
  if (stream?.finish === undefined) stream?.close();
  else stream.finish(null, '');
}
