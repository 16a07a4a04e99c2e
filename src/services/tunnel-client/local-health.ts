// Whether the local server of one tunnel is fit for visitors, by checks of our own. Rule: only so many results in a row change the verdict,
// each change is told once, and after `stop` nothing runs any more. Until the first verdict visitors are let in.
import { METHOD, type Head } from '../../codec/http1/head.ts';
import { OutBuffer } from '../../codec/http1/writer.ts';
import type { StreamOpenMessage } from '../../codec/tunnel/server-messages.ts';
import { formatHostPort } from '../../core/address.ts';
import type { Connection } from '../../transport/connection.ts';
import type { DnsCache } from '../../transport/dns-cache.ts';
import { Deadline, wheel } from '../../transport/timers.ts';
import type { ExposedTunnel, LocalCheck } from './exposed-tunnel.ts';
import type { HttpLine, LineEvents } from './http-line.ts';
import { type Dialling, LocalLines, type RefusalOf } from './local-lines.ts';
import { writeLocalRequest } from './local-request.ts';

export interface LocalVerdict {
  readonly state: 'unknown' | 'healthy' | 'unhealthy';
  /** Of the check that failed last; null: it is not unhealthy. */
  readonly why: string | null;
}

export interface LocalHealthOptions {
  readonly tunnel: ExposedTunnel;
  readonly check: LocalCheck;
  readonly dns: DnsCache;
  readonly refusalOf?: RefusalOf | undefined;
  /** Becoming healthy for the first time is no change. */
  onChange(verdict: LocalVerdict): void;
}

const FIRST_BAD_STATUS = 400;
const out = new OutBuffer();

export class LocalHealth implements LineEvents {
  verdict: LocalVerdict = { state: 'unknown', why: null };
  readonly #options: LocalHealthOptions;
  /** Of its own: a check says nothing of connections that visitors have left behind. */
  readonly #lines: LocalLines;
  /** The time of a check, or the time until the next one. */
  readonly #deadline = new Deadline(() => this.#expired());
  #dial: Dialling | null = null;
  #line: HttpLine | null = null;
  #isChecking = false;
  /** Of the check that runs; 0: nothing has come. */
  #status = 0;
  #lastPassed = true;
  #inARow = 0;

  constructor(options: LocalHealthOptions) {
    this.#options = options;
    const { localHost: host, localPort: port } = options.tunnel;
    this.#lines = new LocalLines({ host, port }, options.dns, options.refusalOf);
  }

  start(): void {
    this.#check();
  }

  stop(): void {
    this.#isChecking = false;
    wheel.release(this.#deadline);
    this.#drop();
    this.#lines.close();
  }

  #check(): void {
    const { path, timeoutMs } = this.#options.check;
    this.#isChecking = true;
    this.#status = 0;
    wheel.arm(this.#deadline, timeoutMs);
    const failed = (): void => this.#settle(`no server answers on port ${this.#options.tunnel.localPort}`);
    this.#dial =
      path === null
        ? this.#lines.connect({ connected: (connection) => this.#connected(connection), failed })
        : this.#lines.open({ ready: (line) => this.#ask(line, path), failed });
  }

  /** That somebody listens is all that is asked for. */
  #connected(connection: Connection): void {
    connection.destroy('done');
    this.#settle(null);
  }

  #ask(line: HttpLine, path: string): void {
    const { tunnel } = this.#options;
    this.#dial = null;
    this.#line = line;
    line.begin(METHOD.OTHER, this);
    out.reset();
    writeLocalRequest(out, { open: requestOf(tunnel, path), tunnel, own: [['Connection', 'close']] });
    line.flush(out);
    line.requestEnded();
  }

  // -- What the local server says -----------------------------------------------------------------------------------------

  head(head: Head): void {
    this.#status = head.status;
  }

  body(): void {}

  drain(): void {}

  end(): void {
    this.#line = null;
    this.#settle(this.#fault('it does not answer'));
  }

  switched(connection: Connection): void {
    this.#line = null;
    connection.destroy('done');
    this.#settle('it switched to another protocol');
  }

  failed(why: string): void {
    this.#line = null;
    this.#settle(this.#fault(why));
  }

  /** A status counts also where the rest of its answer is late, or never comes. */
  #fault(without: string): string | null {
    if (this.#status === 0) return without;
    return this.#status < FIRST_BAD_STATUS ? null : `${this.#options.check.path} is answered with ${this.#status}`;
  }

  // -- What comes of it ---------------------------------------------------------------------------------------------------

  #expired(): void {
    if (!this.#isChecking) {
      this.#check();
      return;
    }
    this.#drop();
    this.#settle(this.#fault(`it has not answered within ${this.#options.check.timeoutMs} ms`));
  }

  #drop(): void {
    this.#dial?.cancel();
    this.#dial = null;
    this.#line?.abandon();
    this.#line = null;
  }

  #settle(why: string | null): void {
    if (!this.#isChecking) return;
    this.#isChecking = false;
    this.#dial = null;
    wheel.arm(this.#deadline, this.#options.check.intervalMs);
    this.#count(why);
  }

  #count(why: string | null): void {
    const { unhealthyAfter, healthyAfter } = this.#options.check;
    const { state: before } = this.verdict;
    const passed = why === null;
    const state = passed ? 'healthy' : 'unhealthy';
    this.#inARow = passed === this.#lastPassed ? this.#inARow + 1 : 1;
    this.#lastPassed = passed;
    if (this.#inARow < (passed ? healthyAfter : unhealthyAfter)) return;
    this.verdict = { state, why };
    if (state !== before && (before !== 'unknown' || !passed)) this.#options.onChange(this.verdict);
  }
}

function requestOf({ localHost, localPort }: ExposedTunnel, path: string): StreamOpenMessage {
  return {
    type: 'StreamOpen',
    streamId: 0,
    tunnelId: '',
    mode: 'http',
    method: 'GET',
    path,
    headers: [
      ['Host', formatHostPort(localHost, localPort)],
      ['User-Agent', 'sluice-health-check'],
      ['Accept', '*/*'],
    ],
    hasBody: false,
    windowBytes: null,
  };
}
