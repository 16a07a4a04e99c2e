// A playbook scripts an exchange from both sides, client and upstreams, without a socket and without waiting: what one side
// sends, what the other one must see, how time passes. Rule: each step is complete when it returns, and when a playbook ends,
// everything that was written has been looked at and nothing is left over: no connection, deadline, buffer or exchange.
import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { DEFAULT_LIMITS, type ParserLimits } from '../../src/codec/http1/message-parser.ts';
import type { Timeouts } from '../../src/contract/bounds.ts';
import type { Policy } from '../../src/contract/policy.ts';
import type { ForwardTarget, Origin, OriginDialEvents, ProxyAuth, Target } from '../../src/contract/target.ts';
import { type ErrorCode, SluiceError } from '../../src/core/errors.ts';
import { compile } from '../../src/engine/compile.ts';
import { Engine } from '../../src/engine/engine.ts';
import type { Forwarding } from '../../src/engine/forwarded-lines.ts';
import { headBuffers } from '../../src/engine/head-buffers.ts';
import type { RouteSpec } from '../../src/engine/program.ts';
import type { RouteMatch } from '../../src/engine/router.ts';
import { Traffic } from '../../src/engine/traffic.ts';
import type { AskedTunnel } from '../../src/engine/tunnel-client.ts';
import { AccessLog } from '../../src/telemetry/access-log.ts';
import { RequestTape } from '../../src/telemetry/request-tape.ts';
import type { LogSink } from '../../src/telemetry/log-sink.ts';
import { HISTOGRAM } from '../../src/telemetry/metric-definition.ts';
import { MetricsRecorder } from '../../src/telemetry/metrics-recorder.ts';
import { Connection, NOBODY } from '../../src/transport/connection.ts';
import { wheel } from '../../src/transport/timers.ts';
import { PlaybookSocket } from './playbook-socket.ts';
import { PlaybookTime } from './playbook-time.ts';
import { TIMEOUTS } from './timeouts.ts';

export const EVERYTHING: RouteMatch = { hosts: [], path: '/*', methods: [], fields: [], query: [] };

export { TIMEOUTS };

/** A head from its lines. */
export function head(...lines: readonly string[]): string {
  return `${lines.join('\r\n')}\r\n\r\n`;
}

/** The plainest request. */
export const GET: string = head('GET / HTTP/1.1', 'Host: a.test');

export function origin(changes: Partial<Origin> = {}): Origin {
  return {
    name: 'http://origin.test:80',
    label: changes.name ?? 'http://origin.test:80',
    host: 'origin.test',
    port: 80,
    path: null,
    tls: null,
    hostField: null,
    protocol: 'http1',
    pathPrefix: '',
    maxConnections: 0,
    proxyProtocol: null,
    dialler: null,
    isProxy: false,
    ...changes,
  };
}

export function forwardTo(chosen: Origin = origin()): ForwardTarget {
  return { kind: 'forward', select: () => chosen };
}

export function route(target: Target, policies: readonly Policy[] = [], changes: Partial<RouteSpec> = {}): RouteSpec {
  return { name: 'everything', match: EVERYTHING, policies, target, ...changes };
}

export interface PlaybookOptions {
  /** Without routes everything goes to one origin. */
  readonly routes?: readonly RouteSpec[];
  readonly target?: Target;
  /** The one origin also opens tunnels, each dialled as `tunnel AUTHORITY`; the value is what their servers say at once. */
  readonly tunnelsBeginWith?: string;
  readonly policies?: readonly Policy[];
  readonly limits?: Partial<ParserLimits>;
  readonly responseLimits?: Partial<ParserLimits>;
  readonly timeouts?: Partial<Timeouts>;
  readonly forwarding?: Forwarding;
  /** What a policy or a target has thrown; without this the playbook fails. */
  readonly onFault?: (cause: unknown) => void;
}

interface PendingDial {
  readonly origin: Origin;
  readonly events: OriginDialEvents;
}

class LinesKept implements LogSink {
  text = '';
  readonly dropped = 0;

  write(lines: Uint8Array): boolean {
    this.text += Buffer.from(lines).toString();
    return true;
  }

