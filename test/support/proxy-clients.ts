// Clients of a forward proxy, many at a time, each of which asks once and says how it went. Rule: one that is not answered
// fails, and so does the test that has started it.
import { once } from 'node:events';
import http from 'node:http';
import type net from 'node:net';
import { readAll } from './origins.ts';

export interface Said {
  readonly status: number;
  readonly fields: http.IncomingHttpHeaders;
  readonly body: string;
}

export interface Asked {
  readonly method?: string;
  readonly body?: string;
  readonly fields?: Readonly<Record<string, string>>;
  /** Keeps connections to the proxy; without it each request has its own. */
  readonly agent?: http.Agent;
}

/** One request in absolute-form. */
export async function askPlainly(port: number, url: string, asked: Asked = {}): Promise<Said> {
  const { method = 'GET', body, fields = {}, agent = false } = asked;
  const headers = { Host: new URL(url).host, ...fields };
  const request = http.request({ host: '127.0.0.1', port, path: url, method, headers, agent });
  request.end(body);
  const [response] = (await once(request, 'response')) as [http.IncomingMessage];
  return { status: response.statusCode ?? 0, fields: response.headers, body: await readAll(response) };
}

/** What came of a CONNECT; with 200 the socket is a tunnel, and belongs to the caller. */
export interface Opened {
  readonly status: number;
  readonly fields: http.IncomingHttpHeaders;
  readonly socket: net.Socket;
}

export async function openTunnel(
  port: number,
  authority: string,
  fields: http.OutgoingHttpHeaders = {},
): Promise<Opened> {
  const headers = { Host: authority, ...fields };
  const request = http.request({ host: '127.0.0.1', port, method: 'CONNECT', path: authority, headers, agent: false });
  request.end();
  const [response, socket] = (await once(request, 'connect')) as [http.IncomingMessage, net.Socket];
  socket.on('error', () => {});
  return { status: response.statusCode ?? 0, fields: response.headers, socket };
}

/** One request through a tunnel of its own, or the refusal of the tunnel. */
export async function askThroughTunnel(port: number, url: string, asked: Asked = {}): Promise<Said> {
  const { host, pathname } = new URL(url);
  const { method = 'GET', body = '', fields = {} } = asked;
  const { status, fields: answered, socket } = await openTunnel(port, host, fields);
  if (status !== 200) {
    socket.destroy();
    return { status, fields: answered, body: '' };
  }
  const headers = { Host: host, 'Content-Length': String(Buffer.byteLength(body)), Connection: 'close' };
  const request = http.request({ createConnection: () => socket, method, path: pathname, headers });
  request.end(body);
  const [response] = (await once(request, 'response')) as [http.IncomingMessage];
  return { status: response.statusCode ?? 0, fields: answered, body: await readAll(response) };
}

/** Has `count` things done by `size` at a time. */
export async function crowd(size: number, count: number, work: (index: number) => Promise<void>): Promise<void> {
  let begun = 0;
  const one = async (): Promise<void> => {
    while (begun < count) {
      begun += 1;
      await work(begun - 1);
    }
  };
  await Promise.all(Array.from({ length: size }, one));
}
