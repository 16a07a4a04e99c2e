// Connections to one local server. Rule: one that was used before is taken only for a request that may be sent again, for the server may
// be closing it at that very moment.
import { Connection, NOBODY } from '../../transport/connection.ts';
import { type Dial, dial } from '../../transport/dial.ts';
import type { DnsCache } from '../../transport/dns-cache.ts';
import { wheel } from '../../transport/timers.ts';
import type { SluiceError } from '../../core/errors.ts';
import { HttpLine, type LineOwner } from './http-line.ts';

export interface LineTaker {
  ready(line: HttpLine): void;
  failed(error: SluiceError): void;
}

const MOST_IDLE = 64;
/** Servers on Node keep a connection for five seconds. */
const IDLE_MS = 4_000;
const CONNECT_MS = 5_000;

/** A connection that is being made. */
export type Dialling = Pick<Dial, 'cancel'>;

/** Why something must not be connected to; null: it may. */
export type RefusalOf = (host: string, port: number) => SluiceError | null;

interface Place {
  readonly host: string;
  readonly port: number;
}

export class LocalLines implements LineOwner {
  readonly #place: Place;
  readonly #dns: DnsCache;
  readonly #refusalOf: RefusalOf;
  /** The one used last is last. */
  readonly #idle: HttpLine[] = [];

  constructor(place: Place, dns: DnsCache, refusalOf: RefusalOf = () => null) {
    this.#refusalOf = refusalOf;
    this.#place = place;
    this.#dns = dns;
  }

  /** One that was used before; null: there is none. */
  takeUsed(): HttpLine | null {
    const line = this.#idle.pop();
    if (line === undefined) return null;
    wheel.disarm(line.idle);
    return line;
  }

  /** A new one. */
  open(taker: LineTaker): Dialling {
    return this.connect({
      connected: (connection) => taker.ready(new HttpLine(connection, this)),
      failed: (error) => taker.failed(error),
    });
  }

  connect(events: { connected(connection: Connection): void; failed(error: SluiceError): void }): Dialling {
    const { host, port } = this.#place;
    const refusal = this.#refusalOf(host, port);
    if (refusal !== null) return failing(() => events.failed(refusal));
    // An address that a name leads to is judged like the name.
    const refusalOf = (address: string): SluiceError | null => this.#refusalOf(address, port);
    return dial(
      this.#place,
      { dns: this.#dns, connectTimeoutMs: CONNECT_MS, refusalOf },
      {
        onConnected: (socket) => events.connected(new Connection(socket, NOBODY)),
        onFailed: (error) => events.failed(error),
      },
    );
  }

  free(line: HttpLine): void {
    if (this.#idle.length >= MOST_IDLE) {
      line.connection.destroy('done');
      return;
    }
    this.#idle.push(line);
    wheel.arm(line.idle, IDLE_MS);
  }

  gone(line: HttpLine): void {
    wheel.release(line.idle);
    const at = this.#idle.indexOf(line);
    if (at !== -1) this.#idle.splice(at, 1);
  }

  close(): void {
    for (const line of this.#idle.splice(0)) line.connection.destroy('done');
  }
}

/** Fails as a dial does: not before whoever asks has it. */
function failing(fail: () => void): Dialling {
  let isOver = false;
  process.nextTick(() => {
    if (!isOver) fail();
  });
  return {
    cancel: () => {
      isOver = true;
    },
  };
}
