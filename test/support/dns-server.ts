// A DNS server on loopback that says what a test tells it to. Rule: as with every origin, what a test starts here has ended with it.
import dgram from 'node:dgram';
import { once } from 'node:events';
import net from 'node:net';
import type { TestContext } from 'node:test';

const TYPES = { A: 1, AAAA: 28, TXT: 16 } as const;
const NO_SUCH_NAME = 3;
const CANNOT_SAY = 2;

export class DnsServer {
  /** The addresses of a name; a name that is missing does not exist. */
  readonly records: Map<string, readonly string[]> = new Map();
  /** The texts of a name. */
  readonly texts: Map<string, readonly string[]> = new Map();
  ttlSeconds = 1;
  /** It answers every question with an error. */
  isBroken = false;
  /** The names that it was asked for, once per question. */
  readonly asked: string[] = [];
  private readonly socket = dgram.createSocket('udp4');

  static async open(
    t: TestContext,
    records: Readonly<Record<string, readonly string[]>> = {},
    port = 0,
  ): Promise<DnsServer> {
    const server = new DnsServer();
    for (const [name, addresses] of Object.entries(records)) server.records.set(name, addresses);
    server.socket.on('message', (question, { address, port }) => {
      server.socket.send(server.answer(question), port, address);
    });
    server.socket.bind(port, '127.0.0.1');
    await once(server.socket, 'listening');
    t.after(() => server.socket.close());
    return server;
  }

  /** As the configuration names it. */
  get address(): string {
    return `127.0.0.1:${this.socket.address().port}`;
  }

  private answer(question: Buffer): Buffer {
    const { name, end } = nameAt(question, 12);
    this.asked.push(name);
    const type = question.readUInt16BE(end);
    const known = this.records.get(name) ?? this.texts.get(name);
    const found = this.found(name, type);
    const head = Buffer.from(question.subarray(0, end + 4));
    head.writeUInt16BE(0x8180 | (this.isBroken ? CANNOT_SAY : known === undefined ? NO_SUCH_NAME : 0), 2);
    head.writeUInt16BE(this.isBroken ? 0 : found.length, 6);
    head.writeUInt32BE(0, 8);
    return this.isBroken ? head : Buffer.concat([head, ...found.map((data) => this.record(type, data))]);
  }

  /** The data of its records. */
  private found(name: string, type: number): Buffer[] {
    if (type === TYPES.TXT) return (this.texts.get(name) ?? []).map(textBytes);
    const family = type === TYPES.A ? 4 : type === TYPES.AAAA ? 6 : 0;
    return (this.records.get(name) ?? []).filter((address) => net.isIP(address) === family).map(bytesOf);
  }

  private record(type: number, data: Buffer): Buffer {
    const fixed = Buffer.alloc(12);
    fixed.writeUInt16BE(0xc00c, 0);
    fixed.writeUInt16BE(type, 2);
    fixed.writeUInt16BE(1, 4);
    fixed.writeUInt32BE(this.ttlSeconds, 6);
    fixed.writeUInt16BE(data.length, 10);
    return Buffer.concat([fixed, data]);
  }
}

function nameAt(message: Buffer, from: number): { name: string; end: number } {
  const labels: string[] = [];
  let at = from;
  for (let length = message[at] ?? 0; length > 0; length = message[at] ?? 0) {
    labels.push(message.toString('latin1', at + 1, at + 1 + length));
    at += length + 1;
  }
  return { name: labels.join('.').toLowerCase(), end: at + 1 };
}

/** In strings of at most 255 (RFC 1035, 3.3.14). */
function textBytes(text: string): Buffer {
  const parts = text.match(/.{1,255}/gs) ?? [''];
  return Buffer.concat(parts.flatMap((part) => [Buffer.from([part.length]), Buffer.from(part, 'latin1')]));
}

function bytesOf(address: string): Buffer {
  if (net.isIPv4(address)) return Buffer.from(address.split('.').map(Number));
  const [front = [], back = []] = address.split('::').map((half) => half.split(':').filter(Boolean));
  const bytes = Buffer.alloc(16);
  for (const [index, group] of front.entries()) bytes.writeUInt16BE(Number.parseInt(group, 16), 2 * index);
  for (const [index, group] of back.entries()) {
    bytes.writeUInt16BE(Number.parseInt(group, 16), 16 - 2 * (back.length - index));
  }
  return bytes;
}
