// Visitors who have come in here and whose client is connected to another node: each is taken there. Rule: they go on once at most, nothing of what
// they say has gone anywhere before that node takes them, and what they may do, and for how long they may be silent, is judged there alone.
import type { Buffer } from 'node:buffer';
import type { ProxiedEnds } from '../../codec/proxy-protocol/proxy-header.ts';
import type { CloseReason, Connection, ConnectionHandler } from '../../transport/connection.ts';
import type { VisitorEnd } from './link-stream.ts';
import type { VisitEvents } from './node-link.ts';
import { visitLine } from './node-visit.ts';
import type { TunnelDirectory, TunnelPlace } from './tunnel-directory.ts';

export interface Visit {
  /** Of the tunnel. */
  readonly name: string;
  readonly ends: ProxiedEnds | null;
  /** What was read of them already. */
  readonly first: Buffer | null;
}

export interface NodeVisitsOptions {
  readonly places: Pick<TunnelDirectory, 'find' | 'lookUp' | 'doubt' | 'next'>;
  /** Asks a node to take the visitor. */
  readonly reach: (address: string, visit: string, events: VisitEvents) => void;
  /** Somebody goes to another node. */
  readonly sent: () => void;
  /** There was no node for them. */
  readonly lost: () => void;
  readonly changed: () => void;
}

const MOST_TRIES = 3;
/** A client that has lost its node is connected to another one within that time. */
const ON_ITS_WAY_MS = 10_000;

export class NodeVisits {
  readonly #options: NodeVisitsOptions;
  readonly #passing = new Set<Passing>();
  #idle: (() => void) | null = null;

  constructor(options: NodeVisitsOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#passing.size;
  }

  /** The connection is paused. */
  bring(connection: Connection, visit: Visit): void {
    const passing = new Passing(connection, visit, {
      ...this.#options,
      left: () => {
        this.#passing.delete(passing);
        this.#options.changed();
        if (this.#passing.size === 0) this.#idle?.();
      },
    });
    this.#passing.add(passing);
    this.#options.changed();
    void passing.begin();
  }

  /** Resolves when nobody is under way any more. */
  drain(): Promise<void> {
    if (this.#passing.size === 0) return Promise.resolve();
    return new Promise((resolve) => (this.#idle = resolve));
  }

  close(): void {
    for (const passing of this.#passing) passing.cut();
  }
}

interface PassingOptions extends NodeVisitsOptions {
  readonly left: () => void;
}

/** One visitor; as long as nobody has taken them they wait. */
class Passing implements ConnectionHandler {
  readonly #connection: Connection;
  readonly #visit: Visit;
  readonly #options: PassingOptions;
  #upstream: VisitorEnd | null = null;
  #isGone = false;
  #hasLeft = false;
  #tries = 0;

  constructor(connection: Connection, visit: Visit, options: PassingOptions) {
    this.#connection = connection;
    this.#visit = visit;
    this.#options = options;
    connection.handler = this;
  }

  async begin(): Promise<void> {
    const { places } = this.#options;
    const { name } = this.#visit;
    this.#lead(places.find(name) ?? (await places.lookUp(name)));
  }

  cut(): void {
    this.#upstream?.reset('refused');
    this.#connection.reset('refused');
  }

  #lead(place: TunnelPlace | null): void {
    if (this.#isGone) return;
    if (place === null || place.isHere || place.address === '') {
      this.#options.lost();
      this.cut();
      return;
    }
    this.#tries += 1;
    const { reach, sent } = this.#options;
    reach(place.address, visitLine(this.#visit), {
      taken: (visitor) => {
        sent();
        this.#taken(visitor);
      },
      failed: (why) => void this.#failed(place, why === 'refused'),
    });
  }

  #taken(upstream: VisitorEnd): void {
    if (this.#isGone) {
      upstream.reset('done');
      return;
    }
    this.#upstream = upstream;
    upstream.handler = new Returning(this.#connection, upstream, () => this.#leaveIfDone());
    upstream.resume();
    const { first } = this.#visit;
    if (first !== null) this.onData(first, 0, first.length);
    this.#connection.resume();
  }

  /** Nothing has happened yet: another node may have the client by now. */
  async #failed(place: TunnelPlace, isFinal: boolean): Promise<void> {
    if (this.#isGone) return;
    const { places, lost } = this.#options;
    places.doubt(place);
    const next = isFinal || this.#tries >= MOST_TRIES ? null : await places.next(place, ON_ITS_WAY_MS);
    if (next !== null) {
      this.#lead(next);
      return;
    }
    if (!isFinal) lost();
    this.cut();
  }

  // -- What the visitor says; before they are taken nobody reads it ----------------------------------------------------

  onData(bytes: Buffer, from: number, to: number): void {
    if (this.#upstream?.write(bytes, from, to) === false) this.#connection.pause();
  }

  onHalfClose(): void {
    this.#upstream?.end();
  }

  onDrain(): void {
    this.#upstream?.resume();
  }

  onClose(reason: CloseReason): void {
    this.#isGone = true;
    // A clean end has gone through already, from both sides.
    if (reason !== 'eof') this.#upstream?.reset(reason);
    this.#leaveIfDone();
  }

  #leaveIfDone(): void {
    if (this.#hasLeft || !this.#connection.closed || this.#upstream?.closed === false) return;
    this.#hasLeft = true;
    this.#options.left();
  }
}

/** What the other node says goes to the visitor. */
class Returning implements ConnectionHandler {
  readonly #visitor: Connection;
  readonly #upstream: VisitorEnd;
  readonly #ended: () => void;

  constructor(visitor: Connection, upstream: VisitorEnd, ended: () => void) {
    this.#visitor = visitor;
    this.#upstream = upstream;
    this.#ended = ended;
  }

  onData(bytes: Buffer, from: number, to: number): void {
    if (!this.#visitor.write(bytes, from, to)) this.#upstream.pause();
  }

  onHalfClose(): void {
    this.#visitor.end();
  }

  onDrain(): void {
    this.#visitor.resume();
  }

  onClose(reason: CloseReason): void {
    if (reason === 'done') this.#visitor.destroy(reason);
    else if (reason !== 'eof') this.#visitor.reset(reason);
    this.#ended();
  }
}
