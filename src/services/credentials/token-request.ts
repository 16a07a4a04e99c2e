// Asks a token endpoint for a new login, on a connection of its own that is dialled as any other: through hops where they are configured.
// Rule: what goes to that origin goes nowhere else, no redirect is followed, and no error quotes what was sent or answered.
import { Buffer } from 'node:buffer';
import { FIELD, type Head, METHOD } from '../../codec/http1/head.ts';
import { DEFAULT_LIMITS } from '../../codec/http1/message-parser.ts';
import { type MessageSink, ResponseParser } from '../../codec/http1/parser.ts';
import type { Origin } from '../../contract/target.ts';
import { formatHostPort } from '../../core/address.ts';
import { type ErrorCode, SluiceError } from '../../core/errors.ts';
import { type Connection, type ConnectionHandler, NOBODY } from '../../transport/connection.ts';
import type { DialOrigin } from '../health/origin-check.ts';
import { type JsonObject, objectOf } from './store-format.ts';

export interface TokenEndpoint {
  readonly origin: Origin;
  /** Path and query. */
  readonly path: string;
  readonly dial: DialOrigin;
  readonly timeoutMs: number;
}

export interface TokenAnswer {
  readonly status: number;
  /** Null: it is no JSON object. */
  readonly body: JsonObject | null;
  readonly retryAfterMs: number | null;
}

export function requestToken(endpoint: TokenEndpoint, question: JsonObject): Promise<TokenAnswer> {
  return new Promise((resolve, reject) => new TokenRequest(endpoint, resolve, reject).start(question));
}

const LIMITS = { ...DEFAULT_LIMITS, maxBodyBytes: 256 * 1024 };

class TokenRequest implements ConnectionHandler, MessageSink {
  readonly #endpoint: TokenEndpoint;
  readonly #resolve: (answer: TokenAnswer) => void;
  readonly #reject: (error: SluiceError) => void;
  readonly #parser = new ResponseParser(LIMITS, this);
  readonly #parts: Buffer[] = [];
  #connection: Connection | null = null;
  #timer: NodeJS.Timeout | null = null;
  #status = 0;
  #retryAfterMs: number | null = null;
  #isOver = false;

  constructor(endpoint: TokenEndpoint, resolve: (answer: TokenAnswer) => void, reject: (error: SluiceError) => void) {
    this.#endpoint = endpoint;
    this.#resolve = resolve;
    this.#reject = reject;
    this.#parser.expect(METHOD.POST);
  }

  start(question: JsonObject): void {
    const { origin, dial, timeoutMs } = this.#endpoint;
    this.#timer = setTimeout(() => this.#fail('upstream_timeout'), timeoutMs);
    const events = {
      connected: (connection: Connection): void => this.#connected(connection, question),
      failed: ({ code }: SluiceError): void => this.#fail(code),
    };
    dial(origin, events, null);
  }

  #connected(connection: Connection, question: JsonObject): void {
    if (this.#isOver) {
      connection.destroy('done');
      return;
    }
    const body = Buffer.from(JSON.stringify(question));
    const request = Buffer.concat([Buffer.from(this.#head(body.length), 'latin1'), body]);
    this.#connection = connection;
    connection.handler = this;
    connection.write(request, 0, request.length);
    connection.resume();
  }

  #head(length: number): string {
    const { origin, path } = this.#endpoint;
    const { host, port, tls } = origin;
    const isUsual = port === (tls === null ? 80 : 443) && !host.includes(':');
    const lines = [
      `POST ${path} HTTP/1.1`,
      `Host: ${isUsual ? host : formatHostPort(host, port)}`,
      'User-Agent: Sluice',
      'Accept: application/json',
      'Content-Type: application/json',
      `Content-Length: ${length}`,
      'Connection: close',
    ];
    return `${lines.join('\r\n')}\r\n\r\n`;
  }

  onData(bytes: Buffer, from: number, to: number): void {
    if (!this.#isOver) this.#parser.feed(bytes, from, to);
  }

  /** The end of an answer without a length. */
  onHalfClose(): void {
    if (!this.#isOver) this.#parser.finish();
    this.#fail('upstream_reset');
  }

  onDrain(): void {}

  onClose(): void {
    this.#fail('upstream_reset');
  }

  onHead(head: Head): void {
    if (this.#parser.interim) return;
    this.#status = head.status;
    const at = head.find(FIELD.RETRY_AFTER);
    const seconds = at < 0 ? Number.NaN : Number(head.value(at));
    this.#retryAfterMs = seconds >= 0 ? seconds * 1000 : null;
  }

  onBody(bytes: Buffer, from: number, to: number): void {
    this.#parts.push(Buffer.from(bytes.subarray(from, to)));
  }

  onEnd(): void {
    if (this.#parser.interim || this.#isOver) return;
    this.#finish();
    this.#resolve({ status: this.#status, body: parse(this.#parts), retryAfterMs: this.#retryAfterMs });
  }

  onError(code: ErrorCode): void {
    this.#fail(code);
  }

  #fail(code: ErrorCode): void {
    if (this.#isOver) return;
    this.#finish();
    this.#reject(new SluiceError(code));
  }

  #finish(): void {
    this.#isOver = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    if (this.#connection === null) return;
    this.#connection.handler = NOBODY;
    this.#connection.destroy('done');
  }
}

function parse(parts: readonly Buffer[]): JsonObject | null {
  try {
    return objectOf(JSON.parse(Buffer.concat(parts).toString('utf8')));
  } catch {
    return null;
  }
}
