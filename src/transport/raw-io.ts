// The only file that leans on private fields of node:net. It reads accepted sockets into a shared buffer (which
// net.createServer refuses, though net.connect allows it) and writes past the stream machinery when the kernel takes all
// bytes at once. Rule: nothing here is believed until proveRawIo() has seen it work in this very process; without that
// proof every function answers "no" and the public stream API is used instead. bench/raw-io.ts: which costs 1.1 times as
// much CPU time per read and write, the work of the kernel included.
import { Buffer } from 'node:buffer';
import net from 'node:net';

/** Called with `this` = the socket; false stops reading. */
export type ReadCallback = (this: net.Socket, count: number, buffer: Buffer) => boolean;

/** What is left to do of a write that the kernel did not take whole. */
export interface PendingWrite {
  oncomplete: (status: number) => void;
  /** Keeps the bytes alive. */
  buffer: Buffer;
}

export interface RawHandle {
  reading: boolean;
  useUserBuffer(buffer: Buffer): void;
  /** Since Node 26.10: 0 when all was written, an error number below 0, or the pending request. */
  writeBuffer(request: null, buffer: Buffer): number | PendingWrite;
}

type PrivateSocket = net.Socket & { _handle: RawHandle | null } & Record<symbol, unknown>;

let bufferKey: symbol | undefined;
let callbackKey: symbol | undefined;
let proven = false;

function findKeys(): void {
  const probe = new net.Socket({ onread: { buffer: Buffer.alloc(1), callback: () => true } });
  for (const key of Object.getOwnPropertySymbols(probe)) {
    if (key.description === 'kBuffer') bufferKey = key;
    else if (key.description === 'kBufferCb') callbackKey = key;
  }
  probe.destroy();
}

/** Makes the socket read into `buffer` and call `callback`; false when that is not possible here. */
export function readInto(socket: net.Socket, buffer: Buffer, callback: ReadCallback): boolean {
  const handle = (socket as PrivateSocket)._handle;
  if (!proven || handle === null || bufferKey === undefined || callbackKey === undefined) return false;
  (socket as PrivateSocket)[bufferKey] = buffer;
  (socket as PrivateSocket)[callbackKey] = callback;
  handle.useUserBuffer(buffer);
  return true;
}

/** A handle that rawWrite may use, or null: then only the stream API writes. */
export function rawHandle(socket: net.Socket): RawHandle | null {
  return proven ? (socket as PrivateSocket)._handle : null;
}

/** Writes now: 0 when the kernel took everything, a number below 0 for an error, else the write that is left to do. */
export function rawWrite(handle: RawHandle, bytes: Buffer): number | PendingWrite {
  return handle.writeBuffer(null, bytes);
}

/** Asks to be told when a pending write is done; until then `bytes` must stay untouched. */
export function awaitWrite(pending: PendingWrite, bytes: Buffer, onComplete: (status: number) => void): void {
  pending.buffer = bytes;
  pending.oncomplete = onComplete;
}

/** What is proved here ends a Node that does not know it, so only those are asked that have been seen to: 26 from 26.10 on. */
export function mayTryRawIo(version: string): boolean {
  const [major, minor = 0] = version.split('.').map(Number);
  return major === 26 && minor >= 10;
}

/** Tries everything above on a connection to ourselves. Called once per thread before the first door opens. */
export async function proveRawIo(): Promise<boolean> {
  if (proven || !mayTryRawIo(process.versions.node)) return proven;
  findKeys();
  proven = true;
  proven = await new Promise<boolean>((resolve) => new Proof(resolve).start());
  return proven;
}

/** How long the proof may take; on loopback it takes about a millisecond. */
const PROOF_TIMEOUT_MS = 1000;
const PROOF_BYTES = 'raw-io';

class Proof {
  private readonly server = net.createServer({ pauseOnConnect: true }, (socket) => this.accepted(socket));
  private readonly sockets: net.Socket[] = [];
  private readonly timer = setTimeout(() => this.finish(false), PROOF_TIMEOUT_MS);
  private readonly resolve: (works: boolean) => void;

  constructor(resolve: (works: boolean) => void) {
    this.resolve = resolve;
  }

  start(): void {
    this.server.once('error', () => this.finish(false));
    this.server.listen(0, '127.0.0.1', () => this.connect((this.server.address() as net.AddressInfo).port));
  }

  private connect(port: number): void {
    const client = this.keep(net.connect(port, '127.0.0.1'));
    client.once('connect', () => {
      const handle = rawHandle(client);
      const written = handle === null ? -1 : rawWrite(handle, Buffer.from(PROOF_BYTES));
      if (written !== 0) this.finish(false);
    });
  }

  private accepted(socket: net.Socket): void {
    this.keep(socket);
    const attached = readInto(socket, Buffer.alloc(64), (count, buffer) => {
      this.finish(buffer.toString('latin1', 0, count) === PROOF_BYTES);
      return true;
    });
    if (attached) socket.resume();
    else this.finish(false);
  }

  private keep(socket: net.Socket): net.Socket {
    socket.on('error', () => this.finish(false));
    this.sockets.push(socket);
    return socket;
  }

  private finish(works: boolean): void {
    clearTimeout(this.timer);
    for (const socket of this.sockets) socket.destroy();
    this.server.close();
    this.resolve(works);
  }
}

/** For tests of the way without: forget the proof. */
export function distrustRawIo(): void {
  proven = false;
}
