// A connection between two nodes that carries many visitors. Rule: what it says within one turn leaves together; when it breaks, all of them are cut,
// and one that has fallen silent is a broken one.
import type { Buffer } from 'node:buffer';
import { OutBuffer } from '../../codec/http1/writer.ts';
import {
  LINK,
  type LinkFrame,
  LinkFrameReader,
  writeLinkData,
  writeLinkFrame,
} from '../../codec/node-link/link-frames.ts';
import { type CloseReason, type Connection, type ConnectionHandler, NOBODY } from '../../transport/connection.ts';
import { Deadline, wheel } from '../../transport/timers.ts';
import { LinkStream, type LinkStreamOwner, type VisitorEnd } from './link-stream.ts';

/** What becomes of a visitor whom another node brings: `missed`: its tunnel is not there (any more), and nobody has heard of it. */
export type VisitAnswer = 'taken' | 'missed' | 'refused';

export interface LinkEvents {
  /** The other node brings a visitor, who is paused; whoever is not taken is let go. */
  visited(line: string, visitor: VisitorEnd): VisitAnswer;
  closed(): void;
}

export interface VisitEvents {
  taken(visitor: VisitorEnd): void;
  /** `gone`: there is no answer. Whoever has let go of the visitor meanwhile hears nothing. */
  failed(why: 'missed' | 'refused' | 'gone'): void;
}

const FULL_BYTES = 64 * 1024;
const ROOM_BYTES = 2 * FULL_BYTES;
const MOST_GATHERED_BYTES = ROOM_BYTES - 64;
const BEAT_MS = 5_000;
/** So many beats in a row without a word, and it is dead. */
const MOST_MISSED = 3;
/** A link that nobody needs is closed after so many beats. */
const MOST_IDLE = 60;

/** For what is gathered: a link that says nothing keeps none. */
const spare: OutBuffer[] = [];
const MOST_SPARE = 16;

