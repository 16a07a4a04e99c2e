// A clamd, for many bodies at once. Rule: no more connections to it are open than it was said to take, those who must wait come in
// turn, and while it cannot be reached nobody waits for it.
import { parseAddress } from '../../core/address.ts';
import { SluiceError } from '../../core/errors.ts';
import type { DialTarget } from '../../transport/dial.ts';
import { DnsCache } from '../../transport/dns-cache.ts';
import { ClamdScan, type ScanEvents, type ScanServer } from './clamd-scan.ts';
import { ConnectBreaker } from './connect-breaker.ts';

export interface ClamdOptions {
  /** `unix:/path` or `host:port`. */
  readonly address: string;
  readonly connectTimeoutMs: number;
  /** For each: to get a connection, to take what it was sent, and from the last byte to the verdict. */
  readonly timeoutMs: number;
  /** The most at once. */
  readonly connections: number;
}

export class Clamd {
  readonly #connections: number;
  readonly #server: ScanServer;
  readonly #breaker = new ConnectBreaker();
  readonly #running = new Set<ClamdScan>();
  readonly #waiting = new Set<ClamdScan>();

  constructor({ address, connectTimeoutMs, timeoutMs, connections }: ClamdOptions) {
    this.#connections = connections;
    this.#server = {
      target: targetOf(address),
      dialling: { dns: new DnsCache(), connectTimeoutMs },
      timeoutMs,
      connected: () => this.#breaker.succeeded(),
      unreachable: () => this.#breaker.failed(),
      left: (scan) => this.#leave(scan),
    };
  }

  scan(events: ScanEvents): ClamdScan {
    const scan = new ClamdScan(this.#server, events);
    if (this.#running.size < this.#connections) this.#start(scan);
    else this.#waiting.add(scan);
    return scan;
  }

  /** For what belongs to a body that is being scanned: it waits for nobody, or two such bodies could wait for each other for ever. */
  scanBeside(events: ScanEvents): ClamdScan {
    const scan = new ClamdScan(this.#server, events);
    this.#dial(scan);
    return scan;
  }

  #start(scan: ClamdScan): void {
    this.#running.add(scan);
    this.#dial(scan);
  }

  #dial(scan: ClamdScan): void {
    if (this.#breaker.admits()) scan.start();
    else process.nextTick(() => scan.fail('unreachable', 'could not be reached just before'));
  }

  #leave(scan: ClamdScan): void {
    this.#waiting.delete(scan);
    if (!this.#running.delete(scan)) return;
    const [next] = this.#waiting;
    if (next === undefined) return;
    this.#waiting.delete(next);
    this.#start(next);
  }
}

function targetOf(text: string): DialTarget {
  const address = parseAddress(text);
  if (address.kind === 'invalid') throw new SluiceError('config_invalid', { message: `"${text}" ${address.reason}` });
  if (address.kind === 'tcp') return { host: address.host, port: address.port };
  return { host: 'localhost', port: 0, path: address.path };
}
