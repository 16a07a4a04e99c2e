// The server's end of a WebSocket, whose messages are passed on in parts as they come. Rule: its end is told once, with the code of
// whoever closed it; a connection that breaks has the code 1006.
import { Buffer } from 'node:buffer';
import { createHash } from 'node:crypto';
import { FrameReader, OPCODE_OF } from '../../codec/websocket/frame-reader.ts';
import { MAX_SERVER_HEAD_BYTES, writeFrameHead } from '../../codec/websocket/frame-writer.ts';
import { OutBuffer } from '../../codec/http1/writer.ts';
import type { Exchange, SwitchedConnection, SwitchedPeer } from '../../contract/exchange.ts';
import { Deadline, wheel } from '../../transport/timers.ts';

export interface WebSocketEvents {
  begin(isText: boolean): void;
  /** Valid only during the call. */
  part(bytes: Buffer, from: number, to: number): void;
  end(): void;
  /** After a `send` that answered false: everything is on its way. */
  drain(): void;
  /** Something has come, whatever it is. */
  heard?(): void;
  closed(code: number, reason: string): void;
}

const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';
/** A peer that was told of the end answers within that. */
const CLOSE_MS = 2_000;
/** These two only stand for the lack of a code (RFC 6455, 7.4.1). */
export const NO_CODE = 1005;
const BROKEN_OFF = 1006;
const PROTOCOL_ERROR = 1002;
const NORMAL = 1000;
const MAX_REASON_BYTES = 123;

/** What goes out, for as long as it takes to hand it on. */
const out = new OutBuffer(96 * 1024);
/** What is gathered leaves when it is so much. */
const FULL_BYTES = 64 * 1024;
/** For what is gathered: a connection that says nothing keeps none. */
const spare: OutBuffer[] = [];
const MOST_SPARE = 16;

/** The key by which a server agrees to a WebSocket; null: it was not asked for one properly (RFC 6455, 4.2.1). */
export function webSocketAccept({ request }: Exchange): string | null {
  const { fields, method } = request;
  const key = fields.get('sec-websocket-key') ?? '';
  const isProper =
    method === 'GET' && fields.get('sec-websocket-version') === '13' && /^[A-Za-z0-9+/]{22}==$/.test(key);
  if (request.upgradeProtocol !== 'websocket' || !isProper) return null;
  return createHash('sha1').update(`${key}${GUID}`).digest('base64');
}

export class WebSocketPeer implements SwitchedPeer {
  readonly #events: WebSocketEvents;
  readonly #reader: FrameReader;
  readonly #deadline = new Deadline(() => this.#connection?.cut());
  #connection: SwitchedConnection | null = null;
  #closing = false;
  /** What the peer has said of its end. */
  #said: { readonly code: number; readonly reason: string } | null = null;
  #told = false;
  congested = false;
  isPaused = false;
  /** What is said within one turn leaves together. */
  gathers = false;
  #gathered: OutBuffer | null = null;

