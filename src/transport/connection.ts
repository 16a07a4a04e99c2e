// One established byte stream, whatever carries it: TCP, a unix socket or TLS. It adds to node:net what a data path needs:
// reads into one shared buffer, writes that borrow their bytes, one drain signal, and exactly one reason for its end.
// Rule: onClose comes exactly once and last; after it nothing of the connection is left.
import { Buffer } from 'node:buffer';
import type net from 'node:net';
import type { TLSSocket } from 'node:tls';
import { OutBuffer } from '../codec/http1/writer.ts';
import type { ProxiedEnds } from '../codec/proxy-protocol/proxy-header.ts';
import { BufferPool, sharedReadBuffer } from './buffers.ts';
import { type ClientCertificate, clientCertificateOf } from './client-certificate.ts';
import { awaitWrite, type PendingWrite, rawHandle, type RawHandle, rawWrite, readInto } from './raw-io.ts';

/** Why a connection ended. The first reason given is kept. */
export type CloseReason = 'eof' | 'reset' | 'timeout' | 'idle' | 'error' | 'drain' | 'refused' | 'done';

export interface ConnectionHandler {
  /** The bytes are valid only until this returns. */
  onData(bytes: Buffer, from: number, to: number): void;
  /** The peer will send nothing more; we may still write. */
  onHalfClose(): void;
  /** After a write answered false: everything has been handed to the kernel. */
  onDrain(): void;
  onClose(reason: CloseReason): void;
}

/** For a connection that is paused until somebody takes it over. */
export const NOBODY: ConnectionHandler = { onData() {}, onHalfClose() {}, onDrain() {}, onClose() {} };

/** Above this many bytes that the kernel has not taken, a writer is told to wait. */
const HIGH_WATER_BYTES = 64 * 1024;

/** Less than this is quicker copied than waited for. */
const LENT_BYTES = 16 * 1024;

/** What write() was given, for as long as it takes to hand it on. */
const borrowed = new OutBuffer(sharedReadBuffer.length);

/** Rooms of the sizes that bulk is written from: new ones cost more than what is written. */
const SIZES_OF_ROOMS = [64, 96, 128].map((kib) => kib * 1024);
const MOST_SPARE_ROOMS = 16;
const rooms: readonly BufferPool[] = SIZES_OF_ROOMS.map((size) => new BufferPool(size, MOST_SPARE_ROOMS));

function roomsOf({ length }: Buffer): BufferPool | undefined {
  return rooms.find(({ size }) => size === length);
}

/** Gives a writer other bytes to write to, and returns those that it had. */
function exchangeRoom(out: OutBuffer): Buffer {
  const { bytes } = out;
  out.bytes = roomsOf(bytes)?.take() ?? Buffer.allocUnsafeSlow(bytes.length);
  out.length = 0;
  return bytes;
}

const owner: unique symbol = Symbol('connection');
type OwnedSocket = net.Socket & { [owner]: Connection | null };

export class Connection {
  handler: ConnectionHandler;
  /** For whoever has opened it for others and wants to know of its end, whoever its handler is by then. */
  onEnd: ((reason: CloseReason) => void) | null = null;
  readonly secure: boolean;
  bytesRead = 0;
  bytesWritten = 0;
  /** Set as soon as the end is decided; nothing is written any more. */
  closed = false;
  private readonly socket: net.Socket;
  private readonly raw: RawHandle | null;
  private knownAddress: string | null = null;
  private knownPort: number | null = null;
  private pendingBytes = 0;
  private awaitsDrain = false;
  private paused = false;
  private reason: CloseReason | null = null;

  /** Takes over an established socket that is paused and has no listeners of its own. Reading begins with `resume()`. */
  constructor(socket: net.Socket | TLSSocket, handler: ConnectionHandler) {
    this.socket = socket;
    this.handler = handler;
    this.secure = 'encrypted' in socket;
    (socket as OwnedSocket)[owner] = this;
    // A TLS socket allows one write at a time and keeps the order only through its stream.
    this.raw = this.secure ? null : rawHandle(socket);
    if (!readInto(socket, sharedReadBuffer, onRead)) socket.on('data', onChunk);
    socket.pause();
    this.paused = true;
    socket.on('end', onSocketEnd);
    socket.on('error', onSocketError);
    socket.on('close', onSocketClose);
    if (this.raw === null) socket.on('drain', onSocketDrain);
  }

  /** Known as long as the connection is open, and afterwards to who has asked in time. */
  get remoteAddress(): string {
    this.knownAddress ??= this.socket.remoteAddress ?? null;
    return this.knownAddress ?? '';
  }

  get remotePort(): number {
    this.knownPort ??= this.socket.remotePort ?? null;
    return this.knownPort ?? 0;
  }

