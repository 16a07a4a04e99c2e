/*
 * A door that speaks HTTP/2, on a port of its own, and remembers what came in. Rule: what a request gets for an answer is up
 * to the test.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import http2 from 'node:http2';
import net from 'node:net';
import type { TestContext } from 'node:test';
import type { CloseReason } from '../../src/transport/connection.ts';
import { Http2ServerConnection, type Http2ServerOptions } from '../../src/transport/http2-server.ts';
import type { Http2ServerStream } from '../../src/transport/http2-server-stream.ts';
import type { FlatFields } from '../../src/transport/http2-stream.ts';

export const HTTP2_OPTIONS: Http2ServerOptions = {
  maxConcurrentStreams: 100,
  maxHeadBytes: 16_384,
  maxFields: 100,
  idleTimeoutMs: 60_000,
  stallTimeoutMs: 60_000,
};

/** What a stream has seen, and a way to wait for its end. */
export class StreamRecorder {
  readonly chunks: Buffer[] = [];
  trailers: FlatFields | null | undefined;
  code: number | undefined;
  readonly closed: Promise<number>;
  private resolve: (code: number) => void = () => {};

  constructor() {
    this.closed = new Promise((resolve) => (this.resolve = resolve));
  }

  onData(bytes: Buffer, from: number, to: number): void {
    this.chunks.push(Buffer.from(bytes.subarray(from, to)));
  }

  onEnd(trailers: FlatFields | null): void {
    this.trailers = trailers;
  }

  onDrain(): void {}

  onClose(code: number): void {
    assert.equal(this.code, undefined, 'a stream closes once');
    this.code = code;
    this.resolve(code);
  }

  get body(): Buffer {
    return Buffer.concat(this.chunks);
  }
}

export interface Http2Door {
  port: number;
  connections: Http2ServerConnection[];
  streams: Http2ServerStream[];
  recorders: StreamRecorder[];
  /** The reason with which the next connection closes. */
  closed: Promise<CloseReason>;
}

export type OnHttp2Request = (stream: Http2ServerStream, recorder: StreamRecorder) => void;

export async function openHttp2Door(
  t: TestContext,
  onRequest: OnHttp2Request,
  options: Partial<Http2ServerOptions> = {},
): Promise<Http2Door> {
  let close: (reason: CloseReason) => void = () => {};
  const closed = new Promise<CloseReason>((resolve) => (close = resolve));
  const door: Http2Door = { port: 0, connections: [], streams: [], recorders: [], closed };
  const server = net.createServer({ pauseOnConnect: true, allowHalfOpen: true }, (socket) => {
    const connection: Http2ServerConnection = new Http2ServerConnection(
      socket,
      { ...HTTP2_OPTIONS, ...options },
      {
        onRequest(stream) {
          const recorder = new StreamRecorder();
          stream.handler = recorder;
          door.streams.push(stream);
          door.recorders.push(recorder);
          onRequest(stream, recorder);
        },
        onClose: close,
      },
    );
    door.connections.push(connection);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    for (const connection of door.connections) connection.cut();
    server.close();
  });
  door.port = (server.address() as net.AddressInfo).port;
  return door;
}

/** Answers with a text. */
export function say(stream: Http2ServerStream, text: string, trailers: FlatFields | null = null): void {
  assert.equal(
    stream.respond([':status', '200', 'x-test', 'yes'], trailers === null ? 'body' : 'body-and-trailers'),
    true,
  );
  stream.write(Buffer.from(text), 0, Buffer.byteLength(text));
  stream.end(trailers);
}

/** A client as programs have it. */
export function http2Session(t: TestContext, port: number): http2.ClientHttp2Session {
  const client = http2.connect(`http://127.0.0.1:${port}`);
  client.on('error', () => {});
  t.after(() => client.destroy());
  return client;
}

export interface Http2Answer {
  status: number | undefined;
  fields: http2.IncomingHttpHeaders;
  body: string;
  trailers: http2.IncomingHttpHeaders | undefined;
  interim: (number | undefined)[];
}

/** All that came back for a request. */
export async function answerTo(stream: http2.ClientHttp2Stream): Promise<Http2Answer> {
  const answer: Http2Answer = { status: undefined, fields: {}, body: '', trailers: undefined, interim: [] };
  stream.setEncoding('latin1');
  stream.on('headers', (fields) => answer.interim.push(fields[':status']));
  stream.on('response', (fields) => {
    answer.fields = fields;
    answer.status = fields[':status'];
  });
  stream.on('trailers', (fields) => (answer.trailers = fields));
  stream.on('data', (text: string) => (answer.body += text));
  await once(stream, 'close');
  return answer;
}