  constructor(events: WebSocketEvents) {
    this.#events = events;
    this.#reader = new FrameReader({
      allowsCompression: false,
      requiresMask: true,
      sink: {
        begin: (isText) => events.begin(isText),
        part: (bytes, from, to) => events.part(asBuffer(bytes), from, to),
        end: () => events.end(),
        control: (opcode, bytes) => this.#control(opcode, asBuffer(bytes)),
      },
    });
  }

  /** With the fields of the answer; false: the client is gone, or the connection cannot be switched. */
  accept(exchange: Exchange, fields: readonly (readonly [string, string])[]): boolean {
    this.#connection = exchange.switchTo('websocket', fields, this);
    return this.#connection !== null;
  }

  pause(): void {
    this.isPaused = true;
    this.#connection?.pause();
  }

  unpause(): void {
    if (!this.isPaused) return;
    this.isPaused = false;
    this.#connection?.resume();
  }

  /** A frame of `head` and a part of `bytes`, which may be reused at once. False: wait for `drain`. */
  send(opcode: number, isLast: boolean, head: Buffer, { bytes, from, to }: BytesPart = NO_BYTES): boolean {
    if (this.#closing || this.#connection === null) return true;
    const into = this.gathers ? this.#gather() : out;
    into.reserve(MAX_SERVER_HEAD_BYTES);
    into.length += writeFrameHead(into.bytes.subarray(into.length), opcode, head.length + to - from, isLast);
    into.copy(head, 0, head.length);
    into.copy(bytes, from, to);
    if (this.gathers && into.length < FULL_BYTES) return !this.congested;
    return this.#flush(this.#connection, into);
  }

  #gather(): OutBuffer {
    if (this.#gathered !== null) return this.#gathered;
    this.#gathered = spare.pop() ?? new OutBuffer(2 * FULL_BYTES);
    setImmediate(sendGathered, this);
    return this.#gathered;
  }

  sendGathered(): void {
    const gathered = this.#gathered;
    if (gathered === null) return;
    this.#gathered = null;
    if (this.#connection !== null && gathered.length > 0) this.#flush(this.#connection, gathered);
    gathered.length = 0;
    if (spare.length < MOST_SPARE) spare.push(gathered);
  }

  /** Says why, and waits a moment for the peer to say the same. */
  close(code: number, reason: string): void {
    if (this.#closing || this.#connection === null) return;
    const why = Buffer.alloc(2 + MAX_REASON_BYTES);
    why.writeUInt16BE(isCloseCode(code) ? code : NORMAL);
    const length = why.write(reason, 2);
    this.send(OPCODE_OF.close, true, why.subarray(0, 2 + length));
    this.sendGathered();
    this.#closing = true;
    this.unpause();
    wheel.arm(this.#deadline, CLOSE_MS);
  }

  /** Ends it at once. */
  cut(): void {
    this.#connection?.cut();
  }

  // -- From the connection -----------------------------------------------------------------------------------------------

  take(bytes: Uint8Array, from: number, to: number): void {
    this.#events.heard?.();
    this.#reader.take(bytes, from, to);
    if (this.#reader.state === 'broken') this.close(PROTOCOL_ERROR, 'not a frame that a client may send');
  }

  ended(): void {
    this.#connection?.cut();
  }

  resume(): void {
    this.congested = false;
    this.#events.drain();
  }

  closed(): void {
    wheel.release(this.#deadline);
    this.#connection = null;
    this.#tell(this.#said?.code ?? BROKEN_OFF, this.#said?.reason ?? '');
  }

  #flush(connection: SwitchedConnection, from: OutBuffer): boolean {
    const goesOn = connection.write(from.bytes, 0, from.length);
    from.length = 0;
    if (!goesOn) this.congested = true;
    return goesOn;
  }

  #control(opcode: number, bytes: Buffer): void {
    if (opcode === OPCODE_OF.ping) this.send(OPCODE_OF.pong, true, bytes);
    if (opcode !== OPCODE_OF.close) return;
    const code = bytes.length >= 2 ? bytes.readUInt16BE(0) : NO_CODE;
    const reason = bytes.toString('utf8', 2);
    this.#said = { code, reason };
    this.close(code, reason);
    this.#tell(code, reason);
    // The server ends the connection first (RFC 6455, 7.1.1).
    this.#connection?.end();
  }

  #tell(code: number, reason: string): void {
    if (this.#told) return;
    this.#told = true;
    this.#events.closed(code, reason);
  }
}

function sendGathered(peer: WebSocketPeer): void {
  peer.sendGathered();
}

export interface BytesPart {
  readonly bytes: Buffer;
  readonly from: number;
  readonly to: number;
}

const NO_BYTES: BytesPart = { bytes: Buffer.alloc(0), from: 0, to: 0 };

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
}

/** Codes that may stand in a Close (RFC 6455, 7.4). */
export function isCloseCode(code: number): boolean {
  if (code >= 3000) return code <= 4999;
  return code >= 1000 && code <= 1014 && code !== 1004 && code !== NO_CODE && code !== BROKEN_OFF;
}
