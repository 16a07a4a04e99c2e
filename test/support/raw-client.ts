// A client that sends bytes as they are given and keeps what comes back. Rule: it understands as little HTTP as it can; what
// it has received is there byte by byte.
import { once } from 'node:events';
import net from 'node:net';
import type { TestContext } from 'node:test';
import tls from 'node:tls';

export interface RawAnswer {
  readonly status: number;
  /** The head without its empty line. */
  readonly head: string;
  readonly body: string;
  /** The whole of it has come. */
  readonly isWhole: boolean;
}

export class RawClient {
  readonly socket: net.Socket;
  /** What carries the socket: it, or the one below TLS. */
  private readonly carrier: net.Socket;
  /** How the connection has ended: 'end' when the other side has ended it in good order. */
  ending: 'open' | 'end' | 'reset' = 'open';
  private readonly parts: Buffer[] = [];
  private wake: () => void = () => {};

  private constructor(socket: net.Socket, carrier: net.Socket = socket) {
    this.socket = socket;
    this.carrier = carrier;
    socket.on('data', (bytes: Buffer) => {
      this.parts.push(bytes);
      this.wake();
    });
    socket.on('end', () => this.ends('end'));
    socket.on('error', () => this.ends('reset'));
    socket.on('close', () => this.ends('end'));
  }

  static async connect(t: TestContext, port: number): Promise<RawClient> {
    const socket = net.connect({ port, host: '127.0.0.1', noDelay: true });
    t.after(() => socket.destroy());
    await once(socket, 'connect');
    return new RawClient(socket);
  }

  /** The same through TLS, whatever certificate the other side shows. */
  static async connectTls(t: TestContext, port: number, alpn = 'http/1.1'): Promise<RawClient> {
    const carrier = net.connect({ port, host: '127.0.0.1', noDelay: true });
    t.after(() => carrier.destroy());
    const socket = tls.connect({ socket: carrier, rejectUnauthorized: false, ALPNProtocols: [alpn] });
    await once(socket, 'secureConnect');
    return new RawClient(socket, carrier);
  }

  /** Sends these bytes and nothing else, and resolves with all that came back when the connection has ended. */
  static async ask(t: TestContext, port: number, bytes: string | Buffer): Promise<RawClient> {
    const client = await RawClient.connect(t, port);
    client.send(bytes);
    await client.closed();
    return client;
  }

  send(bytes: string | Buffer): void {
    this.socket.write(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes);
  }

  /** Goes away in the middle of everything, and the other side is told by a reset. */
  leave(): void {
    this.carrier.resetAndDestroy();
  }

  /** Sends a record that nobody has encrypted. */
  breakTls(): void {
    this.carrier.write(Buffer.concat([Buffer.from('1703030020', 'hex'), Buffer.alloc(32)]));
  }

  get text(): string {
    return Buffer.concat(this.parts).toString('latin1');
  }

  get receivedBytes(): number {
    return this.parts.reduce((sum, part) => sum + part.length, 0);
  }

  /** The answers in what has come. `headOnly` says of each whether it answers HEAD. */
  answers(headOnly: readonly boolean[] = []): RawAnswer[] {
    const found: RawAnswer[] = [];
    let rest = this.text;
    while (rest !== '') {
      const answer = readAnswer(rest, headOnly[found.filter(({ status }) => status >= 200).length] === true);
      found.push(answer.answer);
      rest = rest.slice(answer.length);
    }
    return found;
  }

  /** Resolves as soon as what has come fulfils the condition; rejects when the connection ends before. */
  async until(isEnough: (client: this) => boolean): Promise<void> {
    while (!isEnough(this)) {
      if (this.ending !== 'open') throw new Error(`the connection has ended, with: ${this.text.slice(0, 500)}`);
      await this.nextEvent();
    }
  }

  async untilText(wanted: string | RegExp): Promise<void> {
    await this.until(({ text }) => (typeof wanted === 'string' ? text.includes(wanted) : wanted.test(text)));
  }

  async closed(): Promise<void> {
    while (this.ending === 'open') await this.nextEvent();
  }

  private nextEvent(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.wake = resolve;
    return promise;
  }

  private ends(how: 'end' | 'reset'): void {
    if (this.ending === 'open') this.ending = how;
    this.wake();
  }
}

function readAnswer(text: string, isHeadOnly: boolean): { answer: RawAnswer; length: number } {
  const headEnd = text.indexOf('\r\n\r\n');
  const status = Number(/^HTTP\/1\.1 (\d{3}) /.exec(text)?.[1] ?? 0);
  if (headEnd < 0 || status === 0) {
    return { answer: { status, head: text, body: '', isWhole: false }, length: text.length };
  }
  const head = text.slice(0, headEnd);
  const rest = text.slice(headEnd + 4);
  const { body, length, isWhole } = readBody(
    head,
    rest,
    isHeadOnly || status < 200 || status === 204 || status === 304,
  );
  return { answer: { status, head, body, isWhole }, length: headEnd + 4 + length };
}

function readBody(head: string, rest: string, isNone: boolean): { body: string; length: number; isWhole: boolean } {
  if (isNone) return { body: '', length: 0, isWhole: true };
  if (/^transfer-encoding: chunked$/im.test(head)) return readChunks(rest);
  const announced = /^content-length: (\d+)\r?$/im.exec(head)?.[1];
  const length = announced === undefined ? rest.length : Math.min(Number(announced), rest.length);
  return { body: rest.slice(0, length), length, isWhole: announced === undefined || length === Number(announced) };
}

function readChunks(rest: string): { body: string; length: number; isWhole: boolean } {
  let body = '';
  let at = 0;
  for (;;) {
    const line = /^([0-9a-f]+)\r\n/.exec(rest.slice(at));
    if (line === null) return { body, length: rest.length, isWhole: false };
    const size = Number.parseInt(line[1]!, 16);
    at += line[0].length;
    if (size === 0) {
      const end = /^(?:[^\r\n]+\r\n)*\r\n/.exec(rest.slice(at));
      return { body, length: end === null ? rest.length : at + end[0].length, isWhole: end !== null };
    }
    body += rest.slice(at, at + size);
    at += size + 2;
  }
}
