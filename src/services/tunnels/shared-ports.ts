// Ports of TCP tunnels that wait for their clients, told to all nodes. Rule: a port is known to this node as it always is, and to the others only while
// it waits: where a client has it, the directory says so.
import type { TunnelBook } from '../../state/tunnel-book.ts';
import type { TunnelPortRow } from '../../state/tunnel-ports.ts';
import type { PortBook } from './port-leases.ts';

export class SharedPorts implements PortBook {
  readonly #own: PortBook;
  readonly #book: TunnelBook;
  /** What is said of one port is said in its order. */
  readonly #saying = new Map<number, Promise<void>>();

  constructor(own: PortBook, book: TunnelBook) {
    this.#own = own;
    this.#book = book;
  }

  ports(): TunnelPortRow[] {
    return this.#own.ports();
  }

  keepPort(row: TunnelPortRow): void {
    this.#own.keepPort(row);
    const isTaken = row.heldUntilMs === null;
    this.#say(row.port, async () => {
      const known = await this.#book.change('port', String(row.port), (before) => {
        if (!isTaken) return row;
        return before === null ? undefined : null;
      });
      // What was said before may have come back meanwhile.
      if (isTaken && known === null) this.#own.keepPort(row);
    });
  }

  dropPort(port: number): void {
    this.#own.dropPort(port);
    this.#say(port, async () => {
      await this.#book.change('port', String(port), (before) => (before === null ? undefined : null));
    });
  }

  /** Who cannot be told now keeps it for this node. */
  #say(port: number, work: () => Promise<void>): void {
    const before = this.#saying.get(port) ?? Promise.resolve();
    const saying = before
      .then(work)
      .catch(() => {})
      .finally(() => {
        if (this.#saying.get(port) === saying) this.#saying.delete(port);
      });
    this.#saying.set(port, saying);
  }
}