export class NodeLink implements ConnectionHandler, LinkStreamOwner {
  congested = false;
  readonly #connection: Connection;
  readonly #events: LinkEvents;
  readonly #streams = new Map<number, LinkStream>();
  readonly #asked = new Map<number, VisitEvents>();
  readonly #reader = new LinkFrameReader({
    data: (id, bytes, from, to) => this.#take(id, bytes, from, to),
    frame: (kind, id, text) => this.#hear(kind, id, text),
    credit: (id, bytes) => this.#streams.get(id)?.credited(bytes),
  });
  readonly #deadline = new Deadline(() => this.#beat());
  #out: OutBuffer | null = null;
  #lastId = 0;
  #missed = 0;
  #idle = 0;

  constructor(connection: Connection, events: LinkEvents) {
    this.#connection = connection;
    this.#events = events;
    connection.handler = this;
    wheel.arm(this.#deadline, BEAT_MS);
  }

  /** `rest`: what has come behind the handshake. */
  begin(rest: Buffer): void {
    if (rest.length > 0) this.onData(rest, 0, rest.length);
    this.#connection.resume();
  }

  get isOpen(): boolean {
    return !this.#connection.closed;
  }

  /** Only the side that has opened the connection does. */
  open(line: string, events: VisitEvents): VisitorEnd {
    this.#lastId += 1;
    const stream = new LinkStream(this.#lastId, this, NOBODY);
    this.#streams.set(stream.id, stream);
    this.#asked.set(stream.id, events);
    this.send(LINK.open, stream.id, line);
    return stream;
  }

  close(): void {
    this.#connection.destroy('done');
  }

  // -- As what streams stand on ----------------------------------------------------------------------------------------

  send(kind: LinkFrame, id: number, text = ''): void {
    writeLinkFrame(this.#gathered(), kind, id, text);
  }

  sendData(id: number, bytes: Buffer, from: number, to: number): void {
    const out = this.#gathered();
    // Else it would grow, and what is sent from there is used again only in its own size.
    if (out.length + to - from > MOST_GATHERED_BYTES) this.#flush(out);
    writeLinkData(out, id, { bytes, from, to });
    if (out.length >= FULL_BYTES) this.#flush(out);
  }

  left({ id }: LinkStream): void {
    this.#streams.delete(id);
    this.#asked.delete(id);
  }

  #gathered(): OutBuffer {
    if (this.#out !== null) return this.#out;
    this.#out = spare.pop() ?? new OutBuffer(ROOM_BYTES);
    setImmediate(sendGathered, this);
    return this.#out;
  }

  sendGathered(): void {
    const out = this.#out;
    this.#out = null;
    if (out === null) return;
    this.#flush(out);
    if (spare.length < MOST_SPARE) spare.push(out);
  }

  #flush(out: OutBuffer): void {
    this.congested = !this.#connection.flush(out);
    out.length = 0;
  }

  // -- What the other node says ----------------------------------------------------------------------------------------

  onData(bytes: Buffer, from: number, to: number): void {
    this.#missed = 0;
    if (!this.#reader.read(bytes, from, to)) this.#connection.destroy('error');
  }

  onHalfClose(): void {
    this.#connection.destroy('eof');
  }

  onDrain(): void {
    this.congested = false;
    for (const stream of this.#streams.values()) stream.drained();
  }

  onClose(reason: CloseReason): void {
    wheel.release(this.#deadline);
    const asked = [...this.#asked.values()];
    this.#asked.clear();
    for (const stream of this.#streams.values()) stream.lost(reason === 'timeout' ? 'timeout' : 'reset');
    this.#events.closed();
    for (const visit of asked) visit.failed('gone');
  }

  #take(id: number, bytes: Buffer, from: number, to: number): void {
    const stream = this.#streams.get(id);
    if (stream?.took(bytes, from, to) === false) stream.reset('error');
  }

  #hear(kind: number, id: number, text: string): void {
    const stream = this.#streams.get(id);
    if (kind === LINK.open) this.#visited(id, text);
    else if (kind === LINK.ping) this.send(LINK.pong, 0);
    else if (stream === undefined) return;
    else if (kind === LINK.taken) this.#taken(stream);
    else if (kind === LINK.missed || kind === LINK.refused)
      this.#failed(stream, kind === LINK.missed ? 'missed' : 'refused');
    else if (this.#asked.has(id)) this.#failed(stream, 'refused');
    else if (kind === LINK.end) stream.endHeard();
    else if (kind === LINK.reset) stream.lost('reset');
    else if (kind === LINK.close) stream.lost('done');
  }

  #visited(id: number, line: string): void {
    const stream = new LinkStream(id, this, NOBODY);
    this.#streams.set(id, stream);
    const answer = this.#events.visited(line, stream);
    if (answer === 'taken') this.send(LINK.taken, id);
    else {
      // Whoever was cut meanwhile has been told so.
      if (!stream.closed) this.send(LINK[answer], id);
      stream.lost('refused');
    }
  }

  #taken(stream: LinkStream): void {
    const asked = this.#asked.get(stream.id);
    this.#asked.delete(stream.id);
    asked?.taken(stream);
  }

  #failed(stream: LinkStream, why: 'missed' | 'refused'): void {
    const asked = this.#asked.get(stream.id);
    stream.lost('refused');
    asked?.failed(why);
  }

  #beat(): void {
    this.#missed += 1;
    this.#idle = this.#streams.size > 0 ? 0 : this.#idle + 1;
    if (this.#missed > MOST_MISSED) this.#connection.reset('timeout');
    else if (this.#idle > MOST_IDLE) this.#connection.destroy('idle');
    else {
      this.send(LINK.ping, 0);
      wheel.arm(this.#deadline, BEAT_MS);
    }
  }
}

function sendGathered(link: NodeLink): void {
  link.sendGathered();
}
