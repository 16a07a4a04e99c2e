// Connections to first hops that are opened before they are needed, so that a tunnel does not wait for TCP and TLS. A tunnel
// uses its connection up, so this is a stock and no pool. Rule: nobody has said a word on them, so they belong to no
// identity; one that hears something, or is too old, is closed.
import { formatHostPort } from '../../core/address.ts';
import { Connection, type ConnectionHandler, NOBODY } from '../../transport/connection.ts';
import { type Dial, dial } from '../../transport/dial.ts';
import type { DnsCache } from '../../transport/dns-cache.ts';
import { Deadline, wheel } from '../../transport/timers.ts';
import type { ProxyEndpoint } from './proxy-endpoint.ts';

export interface WarmOptions {
  readonly dns: DnsCache;
  readonly connectTimeoutMs: number;
  /** How many to keep ready for each proxy. */
  readonly perEndpoint: number;
  /** Proxies close what says nothing for long; better not to be there when they do. */
  readonly maxIdleMs: number;
}

/** What is ready, and under way, for one proxy. */
interface Stock {
  readonly tls: ProxyEndpoint['tls'];
  readonly ready: IdleConnection[];
  readonly dialling: Set<Dial>;
}

export class WarmConnections {
  readonly #options: WarmOptions;
  readonly #stocks = new Map<string, Stock>();

  constructor(options: WarmOptions) {
    this.#options = options;
  }

  /** One that is ready, paused, with no handler of its own; null: there is none. */
  take(endpoint: ProxyEndpoint): Connection | null {
    const stock = this.#stocks.get(keyOf(endpoint));
    if (stock === undefined || stock.tls !== endpoint.tls) return null;
    const { ready } = stock;
    // The newest is the least likely to be about to be closed.
    for (let idle = ready.pop(); idle !== undefined; idle = ready.pop()) {
      const connection = idle.take();
      if (connection !== null) return connection;
    }
    return null;
  }

  /** The proxy is in use: opens what is missing. Failures mean nothing here; whoever needs a connection will meet them. */
  refill(endpoint: ProxyEndpoint): void {
    const stock = this.#stockOf(endpoint);
    const missing = this.#options.perEndpoint - stock.ready.length - stock.dialling.size;
    for (let count = 0; count < missing; count += 1) this.#open(endpoint, stock);
  }

  /** How many are ready. */
  get size(): number {
    return [...this.#stocks.values()].reduce((sum, { ready }) => sum + ready.length, 0);
  }

  /** Closes all of them. */
  dispose(): void {
    for (const stock of this.#stocks.values()) empty(stock);
    this.#stocks.clear();
  }

  #stockOf(endpoint: ProxyEndpoint): Stock {
    const key = keyOf(endpoint);
    const known = this.#stocks.get(key);
    if (known?.tls === endpoint.tls) return known;
    // After a reload TLS may be spoken in another way.
    if (known !== undefined) empty(known);
    const stock: Stock = { tls: endpoint.tls, ready: [], dialling: new Set() };
    this.#stocks.set(key, stock);
    return stock;
  }

  #open({ host, port }: ProxyEndpoint, stock: Stock): void {
    const { dns, connectTimeoutMs, maxIdleMs } = this.#options;
    const dialling = dial(
      { host, port },
      { dns, connectTimeoutMs, ...(stock.tls === null ? {} : { tls: stock.tls }) },
      {
        onConnected: (socket) => {
          stock.dialling.delete(dialling);
          const idle = new IdleConnection(new Connection(socket, NOBODY), maxIdleMs, () => {
            const at = stock.ready.indexOf(idle);
            if (at !== -1) stock.ready.splice(at, 1);
          });
          stock.ready.push(idle);
        },
        onFailed: () => void stock.dialling.delete(dialling),
      },
    );
    stock.dialling.add(dialling);
  }
}

function empty({ ready, dialling }: Stock): void {
  for (const each of dialling) each.cancel();
  dialling.clear();
  for (const each of ready.splice(0)) each.close();
}

function keyOf({ protocol, host, port }: ProxyEndpoint): string {
  return `${protocol === 'https' ? 'tls' : 'tcp'} ${formatHostPort(host, port)}`;
}

/** Listens only to notice its end. */
class IdleConnection implements ConnectionHandler {
  readonly #connection: Connection;
  readonly #onGone: () => void;
  readonly #age = new Deadline(() => this.close());

  constructor(connection: Connection, maxIdleMs: number, onGone: () => void) {
    this.#connection = connection;
    this.#onGone = onGone;
    connection.handler = this;
    connection.resume();
    wheel.arm(this.#age, maxIdleMs);
  }

  take(): Connection | null {
    wheel.release(this.#age);
    if (this.#connection.closed) return null;
    this.#connection.pause();
    this.#connection.handler = NOBODY;
    return this.#connection;
  }

  close(): void {
    wheel.release(this.#age);
    this.#onGone();
    this.#connection.destroy('done');
  }

  onData(): void {
    this.close();
  }

  onHalfClose(): void {
    this.close();
  }

  onDrain(): void {}

  onClose(): void {
    this.close();
  }
}
