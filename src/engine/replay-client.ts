// A request of a client sent once more by whoever runs Sluice: an exchange like any other, on the program of its door, with all policies, in
// the logs and the metrics. Rule: nobody reads its answer but whoever asked, and of its body no more is kept than was wanted.
import { Buffer } from 'node:buffer';
import { RequestParser } from '../codec/http1/parser.ts';
import type { ProxiedEnds } from '../codec/proxy-protocol/proxy-header.ts';
import type { Connection } from '../transport/connection.ts';
import type { Engine } from './engine.ts';
import { HttpExchange } from './exchange.ts';
import { forwardedLines } from './forwarded-lines.ts';
import type { Responder } from './responder.ts';

/** Plain data, so that it can go from thread to thread. */
export interface ReplayRequest {
  /** Of the request that is sent again. */
  readonly replayOf: string;
  readonly entrance: string;
  readonly address: string;
  readonly secure: boolean;
  /** As it stands on the wire, in HTTP/1.1. */
  readonly head: Uint8Array;
  readonly body: Uint8Array;
  /** Of the body of the answer so much is told. */
  readonly mostBytes: number;
  readonly timeoutMs: number;
}

export interface ReplayOutcome {
  readonly id: string;
  /** 0: the head could not be sent. */
  readonly status: number;
  readonly fields: readonly (readonly [name: string, value: string])[];
  readonly body: Uint8Array;
  /** Of all of it. */
  readonly length: number;
  readonly isComplete: boolean;
}

const PIECE_BYTES = 64 * 1024;

export class ReplayClient implements Responder {
  readonly port = 0;
  readonly localPort = 0;
  readonly serverName = '';
  readonly ends: ProxiedEnds | null = null;
  readonly congested = false;
  readonly entrance: string;
  readonly address: string;
  readonly secure: boolean;
  readonly forwardedLines: Buffer;
  readonly replayOf: string;
  private readonly asked: ReplayRequest;
  private readonly exchange: HttpExchange;
  private readonly parser: RequestParser;
  private readonly over: (outcome: ReplayOutcome) => void;
  private readonly timer: NodeJS.Timeout;
  private held = true;
  private begun = false;
  private bodyAt = 0;
  private bodyEnded = false;
  private status = 0;
  private fields: ReplayOutcome['fields'] = [];
  private readonly pieces: Buffer[] = [];
  private kept = 0;
  private length = 0;
  private isComplete = false;

  constructor(engine: Engine, asked: ReplayRequest, over: (outcome: ReplayOutcome) => void) {
    const { entrance, address, secure, replayOf } = asked;
    this.asked = asked;
    this.over = over;
    this.entrance = entrance;
    this.address = address;
    this.secure = secure;
    this.replayOf = replayOf;
    const via = `1.1 ${engine.pseudonym}`;
    this.forwardedLines = forwardedLines({ remoteAddress: address, secure }, via, engine.forwarding);
    this.parser = new RequestParser(engine.limits.request, {
      onHead: () => this.exchange.begin(),
      onBody: () => {},
      onEnd: () => {},
      onError: (code, detail) => this.exchange.beginUnreadable(code, detail),
    });
    this.exchange = new HttpExchange(engine, this, this.parser.head, false);
    this.timer = setTimeout(() => this.cancel(), asked.timeoutMs).unref();
  }

  start(): void {
    const head = Buffer.from(this.asked.head);
    this.parser.feed(head, 0, head.length);
    this.begun = true;
    if (!this.held || !this.exchange.request.hasBody) this.pass();
    this.exchange.engine.outbound.flushSoon();
  }

  cancel(): void {
    this.exchange.onClientGone();
    this.exchange.engine.outbound.flushSoon();
  }

  private pass(): void {
    const { exchange, asked } = this;
    while (!this.held && !exchange.over && this.bodyAt < asked.body.length) {
      const from = this.bodyAt;
      this.bodyAt = Math.min(asked.body.length, from + PIECE_BYTES);
      exchange.onRequestBody(asked.body, from, this.bodyAt);
    }
    if (this.bodyEnded || exchange.over || this.bodyAt < asked.body.length) return;
    this.bodyEnded = true;
    exchange.onRequestEnd(null);
    exchange.engine.outbound.flushSoon();
  }

  // -- What the exchange asks ----------------------------------------------------------------------------------------

  pauseRequest(): void {
    this.held = true;
  }

  resumeRequest(): void {
    this.held = false;
    if (this.begun) this.pass();
  }

  writeHead(): void {
    const { response } = this.exchange;
    this.status = response.status;
    this.fields = response.fields.entries();
  }

  writeBody(bytes: Buffer, from: number, to: number): void {
    this.length += to - from;
    const end = Math.min(to, from + this.asked.mostBytes - this.kept);
    if (end <= from) return;
    this.pieces.push(Buffer.from(bytes.subarray(from, end)));
    this.kept += end - from;
  }

  lendBody(bytes: Buffer, from: number, to: number): void {
    this.writeBody(bytes, from, to);
  }

  writeEnd(): void {
    this.isComplete = true;
  }

  exchangeOver(): void {
    clearTimeout(this.timer);
    const { status, fields, length, isComplete } = this;
    this.exchange.engine.replayOver(this);
    this.over({ id: this.exchange.id, status, fields, body: Buffer.concat(this.pieces), length, isComplete });
  }

  abort(): void {}

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
}