  get localAddress(): string {
    return this.socket.localAddress ?? '';
  }

  get localPort(): number {
    return this.socket.localPort ?? 0;
  }

  /** Null where they have no addresses. */
  get ends(): ProxiedEnds | null {
    return endsOf(this.socket);
  }

  /** TLS: the name that the client asked for, or empty. */
  get serverName(): string {
    const name = this.secure ? (this.socket as TLSSocket & { servername?: string | false }).servername : '';
    return typeof name === 'string' ? name : '';
  }

  /** TLS: what the client has shown and could be verified. */
  get clientCertificate(): ClientCertificate | null {
    return clientCertificateOf(this.socket);
  }

  /** TLS: the protocol agreed on by ALPN, or empty. */
  get alpn(): string {
    const protocol = this.secure ? (this.socket as TLSSocket).alpnProtocol : '';
    return typeof protocol === 'string' ? protocol : '';
  }

  /** TLS: bytes that both ends know and nobody between them (RFC 5705); null without it. */
  keyingMaterial(label: string, length: number): Buffer | null {
    return this.secure ? (this.socket as TLSSocket).exportKeyingMaterial(length, label, Buffer.alloc(0)) : null;
  }

  /** Writes a part of `bytes`; the caller may reuse them at once. False: wait for onDrain. */
  write(bytes: Buffer, from: number, to: number): boolean {
    if (this.closed) return false;
    borrowed.copy(bytes, from, to);
    return this.flush(borrowed);
  }

  /** Writes a part of `bytes`, which never change: they are sent from where they lie. False: wait for onDrain. */
  lend(bytes: Buffer, from: number, to: number): boolean {
    return this.closed ? false : this.send(bytes.subarray(from, to));
  }

  /** Writes what `out` holds and empties it. False: wait for onDrain. */
  flush(out: OutBuffer): boolean {
    const length = out.length;
    if (length === 0) return !this.awaitsDrain;
    if (this.closed) {
      out.length = 0;
      return false;
    }
    const view = out.bytes.subarray(0, length);
    if (this.raw === null && length >= LENT_BYTES) return this.handOver(out, view);
    if (this.raw === null || this.pendingBytes > 0) {
      out.length = 0;
      return this.send(Buffer.from(view));
    }
    this.bytesWritten += length;
    const result = rawWrite(this.raw, view);
    if (result === 0) {
      out.length = 0;
      return true;
    }
    if (typeof result === 'number') {
      out.length = 0;
      this.destroy('reset');
      return false;
    }
    // The kernel reads on from these bytes, so the writer gets new ones.
    return this.wait(result, view, exchangeRoom(out));
  }

  /** TLS: much at once is encrypted from where it lies. */
  private handOver(out: OutBuffer, view: Buffer): boolean {
    const room = exchangeRoom(out);
    this.bytesWritten += view.length;
    this.awaitsDrain = !this.socket.write(view, () => roomsOf(room)?.give(room));
    return !this.awaitsDrain;
  }

  /** Puts back what has been read of a paused connection, for the code that it is released to. */
  unread(bytes: Buffer): void {
    this.bytesRead -= bytes.length;
    this.socket.unshift(bytes);
  }

  /** Nothing more will be written; the peer sees the end after all that was written. */
  end(): void {
    if (!this.closed) this.socket.end();
  }

  /** Ends at once; what the kernel has not taken yet is lost. */
  destroy(reason: CloseReason): void {
    if (this.closed) return;
    this.closed = true;
    this.reason ??= reason;
    this.socket.destroy();
  }

  /** Ends with a TCP reset, so that the peer cannot take a cut message for a complete one. */
  reset(reason: CloseReason): void {
    if (this.closed) return;
    this.closed = true;
    this.reason ??= reason;
    // While its end is on the way the system refuses to reset a socket, and Node would leave it open for ever.
    const isEnding = this.socket.writableEnded && !this.socket.writableFinished;
    if (this.secure || isEnding) this.socket.destroy();
    else resetOrDestroy(this.socket);
  }

  pause(): void {
    if (this.paused || this.closed) return;
    this.paused = true;
    this.socket.pause();
  }

  resume(): void {
    if (!this.paused || this.closed) return;
    this.paused = false;
    this.socket.resume();
  }

  /** A write answered false and its onDrain has not come yet. */
  get congested(): boolean {
    return this.awaitsDrain;
  }

  /** Bytes that were written and that the kernel has not taken yet. */
  get unsentBytes(): number {
    return this.pendingBytes + this.socket.writableLength;
  }

  get isPaused(): boolean {
    return this.paused;
  }

