// Connections to other nodes, as long as the nodes are there. Rule: a node that freezes, or that nothing gets through to any more, ends no connection;
// while there are some, it is greeted anew from time to time, and when it does not answer twice they are cut, so that nobody waits there.
import { SluiceError } from '../../core/errors.ts';
import type { Origin, OriginDialEvents } from '../../contract/target.ts';
import type { Dial } from '../../engine/origin-pool.ts';
import type { Connection } from '../../transport/connection.ts';

export interface LineTimes {
  readonly lookMs: number;
  /** For a connection and its handshake each. */
  readonly patienceMs: number;
  /** A node that is silent is looked for so long. */
  readonly hopeMs: number;
}

const TIMES: LineTimes = { lookMs: 3_000, patienceMs: 5_000, hopeMs: 60_000 };
const MOST_MISSED = 2;

/** `dial` greets. */
export function nodeLines(dial: Dial, times: LineTimes = TIMES): Dial {
  const lines = new Map<string, NodeLine>();
  return (origin, events, proxyHeader, timeoutMs) => {
    const line = lines.get(origin.name) ?? new NodeLine(dial, origin, times, () => lines.delete(origin.name));
    lines.set(origin.name, line);
    line.open(events, proxyHeader, timeoutMs);
  };
}

class NodeLine {
  readonly #dial: Dial;
  readonly #origin: Origin;
  readonly #times: LineTimes;
  readonly #over: () => void;
  readonly #open = new Set<Connection>();
  #isLooking = false;
  #missed = 0;
  /** When it was found to be silent; null: it answers. */
  #silentAtMs: number | null = null;

  constructor(dial: Dial, origin: Origin, times: LineTimes, over: () => void) {
    this.#dial = dial;
    this.#origin = origin;
    this.#times = times;
    this.#over = over;
  }

  open(events: OriginDialEvents, proxyHeader: Buffer | null, timeoutMs: number | undefined): void {
    if (this.#silentAtMs !== null) {
      const error = new SluiceError('upstream_unreachable', { message: `${this.#origin.name} does not answer` });
      process.nextTick(() => events.failed(error));
      return;
    }
    const opened: OriginDialEvents = {
      connected: (connection, timings) => {
        this.#open.add(connection);
        this.#look();
        events.connected(connection, timings);
      },
      failed: (error) => events.failed(error),
    };
    this.#dial(this.#origin, opened, proxyHeader, timeoutMs);
  }

  #look(): void {
    if (this.#isLooking) return;
    this.#isLooking = true;
    setTimeout(() => this.#looked(), this.#times.lookMs).unref();
  }

  #looked(): void {
    this.#isLooking = false;
    for (const connection of this.#open) if (connection.closed) this.#open.delete(connection);
    const isGone = this.#silentAtMs !== null && performance.now() - this.#silentAtMs > this.#times.hopeMs;
    if (isGone || (this.#silentAtMs === null && this.#open.size === 0)) this.#over();
    else this.#greet();
  }

  #greet(): void {
    const answer: OriginDialEvents = {
      connected: (connection) => {
        connection.destroy('eof');
        this.#missed = 0;
        this.#silentAtMs = null;
        this.#look();
      },
      failed: () => {
        this.#missed += 1;
        if (this.#missed >= MOST_MISSED) this.#cut();
        if (this.#missed === 1) this.#greet();
        else this.#look();
      },
    };
    this.#dial(this.#origin, answer, null, this.#times.patienceMs);
  }

  #cut(): void {
    this.#silentAtMs ??= performance.now();
    for (const connection of this.#open) if (!connection.closed) connection.destroy('reset');
    this.#open.clear();
  }
}
