// The server's side of one WebSocket (RFC 6455): the handshake, messages both ways, pings and the closing. Rule: whatever its client
// does, the end is told once; a client that says nothing, not even to pings, is taken for gone.
import { Buffer, isUtf8 } from 'node:buffer';
import { createHash } from 'node:crypto';
import { FrameReader, OPCODE_OF, type MessageSink } from '../../codec/websocket/frame-reader.ts';
import { MAX_SERVER_HEAD_BYTES, writeFrameHead } from '../../codec/websocket/frame-writer.ts';
import type { Exchange, SwitchedConnection, SwitchedPeer } from '../../contract/exchange.ts';
import { Deadline, wheel } from '../../transport/timers.ts';

export interface SocketEvents {
  text(text: string): void;
  /** A part of a message of bytes; valid only during the call. */
  bytes(bytes: Buffer): void;
  /** The client takes more, after `send` answered false. */
  resume(): void;
  /** Nothing follows. */
  closed(): void;
}

export interface SocketOptions {
  readonly events: SocketEvents;
  /** A longer text ends it. */
  readonly maxTextBytes: number;
  /** After so long a silence a ping is sent. */
  readonly heartbeatMs: number;
}

/** RFC 6455, 7.4.1. */
export const CLOSE_CODE = {
  normal: 1000,
  protocol: 1002,
  notText: 1007,
  refused: 1008,
  tooLarge: 1009,
  fault: 1011,
} as const;

const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';
const KEY = /^[A-Za-z0-9+/]{22}==$/;
const VERSION = '13';
/** So many pings may go without anything that comes back. */
const PINGS = 3;
/** For the client to answer a Close. */
const CLOSING_MS = 2000;
const SCRATCH_BYTES = 64 * 1024 + MAX_SERVER_HEAD_BYTES;

/** Holds a frame for as long as it takes to hand it on. */
const scratch = Buffer.allocUnsafeSlow(SCRATCH_BYTES);

/** Whether a request asks for a WebSocket, and not for another protocol. */
export function asksForWebSocket({ request }: Exchange): boolean {
  return request.upgradeProtocol === 'websocket';
}

/** null: the request has been answered otherwise. */
export function acceptWebSocket(exchange: Exchange, options: SocketOptions): ServerSocket | null {
  const { fields, method } = exchange.request;
  const key = fields.get('sec-websocket-key') ?? '';
  if (fields.get('sec-websocket-version')?.trim() !== VERSION) {
    const known = [['Sec-WebSocket-Version', VERSION]] as const;
    exchange.answer({ status: 426, fields: known, body: 'WebSocket 13 is needed\n' });
    return null;
  }
  if (method !== 'GET' || !KEY.test(key)) {
    exchange.fail('request_invalid', 'This is no handshake of a WebSocket.');
    return null;
  }
  const accept = createHash('sha1')
    .update(key + GUID)
    .digest('base64');
  const socket = new ServerSocket(options);
  const connection = exchange.switchTo('websocket', [['Sec-WebSocket-Accept', accept]], socket);
  if (connection === null) {
    exchange.fail('request_invalid', 'This connection cannot become a WebSocket.');
    return null;
  }
  socket.open(connection);
  return socket;
}

export class ServerSocket implements SwitchedPeer, MessageSink {
  readonly #options: SocketOptions;
  readonly #reader = new FrameReader({ allowsCompression: false, requiresMask: true, sink: this });
  readonly #timer = new Deadline(() => this.#silent());
  #connection: SwitchedConnection | null = null;
  #isText = false;
  #text: Buffer[] = [];
  #textBytes = 0;
  #unanswered = 0;
  #isPaused = false;
  /** `leaving`: we have said Close. */
  #state: 'open' | 'leaving' | 'closed' = 'open';

  constructor(options: SocketOptions) {
    this.#options = options;
  }

  open(connection: SwitchedConnection): void {
    this.#connection = connection;
    this.#arm();
  }