  /** Hands the socket to code that speaks through node streams (node:http2); the connection is empty from here on. */
  release(): net.Socket {
    this.closed = true;
    const { socket } = this;
    (socket as OwnedSocket)[owner] = null;
    socket.removeListener('data', onChunk);
    socket.removeListener('end', onSocketEnd);
    socket.removeListener('error', onSocketError);
    socket.removeListener('close', onSocketClose);
    socket.removeListener('drain', onSocketDrain);
    const { onEnd } = this;
    const [read, written] = [socket.bytesRead, socket.bytesWritten];
    if (onEnd !== null) {
      socket.once('close', () => {
        this.bytesRead += socket.bytesRead - read;
        this.bytesWritten += socket.bytesWritten - written;
        onEnd(this.reason ?? 'eof');
      });
    }
    return socket;
  }

  private send(bytes: Buffer): boolean {
    this.bytesWritten += bytes.length;
    if (this.raw === null) {
      this.awaitsDrain = !this.socket.write(bytes);
      return !this.awaitsDrain;
    }
    const result = rawWrite(this.raw, bytes);
    if (result === 0) return !this.awaitsDrain;
    if (typeof result !== 'number') return this.wait(result, bytes);
    this.destroy('reset');
    return false;
  }

  /** `room`: what the bytes lie in, to be used again when they have been taken. */
  private wait(pending: PendingWrite, bytes: Buffer, room: Buffer | null = null): boolean {
    const { length } = bytes;
    this.pendingBytes += length;
    if (this.pendingBytes > HIGH_WATER_BYTES) this.awaitsDrain = true;
    awaitWrite(pending, bytes, (status) => {
      if (room !== null) roomsOf(room)?.give(room);
      this.written(length, status);
    });
    return !this.awaitsDrain;
  }

  private written(length: number, status: number): void {
    this.pendingBytes -= length;
    if (status < 0) this.destroy('reset');
    else if (this.pendingBytes === 0) this.drained();
  }

  drained(): void {
    if (!this.awaitsDrain || this.closed) return;
    this.awaitsDrain = false;
    this.handler.onDrain();
  }

  received(bytes: Buffer, from: number, to: number): boolean {
    if (this.closed) return false;
    this.bytesRead += to - from;
    this.handler.onData(bytes, from, to);
    // Whoever has been given the socket meanwhile may read already.
    return !this.paused || (this.socket as OwnedSocket)[owner] === null;
  }

  failed(code: string | undefined): void {
    this.reason ??= code === undefined ? 'error' : (REASON_OF_ERROR[code] ?? 'error');
    this.closed = true;
    // Node does that by itself, but not for a TLS socket that breaks after its handshake: it would stay for ever.
    this.socket.destroy();
  }

  finished(): void {
    this.closed = true;
    // The handle of a closed socket lives until the next full collection, and with it whatever can be reached from there.
    (this.socket as OwnedSocket)[owner] = null;
    const reason = this.reason ?? 'eof';
    this.onEnd?.(reason);
    this.handler.onClose(reason);
  }
}

/** The addresses of both ends of a socket; null for one that has none. */
export function endsOf(socket: net.Socket): ProxiedEnds | null {
  const { remoteAddress, remotePort, localAddress, localPort } = socket;
  if (remoteAddress === undefined || localAddress === undefined) return null;
  return {
    sourceAddress: remoteAddress,
    sourcePort: remotePort ?? 0,
    destinationAddress: localAddress,
    destinationPort: localPort ?? 0,
  };
}

const REASON_OF_ERROR: Readonly<Record<string, CloseReason>> = {
  ECONNRESET: 'reset',
  EPIPE: 'reset',
  ETIMEDOUT: 'timeout',
};

// The listeners are shared by all connections: a closure for each would cost memory on thousands of idle ones.

function onRead(this: net.Socket, count: number, buffer: Buffer): boolean {
  return (this as OwnedSocket)[owner]?.received(buffer, 0, count) ?? false;
}

function onChunk(this: net.Socket, chunk: Buffer): void {
  (this as OwnedSocket)[owner]?.received(chunk, 0, chunk.length);
}

function onSocketEnd(this: net.Socket): void {
  const connection = (this as OwnedSocket)[owner];
  if (connection?.closed === false) connection.handler.onHalfClose();
}

function onSocketDrain(this: net.Socket): void {
  (this as OwnedSocket)[owner]?.drained();
}

function onSocketError(this: net.Socket, error: NodeJS.ErrnoException): void {
  (this as OwnedSocket)[owner]?.failed(error.code);
}

function onSocketClose(this: net.Socket): void {
  (this as OwnedSocket)[owner]?.finished();
}

/** A unix socket knows no reset, which Node says by throwing. */
function resetOrDestroy(socket: net.Socket): void {
  try {
    socket.resetAndDestroy();
  } catch {
    socket.destroy();
  }
}
