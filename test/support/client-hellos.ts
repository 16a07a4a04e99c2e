// What TLS clients say first: made by hand, byte by byte, and taken from the client of Node. Rule: what is made by hand is right unless
// it is told what to do wrong.
import { Duplex } from 'node:stream';
import tls from 'node:tls';

type Bytes = readonly number[] | Buffer;

/** `bytes` with their number before them. */
export function sized(lengthBytes: number, ...parts: readonly Bytes[]): Buffer {
  const bytes = Buffer.concat(parts.map((part) => Buffer.from(part)));
  const length = Buffer.alloc(lengthBytes);
  length.writeUIntBE(bytes.length, 0, lengthBytes);
  return Buffer.concat([length, bytes]);
}

export function extension(type: number, ...data: readonly Bytes[]): Buffer {
  return Buffer.concat([Buffer.of(type >> 8, type & 0xff), sized(2, ...data)]);
}

export function serverName(name: string): Buffer {
  return extension(0, sized(2, [0], sized(2, Buffer.from(name, 'latin1'))));
}

/** One of those that hide the hello proper, as far as anybody can see from outside. */
export const ENCRYPTED_HELLO: Buffer = extension(0xfe0d, Buffer.alloc(40, 7));

/** The handshake message, without records. */
export function helloMessage(...extensions: readonly Buffer[]): Buffer {
  const session = sized(1, Buffer.alloc(32, 2));
  const ciphers = sized(2, [0x13, 0x01, 0x13, 0x02]);
  const others = extensions.length === 0 ? [] : [sized(2, ...extensions)];
  const body = [[3, 3], Buffer.alloc(32, 1), session, ciphers, sized(1, [0]), ...others];
  return Buffer.concat([Buffer.of(1), sized(3, ...body)]);
}

/** In records of so many bytes each. */
export function inRecords(message: Buffer, size = 16_384, type = 22): Buffer {
  const records: Buffer[] = [];
  for (let at = 0; at < message.length; at += size) {
    records.push(Buffer.of(type, 3, 1), sized(2, message.subarray(at, at + size)));
  }
  return Buffer.concat(records);
}

export function clientHello(...extensions: readonly Buffer[]): Buffer {
  return inRecords(helloMessage(...extensions));
}

/** The hello of the client that Node has. */
export function nodeClientHello(options: tls.ConnectionOptions): Promise<Buffer> {
  return new Promise((resolve) => {
    const wire = new Duplex({
      read() {},
      write(chunk: Buffer, _encoding, done) {
        resolve(chunk);
        done();
        setImmediate(() => client.destroy());
      },
    });
    const client = tls.connect({ ...options, socket: wire });
    client.on('error', () => {});
  });
}
