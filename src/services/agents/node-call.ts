// One request of this node to another about agents, on a connection of its own. Rule: whose request it is has been found out here and is believed
// there, for nobody but nodes speaks by that way; what is refused there is refused here with the same words.
import { Buffer } from 'node:buffer';
import type { Head } from '../../codec/http1/head.ts';
import { METHOD } from '../../codec/http1/head.ts';
import { DEFAULT_LIMITS } from '../../codec/http1/message-parser.ts';
import { type MessageSink, ResponseParser } from '../../codec/http1/parser.ts';
import type { OriginDialEvents } from '../../contract/target.ts';
import { ERROR_CATALOGUE, type ErrorCode, SluiceError } from '../../core/errors.ts';
import { type Connection, type ConnectionHandler, NOBODY } from '../../transport/connection.ts';
import { Deadline, wheel } from '../../transport/timers.ts';
import { TUNNEL_FIELD } from '../tunnels/tunnel-names.ts';
import type { Viewer } from './agent-settings.ts';

/** In the place of the name of a tunnel, where gateways alone can put it: the request is for the agents of the node. */
export const AGENTS_OF_NODE = '@agents';
/** Which process is meant: while one takes the place of another, both stand at one address. */
export const NODE_FIELD = 'sluice-node';
/** Of an answer: it is another process that stands there. */
export const MISSED_FIELD = 'sluice-node-missed';
export const MISSED = 421;
/** Whose request it is. */
export const VIEWER_FIELD = 'sluice-node-viewer';

export interface NodeCall {
  readonly method: 'GET' | 'POST';
  /** Path and query. */
  readonly target: string;
  readonly viewer: Viewer;
  readonly body?: string;
  /** Fields that mean something to whoever answers. */
  readonly fields?: readonly (readonly [name: string, value: string])[];
  /** Until the answer begins. */
  readonly headMs: number;
}

export interface ReplyHead {
  readonly status: number;
  field(name: string): string | undefined;
}

export interface ReplyEvents {
  /** It is no refusal; valid only during the call. */
  head(head: ReplyHead): void;
  /** The bytes are valid only during the call. */
  body(bytes: Buffer, from: number, to: number): void;
  end(): void;
  /** `isReached`: the node itself has said so. Nothing follows. */
  failed(error: SluiceError, isReached: boolean): void;
}

export interface OpenCall {
  /** Nothing is told until `resume`. */
  pause(): void;
  resume(): void;
  /** Nothing is told any more. */
  cancel(): void;
}

export interface NodeWay {
  /** The node that is meant. */
  readonly id: string;
  /** For messages. */
  readonly name: string;
  /** Opens a connection on which both sides have proved that they are nodes. */
  dial(events: OriginDialEvents): void;
}

export interface NodeReply {
  readonly status: number;
  readonly text: string;
}

/** Answers are whole heads of ours; what runs have printed is theirs to bound. */
const LIMITS = { ...DEFAULT_LIMITS, maxBodyBytes: Number.MAX_SAFE_INTEGER };
/** A node says something every 15 seconds on a stream on which nothing happens. */
const SILENCE_MS = 60_000;
/** The kernel gives a connection to either of two. */
const MOST_TRIES = 8;
const OF_ALL = 'all';
const OF_ONE = 'user ';

export function viewerText(viewer: Viewer): string {
  return viewer === null ? OF_ALL : `${OF_ONE}${encodeURIComponent(viewer)}`;
}

/** Undefined: it is none. */
export function viewerOfText(text: string): Viewer | undefined {
  if (text === OF_ALL) return null;
  return text.startsWith(OF_ONE.trim()) ? decodeURIComponent(text.slice(OF_ONE.length)) : undefined;
}

export function callNode(way: NodeWay, call: NodeCall, events: ReplyEvents): OpenCall {
  const calling = new Calling(way, call, events);
  calling.start();
  return calling;
}

/** For answers that are small. */
export function askNode(way: NodeWay, call: NodeCall): Promise<NodeReply> {
  return new Promise((resolve, reject) => {
    const parts: Buffer[] = [];
    let status = 0;
    callNode(way, call, {
      head: (head) => (status = head.status),
      body: (bytes, from, to) => parts.push(Buffer.from(bytes.subarray(from, to))),
      end: () => resolve({ status, text: Buffer.concat(parts).toString() }),
      failed: (error, isReached) => reject(isReached ? error : unreachable(way.name)),
    });
  });
}

export function unreachable(node: string): SluiceError {
  return new SluiceError('node_unreachable', { message: `The node ${node} does not answer.` });
}

class Calling implements ConnectionHandler, MessageSink, OpenCall {
  readonly #way: NodeWay;
  readonly #call: NodeCall;
  readonly #parser = new ResponseParser(LIMITS, this);
  readonly #patience = new Deadline(() => this.#fail('upstream_timeout'));
  #events: ReplyEvents | null;
  #connection: Connection | null = null;
  /** What was said in refusing; null: it is no refusal. */
  #refusal: Buffer[] | null = null;
  #status = 0;
  #retryAfterMs: number | null = null;
  #tries = 1;
  #isMissed = false;

