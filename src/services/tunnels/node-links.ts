// The connections to other nodes by which visitors are brought there: one for each node, opened when it is needed. Rule: who has to wait for it waits
// no longer than it takes to open one; when it cannot be had all of them are told.
import type { Buffer } from 'node:buffer';
import type { Connection } from '../../transport/connection.ts';
import { NodeLink, type VisitEvents } from './node-link.ts';

export interface NodeLinksOptions {
  /** Opens a connection to a node that has proved to be one; exactly one of the two is called. */
  readonly connect: (
    address: string,
    connected: (connection: Connection, rest: Buffer) => void,
    failed: () => void,
  ) => void;
}

interface Waiting {
  readonly line: string;
  readonly events: VisitEvents;
}

interface Way {
  /** null: it is being opened. */
  link: NodeLink | null;
  waiting: Waiting[];
}

export class NodeLinks {
  readonly #options: NodeLinksOptions;
  readonly #ways = new Map<string, Way>();

  constructor(options: NodeLinksOptions) {
    this.#options = options;
  }

  open(address: string, line: string, events: VisitEvents): void {
    const way = this.#ways.get(address) ?? this.#begin(address);
    if (way.link === null) way.waiting.push({ line, events });
    else way.link.open(line, events);
  }

  close(): void {
    for (const { link } of this.#ways.values()) link?.close();
  }

  #begin(address: string): Way {
    const way: Way = { link: null, waiting: [] };
    this.#ways.set(address, way);
    this.#options.connect(
      address,
      (connection, rest) => this.#connected(address, way, [connection, rest]),
      () => this.#lost(address, way),
    );
    return way;
  }

  #connected(address: string, way: Way, [connection, rest]: readonly [Connection, Buffer]): void {
    const link = new NodeLink(connection, { visited: () => 'refused', closed: () => this.#lost(address, way) });
    way.link = link;
    link.begin(rest);
    for (const { line, events } of way.waiting.splice(0)) link.open(line, events);
  }

  #lost(address: string, way: Way): void {
    if (this.#ways.get(address) === way) this.#ways.delete(address);
    for (const { events } of way.waiting.splice(0)) events.failed('gone');
  }
}