  flushSync(): void {}
  reopen(): void {}
  drained(): Promise<void> {
    return Promise.resolve();
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

/** A line of the access log; the keys are those of the log. */
export type AccessLine = Readonly<Record<string, string | number>>;

export class Playbook {
  readonly engine: Engine;
  readonly traffic: Traffic;
  readonly recorder: MetricsRecorder = new MetricsRecorder();
  private readonly time = new PlaybookTime();
  private readonly sink = new LinesKept();
  /** What has gone through. */
  readonly tape: RequestTape = new RequestTape();
  private readonly accessLog = new AccessLog({ format: 'json', sink: this.sink });
  private readonly clients: PlaybookSocket[] = [];
  private readonly upstreams: PlaybookSocket[] = [];
  private readonly dials: PendingDial[] = [];
  private readonly faults: unknown[] = [];
  private client: PlaybookSocket | null = null;
  private upstream: PlaybookSocket | null = null;
  /** Buffers that hold the heads of running exchanges. */
  headBuffersTaken = 0;
  private closesLater = false;
  private ended = false;
  private readonly bufferPool = { take: headBuffers.take, give: headBuffers.give };

  constructor(t: TestContext, options: PlaybookOptions = {}) {
    this.time.take();
    this.countBuffers();
    const { recorder, accessLog, tape } = this;
    this.traffic = new Traffic({ door: 'gateway', recorder, accessLog, tape });
    const { tunnelsBeginWith } = options;
    const target = tunnelsBeginWith === undefined ? forwardTo() : this.tunnelling(tunnelsBeginWith);
    const routes = options.routes ?? [route(options.target ?? target, options.policies)];
    this.engine = new Engine({
      program: compile([routes], this.traffic),
      limits: {
        request: { ...DEFAULT_LIMITS, ...options.limits, maxBodyBytes: Number.MAX_SAFE_INTEGER },
        response: { ...DEFAULT_LIMITS, maxBodyBytes: Number.MAX_SAFE_INTEGER, ...options.responseLimits },
        maxBodyBytes: options.limits?.maxBodyBytes ?? DEFAULT_LIMITS.maxBodyBytes,
      },
      timeouts: { ...TIMEOUTS, ...options.timeouts },
      forwarding: options.forwarding ?? 'x_forwarded',
      traffic: this.traffic,
      dial: (to, events) => this.dials.push({ origin: to, events }),
      onFault: options.onFault ?? ((cause) => this.faults.push(cause)),
    });
    t.after(() => this.end());
  }

  private tunnelling(begin: string): ForwardTarget {
    return {
      ...forwardTo(),
      connect: ({ request: { authority } }, tunnel) => {
        const dial: PendingDial = {
          origin: origin({ name: `tunnel ${authority}` }),
          events: {
            connected: (connection) => tunnel.connected(connection, toBuffer(begin)),
            failed: (error) => tunnel.failed(error),
          },
        };
        this.dials.push(dial);
        return { cancel: () => this.dials.splice(this.dials.indexOf(dial), 1) };
      },
    };
  }

  /** Lets all steps in `script` happen before anything is closed: within one turn of the event loop. */
  together(script: () => void): this {
    this.closesLater = true;
    script();
    this.closesLater = false;
    return this.settle();
  }

  // -- The client ----------------------------------------------------------------------------------------------------

  /** Opens another client connection; the steps that follow are about it. */
  clientConnects(): this {
    const socket = new PlaybookSocket();
    this.clients.push(socket);
    this.client = socket;
    this.engine.serve(socket.socket);
    return this.settle();
  }

  /** The steps that follow are about the client that connected as number `index`. */
  onClient(index: number): this {
    this.client = must(this.clients[index], `there is no client ${index}`);
    return this;
  }

  /** On the first use the client connects. */
  downstreamSends(...portions: readonly (string | Buffer)[]): this {
    if (this.client === null) this.clientConnects();
    for (const portion of portions) this.currentClient.sends(toBuffer(portion));
    return this.settle();
  }

  /** A client asks for a tunnel in another protocol than HTTP; `early` is what it has sent behind its request. */
  clientAsks(asked: AskedTunnel, early = ''): this {
    const socket = new PlaybookSocket();
    this.clients.push(socket);
    this.client = socket;
    this.engine.serveTunnel(new Connection(socket.socket, NOBODY), asked, toBuffer(early));
    return this.settle();
  }

  /** The client has sent all that it will send. */
  clientEnds(): this {
    this.currentClient.ends();
    return this.settle();
  }

  /** The client is gone. */
  clientCloses(): this {
    this.currentClient.resets();
    return this.settle();
  }

  clientStopsReading(): this {
    this.currentClient.stopsReading();
    return this;
  }

  clientReads(): this {
    this.currentClient.reads();
    return this.settle();
  }

  /** Exactly what the client has got since the last look; `Date` values read `<date>`. */
  expectDownstream(expected: string | RegExp): this {
    return this.compare(this.takeDownstream(), expected, 'the client got');
  }

  takeDownstream(): string {
    return this.readable(this.currentClient.take());
  }

  expectNothingDownstream(): this {
    return this.expectDownstream('');
  }

  /** One of our own answers to a failed request. */
  expectError(status: number, code: ErrorCode): this {
    const text = this.takeDownstream();
    const shown = must(
      /^HTTP\/1\.1 (\d+) [\s\S]*?\r\nProxy-Status: <us>; error=(\w+); details="<id>"\r\n/.exec(text),
      text,
    );
    assert.deepEqual([Number(shown[1]), shown[2]], [status, code], text);
    const body: unknown = JSON.parse(text.slice(text.indexOf('\r\n\r\n') + 4));
    assert.equal((body as { error: { code: string } }).error.code, code);
    return this;
  }

  /** How the program has ended the client's connection, or that it has not. */
  expectClientConnection(state: 'open' | 'ended' | 'destroyed' | 'reset' | 'closed'): this {
    return this.compare(stateOf(this.currentClient), state, 'the connection of the client is');
  }

  get clientIsPaused(): boolean {
    return this.currentClient.isPaused;
  }

  // -- Upstreams -----------------------------------------------------------------------------------------------------

  /** The program dials that origin, and the connection is made; the steps that follow are about it. */
  expectDial(name: string = origin().name): this {
    return this.expectDialBegins(name).upstreamAccepts();
  }

  /** The program dials that origin, and waits. */
  expectDialBegins(name: string = origin().name): this {
    assert.equal(this.dials.length > 0 ? this.dials.at(-1)?.origin.name : 'nothing was dialled', name);
    return this;
  }

  /** `auth` are the credentials that a proxy may ask for. */
  upstreamAccepts(auth: ProxyAuth | null = null): this {
    const dial = must(this.dials.shift(), 'nothing was dialled');
    const socket = new PlaybookSocket();
    this.upstreams.push(socket);
    this.upstream = socket;
    dial.events.connected(new Connection(socket.socket, NOBODY), { dnsMs: 1, connectMs: 2, tlsMs: 0 }, auth);
    return this.settle();
  }

  upstreamRefuses(code: ErrorCode = 'upstream_unreachable'): this {
    must(this.dials.shift(), 'nothing was dialled').events.failed(new SluiceError(code));
    return this.settle();
  }

  expectNoDial(): this {
    assert.equal(this.dials.length, 0, 'a connection was dialled');
    return this;
  }

  /** The steps that follow are about the upstream connection that was made as number `index`. */
  onUpstream(index: number): this {
    this.upstream = must(this.upstreams[index], `there is no upstream connection ${index}`);
    return this;
  }

  /** Exactly what the upstream has got since the last look; our own lines read `<forwarding>`, unless asked for. */
  expectUpstream(expected: string | RegExp): this {
    return this.compare(this.takeUpstream().replace(FORWARDING, '<forwarding>\r\n'), expected, 'the upstream got');
  }

  expectNothingUpstream(): this {
    return this.expectUpstream('');
  }

  takeUpstream(): string {
    return this.readable(this.currentUpstream.take());
  }

  upstreamSends(...portions: readonly (string | Buffer)[]): this {
    for (const portion of portions) this.currentUpstream.sends(toBuffer(portion));
    return this.settle();
  }

  upstreamCloses(how: 'end' | 'reset' = 'end'): this {
    if (how === 'end') this.currentUpstream.ends();
    else this.currentUpstream.resets();
    return this.settle();
  }

  upstreamStopsReading(): this {
    this.currentUpstream.stopsReading();
    return this;
  }

  upstreamReads(): this {
    this.currentUpstream.reads();
    return this.settle();
  }

  expectUpstreamConnection(state: 'open' | 'ended' | 'destroyed' | 'reset' | 'closed'): this {
    return this.compare(stateOf(this.currentUpstream), state, 'the connection of the upstream is');
  }

  get upstreamIsPaused(): boolean {
    return this.currentUpstream.isPaused;
  }

  // -- Time, logs and numbers ----------------------------------------------------------------------------------------

  passes(ms: number): this {
    this.time.pass(ms, () => this.settle());
    return this;
  }

  /** Lets promises that are settled go on, and what follows from them. */
  async promises(): Promise<this> {
    for (let turn = 0; turn < 3; turn++) {
      await new Promise(setImmediate);
      this.settle();
    }
    return this;
  }

  /** The lines of the access log so far. */
  accessLines(): AccessLine[] {
    this.accessLog.flush();
    return this.sink.text
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as AccessLine);
  }

  /** The sum of all series of that name whose labels include those given. */
  metric(name: string, labels: Readonly<Record<string, string>> = {}): number {
    return this.recorder.definitions
      .filter((each) => each.name === name)
      .filter((each) => Object.entries(labels).every(([label, value]) => each.labels[label] === value))
      .reduce((sum, each) => sum + (this.recorder.slots[each.slot] ?? 0), 0);
  }

  /** Of all series of that name, in the unit of the metric. */
  histogramSum(name: string): number {
    return this.recorder.definitions
      .filter((each) => each.name === name)
      .reduce((sum, each) => sum + (this.recorder.slots[each.slot + HISTOGRAM.SUM] ?? 0), 0);
  }

  // -- The end -------------------------------------------------------------------------------------------------------

  /** Ends everything and sees that nothing is left; comes by itself at the end of the test. */
  end(): void {
    if (this.ended) return;
    this.ended = true;
    const unread = this.unread();
    this.engine.close();
    for (const { events } of this.dials.splice(0)) events.failed(new SluiceError('upstream_unreachable'));
    this.settle();
    const left = this.left();
    headBuffers.take = this.bufferPool.take;
    headBuffers.give = this.bufferPool.give;
    void this.accessLog.close();
    this.time.giveBack();
    assert.deepEqual(this.faults, [], 'nobody expected these faults');
    assert.deepEqual(unread, [], 'nobody looked at these');
    assert.deepEqual(left, {}, 'this is left over');
  }

  private unread(): string[] {
    const named = (side: string, sockets: readonly PlaybookSocket[]): string[] =>
      sockets
        .map((each, index) => `${side} ${index} got ${this.readable(each.take())}`)
        .filter((text) => !text.endsWith(' got '));
    return [
      ...named('client', this.clients),
      ...named('upstream', this.upstreams),
      ...this.dials.map((dial) => `${dial.origin.name} was dialled`),
    ];
  }

  /** What should be none, if it is not. */
  private left(): Readonly<Record<string, number>> {
    const counts = {
      clients: this.engine.clientConnections,
      upstreams: this.upstreams.filter((each) => each.closedBy === null).length,
      upstreamsInPools: this.engine.upstreamConnections,
      running: this.traffic.requestsInFlight,
      runningOnProgram: this.engine.program.running,
      deadlines: wheel.held,
      headBuffers: this.headBuffersTaken,
      openInMetrics: this.metric('sluice_connections_open'),
      runningInMetrics: this.metric('sluice_http_requests_in_flight'),
    };
    return Object.fromEntries(Object.entries(counts).filter(([, count]) => count !== 0));
  }

  private countBuffers(): void {
    headBuffers.take = () => {
      this.headBuffersTaken++;
      return this.bufferPool.take.call(headBuffers);
    };
    headBuffers.give = (buffer) => {
      this.headBuffersTaken--;
      this.bufferPool.give.call(headBuffers, buffer);
    };
  }

  /** Lets every socket do what it has to, until nothing moves any more. */
  private settle(): this {
    let moved = true;
    while (moved) {
      moved = false;
      for (const each of [...this.clients, ...this.upstreams]) moved = each.step(this.closesLater) || moved;
    }
    return this;
  }

  private get currentClient(): PlaybookSocket {
    return must(this.client, 'no client has connected');
  }

  private get currentUpstream(): PlaybookSocket {
    return must(this.upstream, 'no upstream connection was made');
  }

  private compare(actual: string, expected: string | RegExp, message: string): this {
    if (typeof expected === 'string') assert.equal(actual, expected, `${message}:\n${actual}\nwanted:\n${expected}`);
    else assert.match(actual, expected);
    return this;
  }

  /** With everything that differs from run to run under a name. */
  private readable(bytes: Buffer): string {
    return bytes
      .toString('latin1')
      .replaceAll(this.engine.pseudonym, '<us>')
      .replaceAll(/(?<=^|\r\n)Date: \w{3}, \d{2} \w{3} \d{4} \d\d:\d\d:\d\d GMT/g, 'Date: <date>')
      .replaceAll(/(?<=X-Request-Id: |details="|"request_id":")[0-9a-f]{16}/g, '<id>')
      .replaceAll(/(?<=traceparent: )00-[0-9a-f]{32}-[0-9a-f]{16}-00/g, '<trace>');
  }
}

const FORWARDING =
  /X-Forwarded-For: 192\.0\.2\.7\r\nX-Forwarded-Proto: http\r\nVia: 1\.1 <us>\r\n(?:X-Forwarded-Host: [^\r]*\r\n)?X-Request-Id: <id>\r\n(?:traceparent: <trace>\r\n)?/g;

const STATES = { destroy: 'destroyed', reset: 'reset', 'both-ends': 'closed', peer: 'closed' } as const;

function stateOf({ closedBy, ended }: PlaybookSocket): string {
  if (closedBy !== null) return STATES[closedBy];
  return ended ? 'ended' : 'open';
}

function toBuffer(text: string | Buffer): Buffer {
  return typeof text === 'string' ? Buffer.from(text, 'latin1') : text;
}

function must<T>(value: T | null | undefined, message: string): T {
  assert.ok(value !== null && value !== undefined, message);
  return value;
}