  constructor(way: NodeWay, call: NodeCall, events: ReplyEvents) {
    this.#way = way;
    this.#call = call;
    this.#events = events;
    this.#parser.expect(call.method === 'GET' ? METHOD.GET : METHOD.POST);
  }

  start(): void {
    wheel.arm(this.#patience, this.#call.headMs);
    this.#dial();
  }

  #dial(): void {
    this.#way.dial({
      connected: (connection) => this.#connected(connection),
      failed: ({ code }) => this.#fail(code),
    });
  }

  pause(): void {
    wheel.release(this.#patience);
    this.#connection?.pause();
  }

  resume(): void {
    if (this.#events === null) return;
    wheel.arm(this.#patience, SILENCE_MS);
    this.#connection?.resume();
  }

  cancel(): void {
    this.#take();
  }

  #connected(connection: Connection): void {
    if (this.#events === null) {
      connection.destroy('done');
      return;
    }
    this.#connection = connection;
    connection.handler = this;
    const body = Buffer.from(this.#call.body ?? '');
    const request = Buffer.concat([Buffer.from(this.#head(body.length), 'latin1'), body]);
    connection.write(request, 0, request.length);
    connection.resume();
  }

  #head(length: number): string {
    const { method, target, viewer, body, fields = [] } = this.#call;
    const own = [
      ['Host', 'node'],
      [TUNNEL_FIELD, AGENTS_OF_NODE],
      [NODE_FIELD, this.#way.id],
      [VIEWER_FIELD, viewerText(viewer)],
      ['Connection', 'close'],
      ...(body === undefined ? [] : [['Content-Type', 'application/json']]),
      ...(body === undefined && method === 'GET' ? [] : [['Content-Length', String(length)]]),
    ];
    const lines = [...own, ...fields].map(([name = '', value = '']) => `${name}: ${value}`);
    return `${method} ${target} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`;
  }

  onData(bytes: Buffer, from: number, to: number): void {
    this.#parser.feed(bytes, from, to);
  }

  onHalfClose(): void {
    this.#parser.finish();
    this.#fail('upstream_reset');
  }

  onDrain(): void {}

  onClose(): void {
    this.#fail('upstream_reset');
  }

  onHead(head: Head): void {
    if (this.#parser.interim) return;
    wheel.arm(this.#patience, SILENCE_MS);
    this.#status = head.status;
    this.#isMissed = head.status === MISSED && head.findName(MISSED_FIELD) >= 0;
    if (head.status >= 400) {
      this.#refusal = [];
      const seconds = Number(fieldOf(head, 'retry-after') ?? Number.NaN);
      this.#retryAfterMs = seconds >= 0 ? seconds * 1000 : null;
    } else this.#events?.head({ status: head.status, field: (name) => fieldOf(head, name) });
  }

  onBody(bytes: Buffer, from: number, to: number): void {
    wheel.arm(this.#patience, SILENCE_MS);
    if (this.#refusal === null) this.#events?.body(bytes, from, to);
    else this.#refusal.push(Buffer.from(bytes.subarray(from, to)));
  }

  onEnd(): void {
    if (this.#parser.interim) return;
    if (this.#isMissed) {
      this.#tryAgain();
      return;
    }
    const refusal = this.#refusal;
    const events = this.#take();
    if (refusal === null) events?.end();
    else {
      const text = Buffer.concat(refusal).toString();
      events?.failed(errorOf({ status: this.#status, text }, this.#retryAfterMs), true);
    }
  }

  onError(code: ErrorCode): void {
    this.#fail(code);
  }

  #tryAgain(): void {
    if (this.#tries >= MOST_TRIES) {
      this.#fail('upstream_unreachable');
      return;
    }
    this.#tries += 1;
    this.#letGo();
    this.#refusal = null;
    this.#parser.reset();
    this.#parser.expect(this.#call.method === 'GET' ? METHOD.GET : METHOD.POST);
    this.#dial();
  }

  #fail(code: ErrorCode): void {
    this.#take()?.failed(new SluiceError(code, { message: `node ${this.#way.name}: ${code}` }), false);
  }

  #take(): ReplyEvents | null {
    const events = this.#events;
    this.#events = null;
    wheel.release(this.#patience);
    this.#letGo();
    return events;
  }

  #letGo(): void {
    if (this.#connection === null) return;
    this.#connection.handler = NOBODY;
    this.#connection.destroy('done');
    this.#connection = null;
  }
}

function fieldOf(head: Head, wanted: string): string | undefined {
  const at = head.findName(wanted);
  return at < 0 ? undefined : head.value(at);
}

/** As the other node has said it. */
function errorOf({ status, text }: NodeReply, retryAfterMs: number | null): SluiceError {
  try {
    const { error } = JSON.parse(text) as { error?: { code?: string; message?: string } };
    const { code = '', message } = error ?? {};
    if (code in ERROR_CATALOGUE) {
      return new SluiceError(code as ErrorCode, { ...(message !== undefined && { message }), retryAfterMs });
    }
  } catch {
    // What follows says that it cannot be understood.
  }
  return new SluiceError('internal', { message: `Another node has answered ${status}.` });
}
