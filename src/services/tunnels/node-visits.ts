// Visitors who have come in here and whose client is connected to another node: each is taken there on a connection of their own. Rule: they go on
// once at most, nothing of what they say has gone anywhere before that node takes them, and what they may do is judged there alone.
import type { Buffer } from 'node:buffer';
import type { ProxiedEnds } from '../../codec/proxy-protocol/proxy-header.ts';
import { type CloseReason, type Connection, type ConnectionHandler } from '../../transport/connection.ts';
import { type Relay, relay } from '../../transport/relay.ts';
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
  readonly places: Pick<TunnelDirectory, 'find' | 'lookUp' | 'doubt'>;
  /** Opens a connection to a node, which takes the visitor, or does not. */
  readonly reach: (address: string, visit: string, events: ReachEvents) => void;
  /** Should the other node be gone without a word. */
  readonly idleMs: () => number;
  /** Somebody goes to another node. */
  readonly sent: () => void;
  /** There was no node for them. */
  readonly lost: () => void;
  readonly changed: () => void;
}

export interface ReachEvents {
  /** Connected, paused and nobody's. */
  taken(connection: Connection, rest: Buffer): void;
  /** Of what they have said nothing has been heard. `isFinal`: they are not wanted there. */
  failed(isFinal: boolean): void;
}

/** Longer than whoever judges waits, so that it is theirs to say that nothing moves any more. */
const PATIENCE_MS = 30_000;
const MOST_TRIES = 2;

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
  #relay: Relay | null = null;
  #isGone = false;
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
    if (this.#relay === null) this.#connection.reset('refused');
    else this.#relay.cut();
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
      taken: (connection, rest) => {
        sent();
        this.#taken(connection, rest);
      },
      failed: (isFinal) => void this.#failed(place, isFinal),
    });
  }

  #taken(upstream: Connection, firstFromUpstream: Buffer): void {
    if (this.#isGone) {
      upstream.reset('done');
      return;
    }
    const { first } = this.#visit;
    this.#relay = relay(this.#connection, upstream, {
      idleTimeoutMs: this.#options.idleMs() + PATIENCE_MS,
      firstFromUpstream,
      ...(first !== null && { firstFromDownstream: first }),
      onDone: () => this.#options.left(),
    });
  }

  /** Nothing has happened yet: another node may have the client by now. */
  async #failed(place: TunnelPlace, isFinal: boolean): Promise<void> {
    if (this.#isGone) return;
    const { places, lost } = this.#options;
    places.doubt(place);
    const next = isFinal || this.#tries >= MOST_TRIES ? null : await places.lookUp(this.#visit.name);
    if (next !== null && next.address !== place.address) {
      this.#lead(next);
      return;
    }
    if (!isFinal) lost();
    this.cut();
  }

  // -- While they wait -------------------------------------------------------------------------------------------------

  onData(): void {}

  onHalfClose(): void {}

  onDrain(): void {}

  onClose(_reason: CloseReason): void {
    this.#isGone = true;
    this.#options.left();
  }
}
