// Servers for the gateway to forward to, on free ports of 127.0.0.1. Rule: what a test starts here has ended with it.
import { once } from 'node:events';
import http from 'node:http';
import http2 from 'node:http2';
import net from 'node:net';
import type { TestContext } from 'node:test';

/** A server that speaks HTTP/1.1; the answer is its URL. */
export function http1Origin(t: TestContext, listener: http.RequestListener): Promise<string> {
  const server = http.createServer(listener);
  t.after(() => server.closeAllConnections());
  return listen(t, server, 'http');
}

/** What has arrived at a server. */
export interface Seen {
  readonly method: string;
  readonly target: string;
  /** Names in lower case. */
  readonly fields: readonly (readonly [name: string, value: string])[];
  readonly body: string;
  readonly trailers: Readonly<Record<string, string | undefined>>;
}

/** A server that speaks HTTP/1.1 and answers with what it has seen, as JSON. */
export function reflectingOrigin(t: TestContext): Promise<string> {
  return http1Origin(t, (request, response) => {
    seenBy(request).then(
      (seen) => response.end(JSON.stringify(seen)),
      () => response.destroy(),
    );
  });
}

export async function seenBy(request: http.IncomingMessage): Promise<Seen> {
  const body = await readAll(request);
  const { method = '', url = '', rawHeaders, trailers } = request;
  const fields = rawHeaders.flatMap((name, index) =>
    index % 2 === 0 ? [[name.toLowerCase(), rawHeaders[index + 1] ?? ''] as const] : [],
  );
  return { method, target: url, fields, body, trailers };
}

export async function readAll(source: AsyncIterable<Buffer>): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of source) parts.push(part);
  return Buffer.concat(parts).toString();
}

export function valuesOf({ fields }: Seen, name: string): string[] {
  return fields.filter(([each]) => each === name).map(([, value]) => value);
}

export type StreamListener = (stream: http2.ServerHttp2Stream, fields: http2.IncomingHttpHeaders) => void;

export interface Http2Origin {
  readonly url: string;
  readonly sessions: readonly http2.ServerHttp2Session[];
  readonly sockets: readonly net.Socket[];
}

/** A server that speaks HTTP/2 in the clear. */
export async function http2Origin(
  t: TestContext,
  listener: StreamListener,
  options: http2.ServerOptions = {},
): Promise<Http2Origin> {
  const sessions: http2.ServerHttp2Session[] = [];
  const sockets: net.Socket[] = [];
  const server = http2.createServer(options);
  server.on('connection', (socket: net.Socket) => sockets.push(socket));
  server.on('session', (session) => {
    sessions.push(session);
    session.on('error', () => {});
  });
  server.on('stream', (stream: http2.ServerHttp2Stream, fields) => {
    stream.on('error', () => {});
    listener(stream, fields);
  });
  t.after(() => {
    for (const session of sessions) session.destroy();
  });
  return { url: await listen(t, server, 'h2c'), sessions, sockets };
}

/** A server that only sees bytes. */
export function rawOrigin(t: TestContext, onSocket: (socket: net.Socket) => void): Promise<string> {
  const sockets: net.Socket[] = [];
  const server = net.createServer((socket) => {
    sockets.push(socket);
    socket.on('error', () => {});
    onSocket(socket);
  });
  t.after(() => {
    for (const socket of sockets) socket.destroy();
  });
  return listen(t, server, 'http');
}

async function listen(t: TestContext, server: net.Server, scheme: string): Promise<string> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  return `${scheme}://127.0.0.1:${(server.address() as net.AddressInfo).port}`;
}
