// Carries bytes both ways between two connections until both have ended: CONNECT, upgrades, tunnels. Rule: what one side
// does, the other side sees: bytes in order, a slow reader as back-pressure, an end as an end, a reset as a reset.
import type { Buffer } from 'node:buffer';
import type { CloseReason, Connection, ConnectionHandler } from './connection.ts';
import { Deadline, wheel } from './timers.ts';

export interface RelayOptions {
  /** Ends both sides when no byte has moved for so long. */
  readonly idleTimeoutMs: number;
  /** Bytes that were read before the relay began and belong to the other side. */
  readonly firstFromDownstream?: Buffer;
  readonly firstFromUpstream?: Buffer;
  /** The client had ended its side before the relay began. */
  readonly downstreamEnded?: boolean;
  /** Called once, when both connections are closed. */
  readonly onDone: (end: RelayEnd) => void;
}

export interface RelayEnd {
  /** Why the first of the two closed: 'eof' when both sides ended in good order. */
  readonly reason: CloseReason;
  readonly bytesFromDownstream: number;
  readonly bytesFromUpstream: number;
}

/** Takes over two open connections, whatever their handlers were. */
export function relay(downstream: Connection, upstream: Connection, options: RelayOptions): Relay {
  const started = new Relay(downstream, upstream, options);
  started.start();
  return started;
}

export class Relay {
  readonly #options: RelayOptions;
  readonly #downstream: Side;
  readonly #upstream: Side;
  readonly #idle = new Deadline(() => this.stop('idle'));
  #reason: CloseReason | null = null;

  constructor(downstream: Connection, upstream: Connection, options: RelayOptions) {
    this.#options = options;
    this.#downstream = new Side(this, downstream, upstream);
    this.#upstream = new Side(this, upstream, downstream);
  }

  start(): void {
    const { firstFromDownstream, firstFromUpstream, downstreamEnded } = this.#options;
    this.touch();
    this.#downstream.begin(firstFromDownstream);
    this.#upstream.begin(firstFromUpstream);
    if (downstreamEnded === true) this.#downstream.onHalfClose();
  }

  /** Ends both sides at once. */
  stop(reason: CloseReason): void {
    this.#reason ??= reason;
    this.#downstream.source.destroy(reason);
    this.#upstream.source.destroy(reason);
  }

  touch(): void {
    wheel.arm(this.#idle, this.#options.idleTimeoutMs);
  }

  closed(reason: CloseReason): void {
    this.#reason ??= reason;
    if (!this.#downstream.isClosed || !this.#upstream.isClosed) return;
    wheel.release(this.#idle);
    this.#options.onDone({
      reason: this.#reason,
      bytesFromDownstream: this.#downstream.bytes,
      bytesFromUpstream: this.#upstream.bytes,
    });
  }
}

/** One direction: what comes from `source` goes to `sink`. */
class Side implements ConnectionHandler {
  readonly source: Connection;
  bytes = 0;
  isClosed = false;
  readonly #relay: Relay;
  readonly #sink: Connection;

  constructor(owner: Relay, source: Connection, sink: Connection) {
    this.#relay = owner;
    this.source = source;
    this.#sink = sink;
  }

  begin(first: Buffer | undefined): void {
    this.source.handler = this;
    this.source.resume();
    if (first !== undefined && first.length > 0) this.onData(first, 0, first.length);
  }

  onData(bytes: Buffer, from: number, to: number): void {
    this.bytes += to - from;
    this.#relay.touch();
    if (!this.#sink.write(bytes, from, to)) this.source.pause();
  }

  onHalfClose(): void {
    this.#sink.end();
  }

  /** Our own connection has taken what the other direction wrote to it. */
  onDrain(): void {
    this.#relay.touch();
    this.#sink.resume();
  }

  onClose(reason: CloseReason): void {
    this.isClosed = true;
    // A clean close comes after both ends have passed through here; the other side then closes by itself, once it has
    // sent what it holds. Anything else is a cut, and must not look like an end.
    if (reason !== 'eof') this.#sink.reset(reason);
    this.#relay.closed(reason);
  }
}
