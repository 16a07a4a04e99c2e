// The client's end of a WebSocket on a connection that has left HTTP: messages in, messages out under a mask, pings answered. Rule: its
// end is told once, with the code of whoever closed it; a connection that breaks has the code 1006.
import { Buffer } from 'node:buffer';
import { randomFillSync } from 'node:crypto';
import { FrameReader, OPCODE_OF } from '../../codec/websocket/frame-reader.ts';
import { closePayload, type FramePart, isCloseCode, writeMaskedFrame } from '../../codec/websocket/masked-frame.ts';
import { OutBuffer } from '../../codec/http1/writer.ts';
import type { CloseReason, Connection, ConnectionHandler } from '../../transport/connection.ts';
import { Deadline, wheel } from '../../transport/timers.ts';

export interface ClientWebSocketEvents {
  begin(isText: boolean): void;
  /** Valid only during the call. */
  part(bytes: Buffer, from: number, to: number): void;
  end(): void;
  /** After a write answered false: everything is on its way. */
  drain(): void;
  /** Something has come, whatever it is. */
  heard?(): void;
  closed(code: number, reason: string): void;
}

/** A peer that was told of the end answers within that. */
const CLOSE_MS = 2_000;
const NO_CODE = 1005;
export const BROKEN_OFF = 1006;
const PROTOCOL_ERROR = 1002;
const NORMAL = 1000;
const NOTHING = Buffer.alloc(0);
const NO_PART: FramePart = { bytes: NOTHING, from: 0, to: 0 };

/** What goes out, for as long as it takes to hand it on. */
const out = new OutBuffer(96 * 1024);
/** What is gathered leaves when it is so much. */
const FULL_BYTES = 64 * 1024;

/** Masks for many frames at once: asking for four random bytes costs as much as for a thousand. */
const masks = Buffer.alloc(4096);
let masksUsed = masks.length;

function nextMask(): Uint8Array {
  if (masksUsed === masks.length) {
    randomFillSync(masks);
    masksUsed = 0;
  }
  masksUsed += 4;
  return masks.subarray(masksUsed - 4, masksUsed);
}

export class ClientWebSocket implements ConnectionHandler {
  readonly #connection: Connection;
  readonly #events: ClientWebSocketEvents;
  readonly #reader: FrameReader;
  readonly #closing = new Deadline(() => this.#connection.destroy('timeout'));
  #isClosing = false;
  #told = false;
  /** What is said within one turn leaves together; null: at once. */
  #gathered: OutBuffer | null = null;
  #isDue = false;

  /** Reading begins with `start`. */
  constructor(connection: Connection, events: ClientWebSocketEvents) {
    this.#connection = connection;
    this.#events = events;
    this.#reader = new FrameReader({
      allowsCompression: false,
      sink: {
        begin: (isText) => events.begin(isText),
        part: (bytes, from, to) => events.part(bytes as Buffer, from, to),
        end: () => events.end(),
        control: (opcode, bytes) => this.#control(opcode, Buffer.from(bytes)),
      },
    });
    connection.handler = this;
  }

  get congested(): boolean {
    return this.#connection.congested;
  }

  get isPaused(): boolean {
    return this.#connection.isPaused;
  }

  get bytesRead(): number {
    return this.#connection.bytesRead;
  }

  get bytesWritten(): number {
    return this.#connection.bytesWritten;
  }

  start(first: Buffer): void {
    if (first.length > 0) this.onData(first, 0, first.length);
    if (!this.#connection.closed) this.#connection.resume();
  }

  pause(): void {
    this.#connection.pause();
  }

  resume(): void {
    this.#connection.resume();
  }

  /** A frame of `head` and a part of other bytes, which may be reused at once. False: wait for `drain`. */
  send(opcode: number, isLast: boolean, head: Buffer, part: FramePart = NO_PART): boolean {
    if (this.#isClosing || this.#connection.closed) return true;
    const into = this.#gathered ?? out;
    writeMaskedFrame(into, { opcode, isLast, mask: nextMask() }, head, part);
    if (this.#gathered === null || into.length >= FULL_BYTES) return this.#connection.flush(into);
    if (!this.#isDue) {
      this.#isDue = true;
      setImmediate(sendGathered, this);
    }
    return !this.#connection.congested;
  }

  /** From here on. */
  gather(): void {
    this.#gathered ??= new OutBuffer(2 * FULL_BYTES);
  }

  sendGathered(): void {
    this.#isDue = false;
    if (this.#gathered !== null) this.#connection.flush(this.#gathered);
  }

  ping(): void {
    this.send(OPCODE_OF.ping, true, NOTHING);
  }

  /** Says why, and waits a moment for the peer to say the same. */
  close(code: number, reason: string): void {
    if (this.#isClosing || this.#connection.closed) return;
    const payload = code === NO_CODE ? NOTHING : closePayload(isCloseCode(code) ? code : NORMAL, reason);
    this.send(OPCODE_OF.close, true, payload);
    this.sendGathered();
    this.#isClosing = true;
    this.#connection.resume();
    wheel.arm(this.#closing, CLOSE_MS);
  }

  /** Ends it at once. */
  cut(): void {
    this.#connection.reset('done');
  }

  onData(bytes: Buffer, from: number, to: number): void {
    this.#events.heard?.();
    this.#reader.take(bytes, from, to);
    if (this.#reader.state === 'broken') this.close(PROTOCOL_ERROR, 'not a frame that a server may send');
  }

  onHalfClose(): void {
    this.#connection.destroy('eof');
  }

  onDrain(): void {
    this.#events.drain();
  }

  onClose(_reason: CloseReason): void {
    wheel.release(this.#closing);
    this.#tell(BROKEN_OFF, '');
  }

  #control(opcode: number, bytes: Buffer): void {
    if (opcode === OPCODE_OF.ping) this.send(OPCODE_OF.pong, true, bytes);
    if (opcode !== OPCODE_OF.close) return;
    const code = bytes.length >= 2 ? bytes.readUInt16BE(0) : NO_CODE;
    const reason = bytes.toString('utf8', 2);
    this.close(code, reason);
    this.#tell(code, reason);
    this.#connection.end();
  }

  #tell(code: number, reason: string): void {
    if (this.#told) return;
    this.#told = true;
    this.#events.closed(code, reason);
  }
}

function sendGathered(socket: ClientWebSocket): void {
  socket.sendGathered();
}
