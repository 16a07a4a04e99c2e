// Bytes on their way out of this tick: everything for one connection is gathered here and leaves in one write, so that a
// head and the first bytes of its body share a packet. Rule: one connection at a time; who begins for another one sends
// the first one's bytes, and every entry point of the engine ends with flush().
import { OutBuffer } from '../codec/http1/writer.ts';
import type { Connection } from '../transport/connection.ts';
import { reopenChunk, writeChunk } from './chunk-writer.ts';

/** A whole read (64 KiB), a head and chunk sizes fit without growing. */
const CAPACITY = 96 * 1024;
/** Beyond this much the bytes leave before more are added. */
const FULL = 64 * 1024;
/** So much is copied rather than sent in a packet that is not full. */
const SHARED = 8 * 1024;
/** Chunks are joined up to here. */
const SMALL_CHUNK = 4 * 1024;

export class Outbound {
  private readonly out: OutBuffer = new OutBuffer(CAPACITY);
  private connection: Connection | null = null;
  /** Where the last chunk ends, if nothing has been written or sent since, and how much is in it. */
  private chunkTo = -1;
  private chunkSize = 0;
  /** The end of this turn flushes. */
  willFlush = false;

  /** Where to write what is meant for this connection. */
  for(connection: Connection): OutBuffer {
    if (this.connection !== connection) {
      this.flush();
      this.connection = connection;
    } else if (this.out.length >= FULL) {
      this.chunkTo = -1;
      connection.flush(this.out);
    }
    return this.out;
  }

  /**
   * A part of a body that is sent in chunks. Small ones that come together leave as one: a sender who puts every octet into
   * a chunk of its own makes us work, and not the one behind us.
   */
  chunk(connection: Connection, bytes: Buffer, from: number, to: number): void {
    const out = this.for(connection);
    const joined = this.chunkSize + to - from;
    if (out.length === this.chunkTo && joined < SMALL_CHUNK) {
      reopenChunk(out, this.chunkSize, to - from);
      out.copy(bytes, from, to);
      out.crlf();
      this.chunkSize = joined;
    } else {
      writeChunk(out, bytes, from, to);
      this.chunkSize = to - from;
    }
    this.chunkTo = to === from ? -1 : out.length;
  }

  /** Bytes of any length, in pieces that fit. */
  copy(connection: Connection, bytes: Buffer, from: number, to: number): void {
    for (let at = from; at < to; at += FULL) this.for(connection).copy(bytes, at, Math.min(to, at + FULL));
  }

  /** Bytes that never change: all but the first, which share a packet with a head, are sent from where they lie. */
  lend(connection: Connection, bytes: Buffer, from: number, to: number): void {
    const out = this.for(connection);
    const lentFrom = Math.min(to, from + SHARED);
    out.copy(bytes, from, lentFrom);
    this.chunkTo = -1;
    connection.flush(out);
    if (lentFrom < to) connection.lend(bytes, lentFrom, to);
  }

  /** For whoever writes outside of an entry point; what is written in the same turn goes along. */
  flushSoon(): void {
    if (this.willFlush) return;
    this.willFlush = true;
    process.nextTick(flush, this);
  }

  flush(): void {
    const { connection } = this;
    if (connection === null) return;
    this.connection = null;
    this.chunkTo = -1;
    connection.flush(this.out);
  }
}

function flush(outbound: Outbound): void {
  outbound.willFlush = false;
  outbound.flush();
}
