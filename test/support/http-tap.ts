// Stands between a client and a server and keeps what passes, both ways. Rule: it hands on what it gets as it gets it; what it keeps of
// a message is what its sender has sent, without the framing of the connection.
import { once } from 'node:events';
import http from 'node:http';
import type net from 'node:net';
import type { Duplex } from 'node:stream';
import type { TestContext } from 'node:test';

const NOTHING: Buffer = Buffer.alloc(0);

export interface Tapped {
  readonly method: string;
  readonly target: string;
  /** Names as they were spelled. */
  readonly fields: readonly (readonly [name: string, value: string])[];
  body: Buffer;
  /** 0 as long as there is no answer. */
  status: number;
  answer: Buffer;
}

export class HttpTap {
  readonly tapped: Tapped[] = [];
  readonly url: string;
  /** Or else a client that wants a WebSocket is told that there is none. */
  takesUpgrades = true;

  private constructor(url: string) {
    this.url = url;
  }

  static async open(t: TestContext, to: string): Promise<HttpTap> {
    const server = http.createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    t.after(() => {
      server.closeAllConnections();
      server.close();
    });
    const tap = new HttpTap(`http://127.0.0.1:${(server.address() as net.AddressInfo).port}`);
    server.on('request', (request, response) => {
      tap.pass(to, request, response).catch(() => response.destroy());
    });
    server.on('upgrade', (request, socket, first) => tap.tunnel(to, request, { socket, first }));
    return tap;
  }

  /** Those of a method, in order. */
  of(method: string): Tapped[] {
    return this.tapped.filter((each) => each.method === method);
  }

  /** What has become something else than HTTP: octet for octet. */
  private tunnel(to: string, request: http.IncomingMessage, client: Side): void {
    const { method = '', url = '', rawHeaders } = request;
    const tapped: Tapped = {
      method,
      target: url,
      fields: fieldsOf(rawHeaders),
      body: NOTHING,
      status: 0,
      answer: NOTHING,
    };
    this.tapped.push(tapped);
    if (!this.takesUpgrades) {
      tapped.status = 426;
      client.socket.end('HTTP/1.1 426 Upgrade Required\r\nConnection: close\r\nContent-Length: 0\r\n\r\n');
      return;
    }
    const onward = http.request(to + url, { method, headers: rawHeaders, agent: false, setDefaultHeaders: false });
    client.socket.on('error', () => onward.destroy());
    onward.on('error', () => client.socket.destroy());
    onward.on('response', (answer) => {
      tapped.status = answer.statusCode ?? 0;
      client.socket.end(headOf(answer));
    });
    onward.on('upgrade', (answer, socket, first) => {
      tapped.status = answer.statusCode ?? 0;
      client.socket.write(headOf(answer));
      relay(client, socket, (part) => (tapped.body = Buffer.concat([tapped.body, part])));
      relay({ socket, first }, client.socket, (part) => (tapped.answer = Buffer.concat([tapped.answer, part])));
    });
    onward.end();
  }

  private async pass(to: string, request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
    const { method = '', url = '', rawHeaders } = request;
    const body = await allOf(request);
    const tapped: Tapped = { method, target: url, fields: fieldsOf(rawHeaders), body, status: 0, answer: NOTHING };
    this.tapped.push(tapped);
    const onward = http.request(to + url, { method, headers: rawHeaders, agent: false, setDefaultHeaders: false });
    response.on('close', () => onward.destroy());
    onward.end(body);
    const [answer] = (await once(onward, 'response')) as [http.IncomingMessage];
    tapped.status = answer.statusCode ?? 0;
    response.writeHead(tapped.status, answer.rawHeaders);
    for await (const part of answer as AsyncIterable<Buffer>) {
      tapped.answer = Buffer.concat([tapped.answer, part]);
      response.write(part);
    }
    response.end();
  }
}

interface Side {
  readonly socket: Duplex;
  /** What has come of it already. */
  readonly first: Buffer;
}

function relay({ socket, first }: Side, to: Duplex, keep: (part: Buffer) => void): void {
  const pass = (part: Buffer): void => {
    keep(part);
    to.write(part);
  };
  if (first.length > 0) pass(first);
  socket.on('data', pass);
  socket.on('end', () => to.end());
  socket.on('error', () => to.destroy());
  socket.on('close', () => to.destroy());
}

function headOf({ statusCode = 0, statusMessage = '', rawHeaders }: http.IncomingMessage): string {
  const lines = fieldsOf(rawHeaders).map(([name, value]) => `${name}: ${value}\r\n`);
  return `HTTP/1.1 ${statusCode} ${statusMessage}\r\n${lines.join('')}\r\n`;
}

function fieldsOf(rawHeaders: readonly string[]): Tapped['fields'] {
  return rawHeaders.flatMap((name, at) => (at % 2 === 0 ? [[name, rawHeaders[at + 1] ?? ''] as const] : []));
}

async function allOf(request: http.IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  return Buffer.concat(parts);
}
