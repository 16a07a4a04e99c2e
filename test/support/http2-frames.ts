/*
 * HTTP/2 frames made by hand, for what no well-behaved client would send. Rule: header blocks use literals without
 * compression only, so that what a test sends can be read in it.
 */
import { once } from 'node:events';
import net from 'node:net';

export const FRAME = {
  DATA: 0,
  HEADERS: 1,
  RST_STREAM: 3,
  SETTINGS: 4,
  PING: 6,
  GOAWAY: 7,
  WINDOW_UPDATE: 8,
  CONTINUATION: 9,
} as const;

export const FLAG = { END_STREAM: 1, ACK: 1, END_HEADERS: 4 } as const;

const PREFACE = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n';
const HEAD_BYTES = 9;

export interface Frame {
  readonly type: number;
  readonly flags: number;
  readonly stream: number;
  readonly payload: Buffer;
}

export function frame(type: number, flags: number, stream: number, payload: Buffer = Buffer.alloc(0)): Buffer {
  const head = Buffer.alloc(HEAD_BYTES);
  head.writeUIntBE(payload.length, 0, 3);
  head.writeUInt8(type, 3);
  head.writeUInt8(flags, 4);
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
}

/** A header block of literals that are neither compressed nor remembered. */
export function block(...fields: readonly (readonly [name: string, value: string])[]): Buffer {
  const text = (value: string): Buffer => {
    const bytes = Buffer.from(value, 'latin1');
    return Buffer.concat([integer(bytes.length), bytes]);
  };
  return Buffer.concat(fields.flatMap(([name, value]) => [Buffer.of(0), text(name), text(value)]));
}

export const REQUEST: readonly (readonly [string, string])[] = [
  [':method', 'GET'],
  [':scheme', 'http'],
  [':authority', 'localhost'],
  [':path', '/'],
];

export function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

/** An integer with a prefix of seven bits (RFC 7541, 5.1). */
function integer(value: number): Buffer {
  if (value < 127) return Buffer.of(value);
  const bytes = [127];
  let rest = value - 127;
  for (; rest >= 128; rest >>= 7) bytes.push((rest & 127) | 128);
  return Buffer.from([...bytes, rest]);
}

/** One end of a connection that keeps every frame that comes and answers none. */
export class RawHttp2Peer {
  readonly socket: net.Socket;
  readonly frames: Frame[] = [];
  closed = false;
  private pending: Buffer = Buffer.alloc(0);
  private waiting: (() => void)[] = [];

  constructor(socket: net.Socket) {
    this.socket = socket;
    socket.on('error', () => {});
    socket.on('data', (bytes: Buffer) => this.read(bytes));
    socket.on('close', () => {
      this.closed = true;
      this.notify();
    });
  }

  send(...frames: readonly Buffer[]): void {
    this.socket.write(Buffer.concat(frames));
  }

  /** Resolves with the first frame that fits, seen already or yet to come; undefined when the connection closes first. */
  async find(fits: (each: Frame) => boolean): Promise<Frame | undefined> {
    for (;;) {
      const found = this.frames.find(fits);
      if (found !== undefined || this.closed) return found;
      await new Promise<void>((resolve) => this.waiting.push(resolve));
    }
  }

  /** The error code with which a stream was reset. */
  async resetCode(stream: number): Promise<number | undefined> {
    const found = await this.find((each) => each.type === FRAME.RST_STREAM && each.stream === stream);
    return found?.payload.readUInt32BE(0);
  }

  /** The error code with which the connection was given up. */
  async goawayCode(): Promise<number | undefined> {
    const found = await this.find((each) => each.type === FRAME.GOAWAY);
    return found?.payload.readUInt32BE(4);
  }

  private read(bytes: Buffer): void {
    this.pending = Buffer.concat([this.pending, bytes]);
    if (this.frames.length === 0 && this.pending.indexOf(PREFACE) === 0)
      this.pending = this.pending.subarray(PREFACE.length);
    for (;;) {
      if (this.pending.length < HEAD_BYTES) break;
      const end = HEAD_BYTES + this.pending.readUIntBE(0, 3);
      if (this.pending.length < end) break;
      this.frames.push({
        type: this.pending.readUInt8(3),
        flags: this.pending.readUInt8(4),
        stream: this.pending.readUInt32BE(5) & 0x7fffffff,
        payload: this.pending.subarray(HEAD_BYTES, end),
      });
      this.pending = this.pending.subarray(end);
    }
    this.notify();
  }

  private notify(): void {
    const { waiting } = this;
    this.waiting = [];
    for (const each of waiting) each();
  }
}

/** A client that has sent the preface and its settings. */
export class RawHttp2Client extends RawHttp2Peer {
  static async connect(port: number, settings: Buffer = Buffer.alloc(0)): Promise<RawHttp2Client> {
    const client = new RawHttp2Client(net.connect(port, '127.0.0.1'));
    await once(client.socket, 'connect');
    client.socket.write(PREFACE);
    client.send(frame(FRAME.SETTINGS, 0, 0, settings));
    return client;
  }
}