  /** False: wait for `resume`. The bytes may be reused at once. */
  sendText(bytes: Uint8Array, from: number, to: number): boolean {
    return this.#state === 'open' && this.#send(OPCODE_OF.text, bytes.subarray(from, to));
  }

  close(code: number, reason = ''): void {
    if (this.#state !== 'open') return;
    const said = Buffer.alloc(2 + Buffer.byteLength(reason));
    said.writeUInt16BE(code);
    said.write(reason, 2);
    this.#send(OPCODE_OF.close, said);
    this.#leave();
  }

  /** Holds back what the client says. */
  pause(): void {
    this.#isPaused = true;
    this.#connection?.pause();
  }

  unpause(): void {
    this.#isPaused = false;
    this.#connection?.resume();
  }

  // -- From the connection -----------------------------------------------------------------------------------------

  take(bytes: Uint8Array, from: number, to: number): void {
    this.#unanswered = 0;
    if (this.#state === 'open') this.#arm();
    this.#reader.take(bytes, from, to);
    if (this.#reader.state === 'broken') this.close(CLOSE_CODE.protocol);
  }

  ended(): void {
    this.#connection?.end();
  }

  resume(): void {
    this.#options.events.resume();
  }

  closed(): void {
    this.#state = 'closed';
    wheel.release(this.#timer);
    this.#options.events.closed();
  }

  // -- From the reader ---------------------------------------------------------------------------------------------

  begin(isText: boolean): void {
    this.#isText = isText;
    this.#text = [];
    this.#textBytes = 0;
  }

  part(bytes: Uint8Array, from: number, to: number): void {
    if (this.#state !== 'open') return;
    const part = Buffer.from(bytes.buffer, bytes.byteOffset + from, to - from);
    if (!this.#isText) {
      this.#options.events.bytes(part);
      return;
    }
    this.#textBytes += part.length;
    if (this.#textBytes > this.#options.maxTextBytes) this.close(CLOSE_CODE.tooLarge);
    else this.#text.push(Buffer.from(part));
  }

  end(): void {
    if (!this.#isText || this.#state !== 'open') return;
    const text = Buffer.concat(this.#text);
    this.#text = [];
    if (isUtf8(text)) this.#options.events.text(text.toString());
    else this.close(CLOSE_CODE.notText);
  }

  control(opcode: number, payload: Uint8Array): void {
    if (opcode === OPCODE_OF.ping && this.#state === 'open') this.#send(OPCODE_OF.pong, payload);
    if (opcode !== OPCODE_OF.close) return;
    // Who has been asked to close answers with the same (RFC 6455, 5.5.1).
    if (this.#state === 'open') this.#send(OPCODE_OF.close, payload.subarray(0, 2));
    this.#leave();
    this.#connection?.end();
  }

  // ----------------------------------------------------------------------------------------------------------------

  #send(opcode: number, payload: Uint8Array): boolean {
    const connection = this.#connection;
    if (connection === null) return false;
    const head = writeFrameHead(scratch, opcode, payload.length);
    if (head + payload.length <= SCRATCH_BYTES) {
      scratch.set(payload, head);
      return connection.write(scratch, 0, head + payload.length);
    }
    connection.write(scratch, 0, head);
    return connection.write(payload, 0, payload.length);
  }

  #leave(): void {
    if (this.#state === 'closed') return;
    this.#state = 'leaving';
    wheel.arm(this.#timer, CLOSING_MS);
  }

  #arm(): void {
    wheel.arm(this.#timer, this.#options.heartbeatMs);
  }

  #silent(): void {
    if (this.#state === 'leaving' || this.#unanswered >= PINGS) {
      this.#connection?.cut();
      return;
    }
    // What is not read cannot be heard.
    if (!this.#isPaused) this.#unanswered += 1;
    this.#arm();
    this.#send(OPCODE_OF.ping, new Uint8Array(0));
  }
}
