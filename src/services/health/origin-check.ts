// An active check of one server: a path is fetched from it on a connection of its own, as it is spoken to otherwise. Rule: what
// it answers beside the status is not looked at, and whatever goes wrong is laid to the server, unless it is a proxy on the way.
import { Buffer } from 'node:buffer';
import { METHOD, type Head } from '../../codec/http1/head.ts';
import { DEFAULT_LIMITS } from '../../codec/http1/message-parser.ts';
import { type MessageSink, ResponseParser } from '../../codec/http1/parser.ts';
import { formatProxyHeaderV1, formatProxyHeaderV2 } from '../../codec/proxy-protocol/proxy-header.ts';
import type { Origin, OriginDialEvents } from '../../contract/target.ts';
import { formatHostPort } from '../../core/address.ts';
import { ERROR_CATALOGUE, type ErrorCode } from '../../core/errors.ts';
import { type Connection, type ConnectionHandler, NOBODY } from '../../transport/connection.ts';
import { Http2ClientConnection, type Http2RequestHandler } from '../../transport/http2-client.ts';
import type { FlatFields } from '../../transport/http2-stream.ts';
import type { CheckResult } from '../balance/member.ts';

export type DialOrigin = (origin: Origin, events: OriginDialEvents, proxyHeader: Buffer | null) => void;

export interface OriginCheckOptions {
  readonly dial: DialOrigin;
  readonly path: string;
  readonly passes: (status: number) => boolean;
}

/** What is fetched and from whom; the signal ends it without a result that counts. Null: it was not got through to. */
export function checkOrigin(
  origin: Origin,
  options: OriginCheckOptions,
  signal: AbortSignal,
): Promise<CheckResult | null> {
  return new Promise((resolve) => new OriginCheck(origin, options, resolve).start(signal));
}

const AGENT = 'Sluice';
const STALL_TIMEOUT_MS = 10_000;

class OriginCheck implements ConnectionHandler, MessageSink, Http2RequestHandler {
  readonly #origin: Origin;
  readonly #options: OriginCheckOptions;
  readonly #done: (result: CheckResult | null) => void;
  readonly #parser: ResponseParser;
  #connection: Connection | null = null;
  #session: Http2ClientConnection | null = null;
  #askedAtMs = 0;
  #isOver = false;

  constructor(origin: Origin, options: OriginCheckOptions, done: (result: CheckResult | null) => void) {
    this.#origin = origin;
    this.#options = options;
    this.#done = done;
    this.#parser = new ResponseParser(DEFAULT_LIMITS, this);
    this.#parser.expect(METHOD.GET);
  }

  start(signal: AbortSignal): void {
    signal.addEventListener('abort', () => this.#fail('upstream_timeout'), { once: true });
    const events: OriginDialEvents = {
      connected: (connection) => this.#connected(connection),
      failed: ({ code }) => this.#fail(code),
    };
    this.#options.dial(this.#origin, events, proxyHeaderOf(this.#origin));
  }

  #connected(connection: Connection): void {
    if (this.#isOver) connection.destroy('done');
    else if (this.#origin.protocol === 'http2') this.#openSession(connection);
    else this.#ask(connection);
  }

  #ask(connection: Connection): void {
    const { authority, path } = this.#goal();
    const lines = [`GET ${path} HTTP/1.1`, `Host: ${authority}`, `User-Agent: ${AGENT}`, 'Accept: */*'];
    const request = Buffer.from(`${lines.join('\r\n')}\r\nConnection: close\r\n\r\n`, 'latin1');
    this.#connection = connection;
    this.#askedAtMs = performance.now();
    connection.handler = this;
    connection.write(request, 0, request.length);
    connection.resume();
  }

  #openSession(connection: Connection): void {
    const { maxHeadBytes, maxFields } = DEFAULT_LIMITS;
    const session: Http2ClientConnection = new Http2ClientConnection(
      connection.release(),
      { maxHeadBytes, maxFields, stallTimeoutMs: STALL_TIMEOUT_MS },
      { onCapacity: () => this.#askBy(session), onClose: () => this.#fail('upstream_reset') },
    );
    this.#session = session;
  }

  /** The server has said how many requests it takes, which also shows that it speaks HTTP/2. */
  #askBy(session: Http2ClientConnection): void {
    if (this.#isOver || this.#askedAtMs > 0) return;
    this.#askedAtMs = performance.now();
    const { authority, path } = this.#goal();
    const scheme = this.#origin.tls === null ? 'http' : 'https';
    const pseudo = [':method', 'GET', ':scheme', scheme, ':authority', authority, ':path', path];
    const stream = session.request([...pseudo, 'user-agent', AGENT, 'accept', '*/*'], 'none', this);
    if (stream === null) this.#fail('upstream_invalid');
  }

  #goal(): { readonly authority: string; readonly path: string } {
    const { host, port, tls, hostField } = this.#origin;
    const isUsual = port === (tls === null ? 80 : 443);
    const named = isUsual && !host.includes(':') ? host : formatHostPort(host, port);
    return { authority: hostField ?? named, path: this.#options.path };
  }

  // What a connection says, or a stream.

  onData(bytes: Buffer, from: number, to: number): void {
    if (!this.#isOver && this.#connection !== null) this.#parser.feed(bytes, from, to);
  }

  onHalfClose(): void {
    this.#fail('upstream_reset');
  }

  onDrain(): void {}

  onClose(): void {
    this.#fail('upstream_reset');
  }

  onInterim(): void {}

  onBody(): void {}

  onEnd(): void {}

  onError(code: ErrorCode): void {
    this.#fail(code);
  }

  /** In HTTP/2 it comes as fields, the status first. */
  onHead(head: Head | FlatFields): void {
    if (!('status' in head)) this.#judge(Number(head[1]));
    else if (!this.#parser.interim) this.#judge(head.status);
  }

  #judge(status: number): void {
    if (this.#options.passes(status)) this.#finish({ passed: true, latencyMs: performance.now() - this.#askedAtMs });
    else this.#fail('upstream_unavailable');
  }

  #fail(reason: ErrorCode): void {
    const isOnTheWay = ERROR_CATALOGUE[reason].side === 'hop';
    this.#finish(isOnTheWay ? null : { passed: false, reason });
  }

  #finish(result: CheckResult | null): void {
    if (this.#isOver) return;
    this.#isOver = true;
    if (this.#connection !== null) {
      this.#connection.handler = NOBODY;
      this.#connection.destroy('done');
    }
    this.#session?.destroy('done');
    this.#done(result);
  }
}

/** Nobody's connection but ours. */
function proxyHeaderOf({ proxyProtocol }: Origin): Buffer | null {
  if (proxyProtocol === null) return null;
  return proxyProtocol === 1 ? formatProxyHeaderV1(null) : formatProxyHeaderV2(null);
}
