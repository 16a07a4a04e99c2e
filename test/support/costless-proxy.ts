// The whole engine and both its parsers between two sockets that cost nothing: what a request takes without its system calls.
// Rule: the sockets keep nothing and allocate nothing, so that whatever is measured is the engine's.
import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import type net from 'node:net';
import { DEFAULT_LIMITS } from '../../src/codec/http1/message-parser.ts';
import type { Policy } from '../../src/contract/policy.ts';
import { compile } from '../../src/engine/compile.ts';
import { Engine } from '../../src/engine/engine.ts';
import { Traffic } from '../../src/engine/traffic.ts';
import { MetricsRecorder } from '../../src/telemetry/metrics-recorder.ts';
import { Connection, NOBODY } from '../../src/transport/connection.ts';
import { forwardTo, head, route, TIMEOUTS } from './playbook.ts';

type OnRead = (this: unknown, count: number, buffer: Buffer) => boolean;

/** Reads and writes as the handle of a real socket does, and keeps nothing. */
export class CostlessSocket extends EventEmitter {
  remoteAddress: string;
  remotePort = 40_000;
  writableLength = 0;
  writes = 0;
  private shared: Buffer = Buffer.alloc(0);
  readonly _handle = {
    reading: true,
    useUserBuffer: (buffer: Buffer): void => {
      this.shared = buffer;
    },
    writeBuffer: (): number => {
      this.writes++;
      return 0;
    },
  };
  private onRead: OnRead | null = null;

  constructor(address: string = '192.0.2.7') {
    super();
    this.remoteAddress = address;
  }

  pause(): void {}
  resume(): void {}
  destroy(): void {
    process.nextTick(() => this.emit('close'));
  }

  resetAndDestroy(): void {
    this.destroy();
  }

  receives(bytes: Buffer): void {
    this.onRead ??= this.findOnRead();
    bytes.copy(this.shared, 0);
    Reflect.apply(this.onRead, this, [bytes.length, this.shared]);
  }

  private findOnRead(): OnRead {
    const key = Object.getOwnPropertySymbols(this).find(({ description }) => description === 'kBufferCb');
    assert.ok(key !== undefined, 'the engine does not read into its shared buffer');
    return (this as unknown as Record<symbol, OnRead>)[key]!;
  }
}

/** What Chrome sends. */
export const BROWSER_LINES: readonly string[] = [
  'Connection: keep-alive',
  'sec-ch-ua: "Chromium";v="140", "Not=A?Brand";v="24"',
  'sec-ch-ua-mobile: ?0',
  'sec-ch-ua-platform: "Linux"',
  'Upgrade-Insecure-Requests: 1',
  'User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36',
  'Accept: text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8',
  'Sec-Fetch-Site: none',
  'Sec-Fetch-Mode: navigate',
  'Accept-Encoding: gzip, deflate, br, zstd',
  'Accept-Language: en-GB,en;q=0.9',
  'Cookie: session=0123456789abcdef0123456789abcdef; theme=dark',
];
const ANSWER = answerOf();
const MOST_READ = 65_536;
const COUNT_DIGITS = 9;
const ZERO = 48;

/** What a server answers with. */
export function answerOf(lines: readonly string[] = [], body = 'hi'): Buffer {
  const own = ['Server: nginx', `Date: ${new Date().toUTCString()}`, 'Content-Type: text/plain'];
  const framing = [`Content-Length: ${body.length}`, 'Connection: keep-alive'];
  return Buffer.from(head('HTTP/1.1 200 OK', ...own, ...framing, ...lines) + body);
}

/** One client and one server, each on a connection that is kept. */
export class CostlessProxy {
  readonly engine: Engine;
  readonly connection: Connection;
  readonly client: CostlessSocket;
  readonly upstream: CostlessSocket = new CostlessSocket();
  readonly #request: Buffer;
  readonly #counting: Buffer;
  readonly #countAt: number;
  #count = 0;

  constructor(lines: readonly string[], policies: readonly Policy[] = [], clientAddress?: string) {
    this.client = new CostlessSocket(clientAddress);
    this.engine = createEngine(this.upstream, policies);
    this.connection = serve(this.engine, this.client);
    this.#request = Buffer.from(head('GET /path HTTP/1.1', 'Host: a.test', ...lines));
    const zeros = '0'.repeat(COUNT_DIGITS);
    this.#counting = Buffer.from(head(`GET /path?${zeros} HTTP/1.1`, 'Host: a.test', ...lines));
    this.#countAt = this.#counting.indexOf(zeros);
  }

  run(requests: number): void {
    for (let turn = 0; turn < requests; turn++) {
      this.client.receives(this.#request);
      this.upstream.receives(ANSWER);
    }
  }

  /** The same, and each request asks for a path of its own. */
  runEachNew(requests: number, answer: Buffer): void {
    for (let turn = 0; turn < requests; turn++) {
      this.client.receives(this.#nextRequest());
      this.upstream.receives(answer);
    }
  }

  /** For what is answered without a server. */
  runAlone(requests: number): void {
    for (let turn = 0; turn < requests; turn++) this.client.receives(this.#request);
  }

  /** One request, and its answer in as many reads as it takes. */
  fetch(answer: Buffer): void {
    this.client.receives(this.#request);
    for (let from = 0; from < answer.length; from += MOST_READ) {
      this.upstream.receives(answer.subarray(from, from + MOST_READ));
    }
  }

  #nextRequest(): Buffer {
    let rest = this.#count++;
    for (let at = this.#countAt + COUNT_DIGITS - 1; at >= this.#countAt; at--) {
      this.#counting[at] = ZERO + (rest % 10);
      rest = Math.floor(rest / 10);
    }
    return this.#counting;
  }
}

function createEngine(upstream: CostlessSocket, policies: readonly Policy[]): Engine {
  const traffic = new Traffic({ door: 'gateway', recorder: new MetricsRecorder(), accessLog: null });
  return new Engine({
    program: compile([[route(forwardTo(), policies)]], traffic),
    limits: { request: DEFAULT_LIMITS, response: DEFAULT_LIMITS, maxBodyBytes: DEFAULT_LIMITS.maxBodyBytes },
    timeouts: TIMEOUTS,
    traffic,
    dial: (_origin, events) => {
      const connection = new Connection(upstream as unknown as net.Socket, NOBODY);
      events.connected(connection, { dnsMs: 0, connectMs: 0, tlsMs: 0 });
    },
  });
}

export function serve(engine: Engine, client: CostlessSocket): Connection {
  const connection = new Connection(client as unknown as net.Socket, NOBODY);
  engine.serveConnection(connection);
  return connection;
}
