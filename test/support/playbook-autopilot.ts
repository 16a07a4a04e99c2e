// An engine between a client and origins that are made up, for properties that hold whatever is sent: the origin answers each
// request that it can read, and what it has read is kept. Rule: what reaches the origin is read strictly, and anything else than
// whole requests and one cut at the end is a fault.
import assert from 'node:assert/strict';
import { DEFAULT_LIMITS } from '../../src/codec/http1/message-parser.ts';
import { RequestParser } from '../../src/codec/http1/parser.ts';
import { compile } from '../../src/engine/compile.ts';
import { Engine } from '../../src/engine/engine.ts';
import { headBuffers } from '../../src/engine/head-buffers.ts';
import { Traffic } from '../../src/engine/traffic.ts';
import { MetricsRecorder } from '../../src/telemetry/metrics-recorder.ts';
import { Connection, NOBODY } from '../../src/transport/connection.ts';
import { wheel } from '../../src/transport/timers.ts';
import { PlaybookSocket } from './playbook-socket.ts';
import { forwardTo, route, TIMEOUTS } from './playbook.ts';

/** What an origin has read. */
export interface Received {
  readonly method: string;
  readonly target: string;
  body: string;
  isWhole: boolean;
}

/** The bytes of an answer in the portions in which they come; null at the end: the origin closes then. */
export type Answering = (received: Received) => readonly (Buffer | null)[];

class AutopilotOrigin {
  readonly socket = new PlaybookSocket();
  private readonly answering: Answering;
  private readonly received: Received[];
  private readonly parser: RequestParser;
  private current: Received | null = null;

  constructor(answering: Answering, received: Received[]) {
    this.answering = answering;
    this.received = received;
    this.parser = new RequestParser(
      { ...DEFAULT_LIMITS, maxBodyBytes: Number.MAX_SAFE_INTEGER },
      {
        onHead: (head) => {
          this.current = { method: head.method(), target: head.target(), body: '', isWhole: false };
          this.received.push(this.current);
        },
        onBody: (bytes, from, to) => {
          this.current!.body += bytes.toString('latin1', from, to);
        },
        onEnd: () => this.answer(this.current!),
        onError: (code, detail) => assert.fail(`the origin got what is no HTTP: ${code}, ${detail}`),
      },
    );
  }

  /** Reads what has been written; false when there was nothing. */
  step(): boolean {
    const bytes = this.socket.take();
    let at = 0;
    while (at < bytes.length) {
      at = this.parser.feed(bytes, at, bytes.length);
      if (this.current?.isWhole === true) this.parser.reset();
    }
    return bytes.length > 0;
  }

  private answer(received: Received): void {
    received.isWhole = true;
    for (const portion of this.answering(received)) {
      if (portion === null) this.socket.ends();
      else this.socket.sends(portion);
    }
  }
}

export class Autopilot {
  readonly received: Received[] = [];
  readonly client: PlaybookSocket = new PlaybookSocket();
  private readonly engine: Engine;
  private readonly traffic = new Traffic({ door: 'gateway', recorder: new MetricsRecorder(), accessLog: null });
  private readonly origins: AutopilotOrigin[] = [];
  private text = '';

  constructor(answering: Answering) {
    this.engine = new Engine({
      program: compile([[route(forwardTo())]], this.traffic),
      limits: {
        request: DEFAULT_LIMITS,
        response: { ...DEFAULT_LIMITS, maxBodyBytes: Number.MAX_SAFE_INTEGER },
        maxBodyBytes: DEFAULT_LIMITS.maxBodyBytes,
      },
      timeouts: TIMEOUTS,
      traffic: this.traffic,
      dial: (_origin, events) => {
        const origin = new AutopilotOrigin(answering, this.received);
        this.origins.push(origin);
        events.connected(new Connection(origin.socket.socket, NOBODY), { dnsMs: 0, connectMs: 0, tlsMs: 0 });
      },
      onFault: (cause) => assert.fail(String(cause)),
    });
    this.engine.serve(this.client.socket);
  }

  /** Sends these portions one after the other, each when what the one before has caused is over. */
  sends(portions: readonly Buffer[]): this {
    for (const portion of portions) {
      this.client.sends(portion);
      this.settle();
    }
    return this;
  }

  /** What the client has got so far. */
  get answers(): string {
    this.text += this.client.take().toString('latin1');
    return this.text;
  }

  /** Ends everything and sees that nothing is left. */
  end(): void {
    this.engine.close();
    this.settle();
    assert.deepEqual(
      [this.engine.clientConnections, this.engine.upstreamConnections, this.traffic.requestsInFlight, wheel.held],
      [0, 0, 0, 0],
      'something is left over',
    );
  }

  private settle(): void {
    let moved = true;
    while (moved) {
      moved = this.client.step(false);
      for (const origin of this.origins) moved = origin.step() || origin.socket.step(false) || moved;
    }
  }
}

/** Bytes cut at these places, which may lie anywhere. */
export function cutAt(bytes: Buffer, places: readonly number[]): Buffer[] {
  const sorted = [...new Set(places.map((place) => place % (bytes.length + 1)))].sort((a, b) => a - b);
  return [0, ...sorted]
    .map((from, index) => bytes.subarray(from, sorted[index] ?? bytes.length))
    .filter(({ length }) => length > 0);
}

/** How many head buffers are free; the same before and after whatever has come to its end. */
export function freeHeadBuffers(): number {
  return (headBuffers as unknown as { free: readonly Buffer[] }).free.length;
}
