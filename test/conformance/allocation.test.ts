// What one proxied request costs in memory, on kept connections, through the whole engine and both its parsers: sockets alone
// are made up, and cost nothing. It is measured in a process of its own, for a measured coverage costs memory too. Rule: the
// budget stands a little above what is measured; who makes a request cheaper lowers it, and who makes it dearer says why.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { EventEmitter } from 'node:events';
import type net from 'node:net';
import { test } from 'node:test';
import v8 from 'node:v8';
import { DEFAULT_LIMITS } from '../../src/codec/http1/message-parser.ts';
import { compile } from '../../src/engine/compile.ts';
import { Engine } from '../../src/engine/engine.ts';
import { Traffic } from '../../src/engine/traffic.ts';
import { MetricsRecorder } from '../../src/telemetry/metrics-recorder.ts';
import { Connection, NOBODY } from '../../src/transport/connection.ts';
import { proveRawIo } from '../../src/transport/raw-io.ts';
import { wheel } from '../../src/transport/timers.ts';
import { forwardTo, head, route, TIMEOUTS } from '../support/playbook.ts';

/** Two views of what is written, one for each side, are most of it. */
const BUDGET_BYTES = 260;
const WARM_UP = 50_000;
const REQUESTS = 50_000;

type OnRead = (this: unknown, count: number, buffer: Buffer) => boolean;

/** Reads and writes as the handle of a real socket does, and keeps nothing. */
class CostlessSocket extends EventEmitter {
  remoteAddress = '192.0.2.7';
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

const BROWSER_LINES = [
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
const REQUEST_LINES = { bare: [], browser: BROWSER_LINES };
const ANSWER = Buffer.from(
  `${head('HTTP/1.1 200 OK', 'Server: nginx', 'Date: Sun, 06 Nov 1994 08:49:37 GMT', 'Content-Type: text/plain', 'Content-Length: 2', 'Connection: keep-alive')}hi`,
);

interface Measured {
  readonly bytes: number;
  /** A connection that has carried everything has the shape of one that has carried nothing. */
  readonly keepsShape: boolean;
}

async function measure(lines: readonly string[]): Promise<Measured> {
  const client = new CostlessSocket();
  const upstream = new CostlessSocket();
  const engine = createEngine(upstream);
  const connection = serve(engine, client);
  const request = Buffer.from(head('GET /path HTTP/1.1', 'Host: a.test', ...lines));
  const run = (count: number): void => {
    for (let turn = 0; turn < count; turn++) {
      client.receives(request);
      upstream.receives(ANSWER);
    }
  };
  run(WARM_UP);
  const before = v8.getHeapStatistics().total_allocated_bytes;
  run(REQUESTS);
  const bytes = v8.getHeapStatistics().total_allocated_bytes - before;
  assert.deepEqual([client.writes, upstream.writes], [WARM_UP + REQUESTS, WARM_UP + REQUESTS]);
  const keepsShape = haveSameShape(partsOf(connection), partsOf(serve(engine, new CostlessSocket())));
  engine.close();
  await new Promise(setImmediate);
  assert.equal(wheel.held, 0);
  return { bytes: Math.round(bytes / REQUESTS), keepsShape };
}

function createEngine(upstream: CostlessSocket): Engine {
  const traffic = new Traffic({ door: 'gateway', recorder: new MetricsRecorder(), accessLog: null });
  return new Engine({
    program: compile([[route(forwardTo())]], traffic),
    limits: { request: DEFAULT_LIMITS, response: DEFAULT_LIMITS },
    timeouts: TIMEOUTS,
    traffic,
    dial: (_origin, events) => {
      const connection = new Connection(upstream as unknown as net.Socket, NOBODY);
      events.connected(connection, { dnsMs: 0, connectMs: 0, tlsMs: 0 });
    },
  });
}

function serve(engine: Engine, client: CostlessSocket): Connection {
  const connection = new Connection(client as unknown as net.Socket, NOBODY);
  engine.serveConnection(connection);
  return connection;
}

/** A connection, who handles it, and what that one is made of. */
function partsOf(connection: Connection): object[] {
  const ownObjects = (each: object): object[] =>
    Object.values(each).filter((value) => typeof value === 'object' && value !== null && value !== engineOf(each));
  const engineOf = (each: object): unknown => ('engine' in each ? each.engine : null);
  const { handler } = connection;
  return [connection, handler, ...ownObjects(handler)];
}

/** V8's own answer; needs --allow-natives-syntax. */
function haveSameShape(ones: readonly object[], others: readonly object[]): boolean {
  // oxlint-disable-next-line typescript/no-implied-eval -- there is no other way to spell what only V8 understands.
  const sameMap = new Function('one', 'other', 'return %HaveSameMap(one, other)') as (
    one: object,
    other: object,
  ) => boolean;
  return ones.length === others.length && ones.every((one, index) => sameMap(one, others[index]!));
}

function measureElsewhere(what: string): Measured {
  const env = { ...process.env, NODE_V8_COVERAGE: '' };
  const args = ['--allow-natives-syntax', import.meta.filename, what];
  return JSON.parse(execFileSync(process.execPath, args, { env, encoding: 'utf8' })) as Measured;
}

const asked = process.argv[2];
if (asked !== undefined) {
  assert.equal(await proveRawIo(), true);
  process.stdout.write(JSON.stringify(await measure(REQUEST_LINES[asked as keyof typeof REQUEST_LINES])));
} else {
  for (const what of Object.keys(REQUEST_LINES)) {
    test(`a proxied request with ${what} fields stays within its budget of memory, and changes no shape`, (t) => {
      const { bytes, keepsShape } = measureElsewhere(what);
      t.diagnostic(`${bytes} bytes per request, ${BUDGET_BYTES} are allowed`);
      assert.ok(bytes <= BUDGET_BYTES, `${bytes} bytes per request, ${BUDGET_BYTES} are allowed`);
      assert.equal(keepsShape, true);
    });
  }
}
