// A request of our own beside an exchange: an exchange like any other, whose client is whoever asked for it. Rule: it is carried
// as requests of clients are (pools, retries, time-outs), but it is none of them: no route, no policy, no line in the access log.
import { Buffer } from 'node:buffer';
import { RequestParser } from '../codec/http1/parser.ts';
import type { ProxiedEnds } from '../codec/proxy-protocol/proxy-header.ts';
import type { Aside, AsideEvents, AsideRequest } from '../contract/aside.ts';
import type { Bounds } from '../contract/bounds.ts';
import type { ForwardTarget } from '../contract/target.ts';
import { SluiceError } from '../core/errors.ts';
import type { Connection } from '../transport/connection.ts';
import { HttpExchange } from './exchange.ts';
import { requestHeadOf } from './http2-head.ts';
import { Http2HeadReader } from './http2-head-reader.ts';
import type { Route } from './program.ts';
import type { Responder } from './responder.ts';

/** Of the connection or of the framing: not the business of who asks. */
const LEFT_OUT: ReadonlySet<string> = new Set([
  'connection',
  'content-length',
  'expect',
  'host',
  'keep-alive',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/** What is asked, of whom, and who wants to know. */
export interface AskedAside {
  /** The target itself, or a route with its policies. */
  readonly to: ForwardTarget | Route;
  readonly request: AsideRequest;
  readonly events: AsideEvents;
}

export class AsideClient implements Aside, Responder {
  readonly entrance: string;
  readonly address: string;
  readonly port: number;
  readonly localPort: number;
  readonly secure: boolean;
  readonly serverName: string;
  readonly ends: ProxiedEnds | null;
  readonly forwardedLines: Buffer;
  /** Whoever asked takes all that comes. */
  readonly congested = false;
  private readonly exchange: HttpExchange;
  private readonly reader: Http2HeadReader;
  private events: AsideEvents | null;
  private held: boolean;
  private kept: Buffer[] = [];
  private bodyEnded = false;

  constructor(parent: HttpExchange, events: AsideEvents) {
    const { engine, responder } = parent;
    this.entrance = responder.entrance;
    this.address = responder.address;
    this.port = responder.port;
    this.localPort = responder.localPort;
    this.secure = responder.secure;
    this.serverName = responder.serverName;
    this.ends = responder.ends;
    this.forwardedLines = responder.forwardedLines;
    this.events = events;
    this.held = true;
    // What the client was allowed to send may be sent on, with what we add to it.
    this.reader = new Http2HeadReader((sink) => new RequestParser(engine.limits.response, sink));
    this.exchange = new HttpExchange(engine, this, this.reader.parser.head, false);
    const { trace } = parent.attempts;
    if (trace !== null) this.exchange.attempts.traceBeside = () => trace.beside(this.exchange);
  }

  start(parent: HttpExchange, { to, request }: AskedAside): void {
    const head = requestHeadOf(fieldList(request), request.bodyLength !== null);
    const fault = typeof head === 'string' ? new SluiceError('internal', { message: head }) : this.reader.read(head);
    if (fault !== null || request.method === 'CONNECT') {
      parent.engine.asideOver(this);
      this.take()?.failed(fault ?? new SluiceError('method_not_allowed'));
      return;
    }
    const timeouts = { ...parent.engine.timeouts, totalMs: request.timeoutMs };
    const bounds: Bounds = { bodyBytes: Number.MAX_SAFE_INTEGER, timeouts };
    this.exchange.beginAside('kind' in to ? routeTo(to, bounds) : { ...to, bounds }, parent);
    parent.engine.outbound.flushSoon();
  }

  // -- What whoever asked does -------------------------------------------------------------------------------------

  write(bytes: Uint8Array, from: number, to: number): boolean {
    if (this.exchange.over) return true;
    if (this.held) this.kept.push(Buffer.from(bytes.subarray(from, to)));
    else {
      this.exchange.onRequestBody(bytes, from, to);
      this.exchange.engine.outbound.flushSoon();
    }
    return !this.held;
  }

  end(): void {
    this.bodyEnded = true;
    if (!this.held) this.passEnd();
  }

  cancel(): void {
    this.take();
    this.exchange.onClientGone();
    this.exchange.engine.outbound.flushSoon();
  }

  private passEnd(): void {
    this.exchange.onRequestEnd(null);
    this.exchange.engine.outbound.flushSoon();
  }

  // -- What the exchange asks --------------------------------------------------------------------------------------

  writeHead(): void {
    const { response, errorCode } = this.exchange;
    // What we would say to a client is for whoever asked to say.
    if (errorCode !== null) this.take()?.failed(new SluiceError(errorCode));
    else this.events?.head(response.status, response.fields);
  }

  writeBody(bytes: Buffer, from: number, to: number): void {
    this.events?.body(bytes, from, to);
  }

  lendBody(bytes: Buffer, from: number, to: number): void {
    this.writeBody(bytes, from, to);
  }

  writeEnd(): void {
    this.take()?.end();
  }

  abort(): void {
    this.take()?.failed(new SluiceError(this.exchange.errorCode ?? 'internal'));
  }

  exchangeOver(): void {
    this.kept = [];
    this.take();
    this.exchange.engine.asideOver(this);
  }

  pauseRequest(): void {
    this.held = true;
  }

  resumeRequest(): void {
    this.held = false;
    while (!this.held && this.kept.length > 0) {
      const part = this.kept.shift()!;
      this.exchange.onRequestBody(part, 0, part.length);
    }
    if (this.held || this.exchange.over) return;
    if (this.bodyEnded) this.passEnd();
    else this.events?.drain?.();
  }

  writeInterim(): void {}

  awaitDrain(): void {}

  writeSwitch(): void {}

  writeOwnSwitch(): void {}

  giveOver(): null {
    return null;
  }

  join(upstream: Connection): void {
    upstream.destroy('done');
  }

  /** Whoever asked, who hears of nothing after this. */
  private take(): AsideEvents | null {
    const { events } = this;
    this.events = null;
    return events;
  }
}

function routeTo(target: ForwardTarget, bounds: Bounds): Route {
  return {
    name: '',
    match: { hosts: [], path: '/*', methods: [], fields: [], query: [] },
    target,
    bounds,
    request: [],
    requestBody: [],
    upstream: [],
    response: [],
    responseBody: [],
    tunnel: [],
    upgraded: [],
    done: [],
    outlivesClient: [],
    outer: { response: [], responseBody: [] },
    inner: null,
    errorShape: null,
    metrics: null,
  };
}

function fieldList({ method, target, authority, fields, bodyLength }: AsideRequest): string[] {
  const list = [':method', method, ':scheme', 'http', ':authority', authority, ':path', target];
  if (bodyLength !== null && bodyLength >= 0) list.push('content-length', String(bodyLength));
  for (const [name, value] of fields) {
    const lower = name.toLowerCase();
    if (!LEFT_OUT.has(lower)) list.push(lower === 'cookie' ? lower : name, value);
  }
  return list;
}
