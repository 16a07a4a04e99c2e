// An origin that keeps every byte and reads requests out of them as leniently as the most careless server would: whatever could
// be taken for a request is one. Rule: it never refuses anything, so that what reaches it shows what was let through.
import { once } from 'node:events';
import net from 'node:net';
import type { TestContext } from 'node:test';

export interface RecordedRequest {
  readonly line: string;
  readonly fields: readonly string[];
  readonly body: string;
  /** Number of the connection that it came on. */
  readonly connection: number;
}

/** What is sent back for a request; null: nothing, or what has been done with the socket already. */
export type Reply = (request: RecordedRequest, socket: net.Socket) => string | Buffer | null;

const OK: Reply = ({ line }) => `HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n${line.startsWith('HEAD ') ? '' : 'ok'}`;

export class RecordingOrigin {
  readonly requests: RecordedRequest[] = [];
  readonly sockets: net.Socket[] = [];
  /** What has come on each connection and makes up no request yet. */
  readonly rests: string[] = [];
  private readonly reply: Reply;
  private readonly server: net.Server;
  private wake: () => void = () => {};

  private constructor(reply: Reply) {
    this.reply = reply;
    this.server = net.createServer({ allowHalfOpen: false, noDelay: true }, (socket) => this.accepted(socket));
  }

  static async open(t: TestContext, reply: Reply = OK): Promise<RecordingOrigin> {
    const origin = new RecordingOrigin(reply);
    origin.server.listen(0, '127.0.0.1');
    await once(origin.server, 'listening');
    t.after(() => {
      for (const socket of origin.sockets) socket.destroy();
      origin.server.close();
    });
    return origin;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as net.AddressInfo).port}`;
  }

  get openConnections(): number {
    return this.sockets.filter((socket) => !socket.destroyed).length;
  }

  /** Method, target and body of each request, without what every request has. */
  get seen(): string[] {
    return this.requests.map(({ line, body }) => `${line.replace(/ HTTP\/1\.1$/, '')}${body === '' ? '' : ` ${body}`}`);
  }

  async until(isEnough: (origin: this) => boolean): Promise<void> {
    while (!isEnough(this)) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.wake = resolve;
      await promise;
    }
  }

  private accepted(socket: net.Socket): void {
    const connection = this.sockets.push(socket) - 1;
    this.rests[connection] = '';
    socket.on('error', () => {});
    socket.on('close', () => this.wake());
    socket.on('data', (bytes) => {
      this.rests[connection] += bytes.toString('latin1');
      this.read(socket, connection);
      this.wake();
    });
  }

  private read(socket: net.Socket, connection: number): void {
    for (;;) {
      const found = readRequest(this.rests[connection]!);
      if (found === null) return;
      this.rests[connection] = this.rests[connection]!.slice(found.length);
      const request = { ...found.request, connection };
      this.requests.push(request);
      const answer = this.reply(request, socket);
      if (answer !== null) socket.write(typeof answer === 'string' ? Buffer.from(answer, 'latin1') : answer);
    }
  }
}

type Found = { readonly request: Omit<RecordedRequest, 'connection'>; readonly length: number };

function readRequest(text: string): Found | null {
  const end = /\r?\n\r?\n/.exec(text);
  if (end === null) return null;
  const headLength = end.index + end[0].length;
  const [line = '', ...fields] = text.slice(0, end.index).split(/\r?\n/);
  const body = readBody(fields.join('\n'), text.slice(headLength));
  return body === null ? null : { request: { line, fields, body: body.text }, length: headLength + body.length };
}

/** Null while it is not complete. */
function readBody(head: string, rest: string): { text: string; length: number } | null {
  if (/transfer.encoding[^\n]*chunked/i.test(head)) return readChunks(rest);
  const length = Number.parseInt(/content.length[^\d\n]*(\d+)/i.exec(head)?.[1] ?? '0', 10);
  return rest.length < length ? null : { text: rest.slice(0, length), length };
}

function readChunks(rest: string): { text: string; length: number } | null {
  let text = '';
  let at = 0;
  for (;;) {
    const line = /^\s*([0-9a-f]+)[^\n]*\n/i.exec(rest.slice(at));
    if (line === null) return null;
    const size = Number.parseInt(line[1]!, 16);
    at += line[0].length;
    if (size === 0) {
      const trailers = /^(?:[^\r\n]+\r?\n)*\r?\n/.exec(rest.slice(at));
      return trailers === null ? null : { text, length: at + trailers[0].length };
    }
    if (rest.length < at + size + 2) return null;
    text += rest.slice(at, at + size);
    at += size;
  }
}
