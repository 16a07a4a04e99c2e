// Carries bytes both ways between two connections until both have ended: CONNECT, upgrades, tunnels. Rule: what one side
// does, the other side sees: bytes in order, a slow reader as back-pressure, an end as an end, a reset as a reset.
import { Buffer } from 'node:buffer';
import type { CloseReason, Connection, ConnectionHandler } from './connection.ts';
import { Deadline, wheel } from './timers.ts';

/** Looks at what the client says first. */
export interface RelayGuard {
  /** More of it, of which nothing has gone on yet. `more`: it takes more to tell. `cut`: both sides are reset. */
  take(bytes: Buffer, from: number, to: number): 'more' | 'pass' | 'cut';
  /** The client has begun and does not go on; it is cut. */
  expired(): void;
}

/** Sees what the server says, as it has gone on. */
export interface RelayWatch {
  take(bytes: Buffer, from: number, to: number): void;
  /** Both connections are closed. */
  end(): void;
}

export interface RelayOptions {
  /** Ends both sides when no byte has moved for so long. */
  readonly idleTimeoutMs: number;
  /** Bytes that were read before the relay began and belong to the other side. */
  readonly firstFromDownstream?: Buffer;
  readonly firstFromUpstream?: Buffer;
  /** The client had ended its side before the relay began. */
  readonly downstreamEnded?: boolean;
  /** Nothing of the client's goes on before it passes. */
  readonly guard?: RelayGuard | null;
  /** For the client, once it has begun, to say all that the guard wants to see. */
  readonly guardTimeoutMs?: number;
  readonly watch?: RelayWatch | null;
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
    const { guard = null, guardTimeoutMs = options.idleTimeoutMs } = options;
    this.#downstream =
      guard === null
        ? new Side(this, downstream, upstream)
        : new GuardedSide(this, { source: downstream, sink: upstream, guard, timeoutMs: guardTimeoutMs });
    const { watch = null } = options;
    this.#upstream =
      watch === null
        ? new Side(this, upstream, downstream)
        : new WatchedSide(this, { source: upstream, sink: downstream, watch });
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

  /** Neither side can take it for an end. */
  cut(): void {
    this.#reason ??= 'refused';
    this.#upstream.source.reset('refused');
    this.#downstream.source.reset('refused');
  }

  touch(): void {
    wheel.arm(this.#idle, this.#options.idleTimeoutMs);
  }

  closed(reason: CloseReason): void {
    this.#reason ??= reason;
    if (!this.#downstream.isClosed || !this.#upstream.isClosed) return;
    wheel.release(this.#idle);
    this.#options.watch?.end();
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

interface WatchedWay {
  readonly source: Connection;
  readonly sink: Connection;
  readonly watch: RelayWatch;
}

/** Shows what has gone on. */
class WatchedSide extends Side {
  readonly #watch: RelayWatch;

  constructor(owner: Relay, { source, sink, watch }: WatchedWay) {
    super(owner, source, sink);
    this.#watch = watch;
  }

  override onData(bytes: Buffer, from: number, to: number): void {
    super.onData(bytes, from, to);
    this.#watch.take(bytes, from, to);
  }
}

/** More than any guard needs. */
const MAX_HELD_BYTES = 64 * 1024;

interface GuardedWay {
  readonly source: Connection;
  readonly sink: Connection;
  readonly guard: RelayGuard;
  readonly timeoutMs: number;
}

/** Keeps what the client says until its guard has made up its mind. The other direction is none of its business. */
class GuardedSide extends Side {
  readonly #owner: Relay;
  readonly #timeoutMs: number;
  readonly #deadline = new Deadline(() => this.#expired());
  #guard: RelayGuard | null;
  #held: Buffer | null = null;

  constructor(owner: Relay, { source, sink, guard, timeoutMs }: GuardedWay) {
    super(owner, source, sink);
    this.#owner = owner;
    this.#guard = guard;
    this.#timeoutMs = timeoutMs;
  }

  override onData(bytes: Buffer, from: number, to: number): void {
    if (this.#guard === null) {
      super.onData(bytes, from, to);
      return;
    }
    const verdict = this.#guard.take(bytes, from, to);
    this.#hold(bytes.subarray(from, to));
    if (verdict === 'pass') this.#release();
    else if (verdict === 'cut' || this.#held!.length > MAX_HELD_BYTES) this.#cut();
    else this.#owner.touch();
  }

  /** What has ended before it was complete is nothing that anybody could understand. */
  override onHalfClose(): void {
    this.#release();
    super.onHalfClose();
  }

  override onClose(reason: CloseReason): void {
    this.#letGo();
    super.onClose(reason);
  }

  #hold(bytes: Buffer): void {
    if (this.#held === null) wheel.arm(this.#deadline, this.#timeoutMs);
    this.#held = Buffer.concat(this.#held === null ? [bytes] : [this.#held, bytes]);
  }

  #release(): void {
    const held = this.#held;
    this.#letGo();
    if (held !== null) super.onData(held, 0, held.length);
  }

  #letGo(): void {
    this.#guard = null;
    this.#held = null;
    wheel.release(this.#deadline);
  }

  #expired(): void {
    this.#guard?.expired();
    this.#cut();
  }

  #cut(): void {
    this.#letGo();
    this.#owner.cut();
  }
}
