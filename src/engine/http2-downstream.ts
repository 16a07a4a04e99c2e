// One stream of a client that speaks HTTP/2, with its exchange. Rule: what is wrong with a request is a matter of its stream
// alone; the other streams of the connection go on.
import { FRAMING, type Head } from '../codec/http1/head.ts';
import type { ProxiedEnds } from '../codec/proxy-protocol/proxy-header.ts';
import { RequestParser } from '../codec/http1/parser.ts';
import { SluiceError } from '../core/errors.ts';
import type { Connection } from '../transport/connection.ts';
import { HTTP2_CODE } from '../codec/http2/frames.ts';
import type { Http2ServerStream } from '../transport/http2-server-stream.ts';
import type { FlatFields, Http2StreamHandler } from '../transport/http2-stream.ts';
import { Deadline, wheel } from '../transport/timers.ts';
import { HttpExchange } from './exchange.ts';
import type { Http2Client } from './http2-client.ts';
import { appendFields, appendKept, requestHeadOf, trailerList } from './http2-head.ts';
import { Http2HeadReader } from './http2-head-reader.ts';
import type { Responder } from './responder.ts';

export class Http2Downstream implements Http2StreamHandler, Responder {
  private readonly client: Http2Client;
  private readonly reader: Http2HeadReader;
  private readonly exchange: HttpExchange;
  private readonly deadline = new Deadline(() => this.expired());
  private stream: Http2ServerStream | null = null;
  private hasBody = false;

  constructor(client: Http2Client) {
    this.client = client;
    this.reader = new Http2HeadReader((sink) => new RequestParser(client.engine.limits.request, sink));
    this.exchange = new HttpExchange(client.engine, this, this.reader.parser.head, true);
  }

  start(stream: Http2ServerStream): void {
    this.stream = stream;
    stream.handler = this;
    const head = requestHeadOf(stream.fields, stream.hasBody);
    const fault = typeof head === 'string' ? null : this.reader.read(head);
    if (typeof head === 'string') {
      this.reader.forget();
      this.exchange.beginUnreadable('request_invalid', head);
    } else if (fault !== null) this.exchange.beginUnreadable(fault.code, fault.message);
    else this.begin();
    this.client.engine.outbound.flush();
  }

  private begin(): void {
    const { exchange } = this;
    exchange.begin();
    if (exchange.over || exchange.requestEnded) return;
    if (exchange.requestWaits) this.pauseRequest();
    else wheel.arm(this.deadline, this.client.engine.timeouts.readMs);
  }

  // -- What the stream says ----------------------------------------------------------------------------------------

  onData(bytes: Buffer, from: number, to: number): void {
    const { exchange, client } = this;
    if (!exchange.over) wheel.arm(this.deadline, client.engine.timeouts.readMs);
    exchange.onRequestBody(bytes, from, to);
    client.engine.outbound.flush();
  }

  onEnd(trailers: FlatFields | null): void {
    wheel.disarm(this.deadline);
    const isOpenEnded = this.exchange.request.head.framing === FRAMING.CHUNKED;
    this.exchange.onRequestEnd(isOpenEnded ? this.reader.readTrailers(trailers) : null);
    this.client.engine.outbound.flush();
  }

  onDrain(): void {
    this.exchange.onClientDrain();
    this.client.engine.outbound.flush();
  }

  onClose(): void {
    wheel.release(this.deadline);
    this.exchange.onClientGone();
    this.stream = null;
    if (this.exchange.over) this.client.finished(this);
    this.client.engine.outbound.flush();
  }

  private expired(): void {
    this.exchange.onRequestError('request_timeout', 'the request did not arrive in time');
    this.client.engine.outbound.flush();
  }

  // -- What the exchange asks --------------------------------------------------------------------------------------

  get address(): string {
    return this.client.connection.remoteAddress;
  }

  get port(): number {
    return this.client.connection.remotePort;
  }

  get localPort(): number {
    return this.client.ends?.destinationPort ?? 0;
  }

  get entrance(): string {
    return this.client.entrance;
  }

  get ends(): ProxiedEnds | null {
    return this.client.ends;
  }

  get secure(): boolean {
    return this.client.connection.secure;
  }

  get serverName(): string {
    return this.client.connection.serverName;
  }

  get forwardedLines(): Buffer {
    return this.client.forwardedLines;
  }

  get congested(): boolean {
    return this.stream !== null && this.stream.congested;
  }

  writeHead(): void {
    const { response } = this.exchange;
    const list = [':status', String(response.status)];
    appendFields(list, response.fields);
    if (!response.fields.has('date')) list.push('date', wheel.httpDate());
    this.hasBody = response.hasBody && response.bodyLength !== 0;
    // Whether trailers will follow is not known before they do; only a body of known length has none.
    const body = !this.hasBody ? 'none' : response.bodyLength > 0 ? 'body' : 'body-and-trailers';
    if (this.stream?.respond(list, body) !== false) return;
    this.exchange.giveUp(new SluiceError('upstream_invalid', { message: 'the answer cannot be sent as HTTP/2' }));
  }

  writeInterim(head: Head): void {
    const list = [':status', String(head.status)];
    appendKept(list, head);
    this.stream?.inform(list);
  }

  writeBody(bytes: Buffer, from: number, to: number): void {
    this.stream?.write(bytes, from, to);
  }

  lendBody(bytes: Buffer, from: number, to: number): void {
    this.stream?.lend(bytes, from, to);
  }

  /** The stream itself gives up on a reader that takes nothing. */
  awaitDrain(): void {}

  writeEnd(trailers: Head | null): void {
    if (this.hasBody) this.stream?.end(trailerList(trailers));
  }

  abort(): void {
    this.stream?.reset(HTTP2_CODE.INTERNAL_ERROR);
  }

  pauseRequest(): void {
    wheel.disarm(this.deadline);
    this.stream?.pause();
  }

  resumeRequest(): void {
    if (this.exchange.requestEnded) return;
    wheel.arm(this.deadline, this.client.engine.timeouts.readMs);
    this.stream?.resume();
  }

  /** HTTP/2 has no such thing, and asks for it nowhere. */
  writeSwitch(): void {}

  writeOwnSwitch(): void {}

  giveOver(): null {
    return null;
  }

  join(upstream: Connection): void {
    upstream.destroy('done');
  }

  exchangeOver(): void {
    wheel.disarm(this.deadline);
    if (this.exchange.isAlone) this.client.finished(this);
    // The answer is complete; what the client would still send is of no use (RFC 9113, 8.1).
    if (!this.exchange.requestEnded) this.stream?.reset(HTTP2_CODE.NO_ERROR);
  }
}
