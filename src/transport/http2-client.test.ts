import assert from 'node:assert/strict';
import { Buffer } from 'node:buffer';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import http2 from 'node:http2';
import net from 'node:net';
import { describe, test, type TestContext } from 'node:test';
import { FLAG, FRAME, frame, RawHttp2Peer } from '../../test/support/http2-frames.ts';
import type { CloseReason } from './connection.ts';
import { Http2ClientConnection, type Http2ClientOptions, type Http2RequestHandler } from './http2-client.ts';
import type { FlatFields } from './http2-stream.ts';
import { wheel } from './timers.ts';

const OPTIONS: Http2ClientOptions = { maxHeadBytes: 16_384, maxFields: 100, stallTimeoutMs: 60_000 };
const GET = [':method', 'GET', ':scheme', 'http', ':authority', 'origin.example', ':path', '/'];
const POST = [':method', 'POST', ...GET.slice(2)];

/** What came back for one request, and a way to wait for its end. */
class Recorder implements Http2RequestHandler {
  readonly interim: FlatFields[] = [];
  fields: FlatFields | null = null;
  ended = false;
  readonly chunks: Buffer[] = [];
  trailers: FlatFields | null | undefined;
  readonly closed: Promise<number>;
  readonly answered: Promise<FlatFields>;
  private resolve: (code: number) => void = () => {};
  private answer: (fields: FlatFields) => void = () => {};

  constructor() {
    this.closed = new Promise((resolve) => (this.resolve = resolve));
    this.answered = new Promise((resolve) => (this.answer = resolve));
  }

  onInterim(fields: FlatFields): void {
    this.interim.push(fields);
  }

  onHead(fields: FlatFields, ended: boolean): void {
    this.fields = fields;
    this.ended = ended;
    this.answer(fields);
  }

  onData(bytes: Buffer, from: number, to: number): void {
    assert.ok(this.fields, 'the head comes first');
    this.chunks.push(Buffer.from(bytes.subarray(from, to)));
  }

  onEnd(trailers: FlatFields | null): void {
    this.trailers = trailers;
  }

  onDrain(): void {}

  onClose(code: number): void {
    this.resolve(code);
  }

  get body(): Buffer {
    return Buffer.concat(this.chunks);
  }
}

interface Client {
  connection: Http2ClientConnection;
  closed: Promise<CloseReason>;
  /** How often capacity was said to have grown. */
  grown: () => number;
  /** Resolves when the server's settings have come. */
  settled: Promise<void>;
}

type OnStream = (stream: http2.ServerHttp2Stream, headers: http2.IncomingHttpHeaders) => void;

async function serve(
  t: TestContext,
  onStream: OnStream,
  options: http2.ServerOptions = {},
): Promise<{ server: http2.Http2Server; port: number }> {
  const server = http2.createServer({ ...options });
  const sessions = new Set<http2.ServerHttp2Session>();
  server.on('session', (session) => {
    sessions.add(session);
    session.on('error', () => {});
  });
  server.on('stream', (stream: http2.ServerHttp2Stream, headers: http2.IncomingHttpHeaders) => {
    stream.on('error', () => {});
    onStream(stream, headers);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    for (const session of sessions) session.destroy();
    server.close();
  });
  return { server, port: (server.address() as net.AddressInfo).port };
}

async function connect(t: TestContext, port: number, options: Partial<Http2ClientOptions> = {}): Promise<Client> {
  const socket = net.connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  socket.pause();
  await once(socket, 'connect');
  let grown = 0;
  let close: (reason: CloseReason) => void = () => {};
  let settle: () => void = () => {};
  const closed = new Promise<CloseReason>((resolve) => (close = resolve));
  const settled = new Promise<void>((resolve) => (settle = resolve));
  const handler = {
    onCapacity(): void {
      grown += 1;
      settle();
    },
    onClose: close,
  };
  const connection = new Http2ClientConnection(socket, { ...OPTIONS, ...options }, handler);
  t.after(() => connection.destroy('done'));
  return { connection, closed, settled, grown: () => grown };
}

describe('Http2ClientConnection', () => {
  test('a request without a body gets its answer', async (t) => {
    const { port } = await serve(t, (stream, headers) => {
      stream.respond({ ':status': 200, 'x-path': headers[':path'] });
      stream.end('hello');
    });
    const { connection } = await connect(t, port);
    const recorder = new Recorder();
    assert.ok(connection.request([...GET, 'x-one', '1'], 'none', recorder));
    assert.equal(connection.openStreams, 1);
    assert.equal(await recorder.closed, 0);
    assert.deepEqual(recorder.fields?.slice(0, 4), [':status', '200', 'x-path', '/']);
    assert.equal(recorder.ended, false);
    assert.equal(String(recorder.body), 'hello');
    assert.equal(recorder.trailers, null);
    assert.equal(connection.openStreams, 0);
  });

  test('the fields arrive as they were given, also a body with GET', async (t) => {
    let seen: string[] = [];
    const { server, port } = await serve(t, () => {});
    server.on('stream', (stream: http2.ServerHttp2Stream, _headers: unknown, _flags: unknown, raw: string[]) => {
      seen = raw;
      stream.respond({ ':status': 200 });
      stream.pipe(stream);
    });
    const { connection } = await connect(t, port);
    const recorder = new Recorder();
    const fields = [...GET, 'cookie', 'a=1', 'x-two', '1', 'x-two', '2'];
    const stream = connection.request([...fields], 'body', recorder);
    stream!.write(Buffer.from('xxbodyxx'), 2, 6);
    stream!.end();
    assert.equal(await recorder.closed, 0);
    assert.deepEqual(seen, fields);
    assert.equal(String(recorder.body), 'body');
  });

  test('trailers go both ways, and interim answers come first', async (t) => {
    let received: http2.IncomingHttpHeaders = {};
    const { port } = await serve(t, (stream) => {
      stream.on('trailers', (trailers) => (received = trailers));
      stream.additionalHeaders({ ':status': 103, link: '</a>' });
      stream.resume();
      stream.on('end', () => {
        stream.respond({ ':status': 200 }, { waitForTrailers: true });
        stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
        stream.end('x');
      });
    });
    const { connection } = await connect(t, port);
    const recorder = new Recorder();
    const stream = connection.request([...POST], 'body-and-trailers', recorder);
    stream!.end(['x-sum', '1']);
    assert.equal(await recorder.closed, 0);
    assert.equal(received['x-sum'], '1');
    assert.deepEqual(recorder.interim, [[':status', '103', 'link', '</a>']]);
    assert.deepEqual(recorder.trailers, ['grpc-status', '0']);
  });

  test('an answer that is only a head says so', async (t) => {
    const { port } = await serve(t, (stream) => stream.respond({ ':status': 204 }, { endStream: true }));
    const { connection } = await connect(t, port);
    const recorder = new Recorder();
    connection.request([...GET], 'none', recorder);
    assert.equal(await recorder.closed, 0);
    assert.equal(recorder.ended, true);
    assert.equal(recorder.trailers, null);
  });

  test('bulk goes both ways unchanged, with back-pressure', async (t) => {
    const sent = randomBytes(3_000_000);
    const { port } = await serve(t, (stream) => {
      stream.respond({ ':status': 200 });
      stream.pipe(stream);
    });
    const { connection } = await connect(t, port);
    const recorder = new Recorder();
    let at = 0;
    const stream = connection.request([...POST], 'body', recorder)!;
    const send = (): void => {
      while (at < sent.length) {
        const to = Math.min(at + 65_536, sent.length);
        const more = stream.write(sent, at, to);
        at = to;
        if (!more) return;
      }
      stream.end();
    };
    recorder.onDrain = send;
    send();
    assert.equal(await recorder.closed, 0);
    assert.ok(recorder.body.equals(sent));
  });

  test('an answer that is not read is held back', async (t) => {
    let flushed = false;
    const { port } = await serve(t, (stream) => {
      stream.additionalHeaders({ ':status': 103 });
      stream.respond({ ':status': 200 });
      stream.end(Buffer.alloc(4_000_000), () => (flushed = true));
    });
    const { connection } = await connect(t, port);
    const recorder = new Recorder();
    const stream = connection.request([...GET], 'none', recorder)!;
    recorder.onInterim = () => stream.pause();
    const other = new Recorder();
    connection.request([...GET], 'none', other)!;
    assert.equal(await other.closed, 0);
    assert.equal(flushed, true, 'that of the other one');
    assert.ok(recorder.body.length < 4_000_000);
    stream.resume();
    assert.equal(await recorder.closed, 0);
    assert.equal(recorder.body.length, 4_000_000);
  });

  test('a request that cannot be said in HTTP/2 is not begun', async (t) => {
    const { port } = await serve(t, () => {});
    const { connection } = await connect(t, port);
    assert.equal(connection.request([...GET, 'connection', 'close'], 'none', new Recorder()), null);
    assert.equal(connection.request([...GET, 'bad name', 'x'], 'none', new Recorder()), null);
    assert.equal(connection.openStreams, 0);
  });

  test('a reader that opens no window loses the stream', async (t) => {
    const { port } = await serve(t, () => {}, { settings: { initialWindowSize: 0 } });
    const { connection, settled } = await connect(t, port, { stallTimeoutMs: 20 });
    await settled;
    const recorder = new Recorder();
    const stream = connection.request([...POST], 'body', recorder)!;
    stream.write(Buffer.from('x'), 0, 1);
    stream.end();
    assert.equal(await recorder.closed, 8);
  });
});

describe('capacity', () => {
  test('is the limit of the server, less what is open, and growing is told', async (t) => {
    const { port } = await serve(t, (stream) => stream.respond({ ':status': 200 }), {
      settings: { maxConcurrentStreams: 2 },
    });
    const { connection, settled, grown } = await connect(t, port);
    assert.equal(connection.capacity, 100);
    await settled;
    assert.equal(connection.capacity, 2);
    const [one, two] = [new Recorder(), new Recorder()];
    const first = connection.request([...GET], 'none', one);
    connection.request([...GET], 'none', two);
    assert.equal(connection.capacity, 0);
    const before = grown();
    first!.reset(8);
    assert.equal(await one.closed, 8);
    assert.equal(connection.capacity, 1);
    assert.equal(grown(), before + 1);
  });

  test('ends with the farewell of the server; what it has begun is finished', async (t) => {
    const { port } = await serve(t, (stream) => {
      stream.session!.close();
      stream.respond({ ':status': 200 });
      setImmediate(() => stream.end('finished'));
    });
    const { connection, closed } = await connect(t, port);
    const recorder = new Recorder();
    connection.request([...GET], 'none', recorder);
    assert.equal(await recorder.closed, 0);
    assert.equal(String(recorder.body), 'finished');
    assert.equal(connection.capacity, 0);
    assert.equal(await closed, 'eof');
    assert.equal(wheel.held, 0);
  });

  test('close lets open requests finish', async (t) => {
    const { port } = await serve(t, (stream) => {
      stream.respond({ ':status': 200 });
      stream.session!.ping(() => stream.end('finished'));
    });
    const { connection, closed } = await connect(t, port);
    const recorder = new Recorder();
    connection.request([...GET], 'none', recorder);
    await recorder.answered;
    connection.close();
    assert.equal(connection.capacity, 0);
    assert.equal(await recorder.closed, 0);
    assert.equal(String(recorder.body), 'finished');
    await closed;
    assert.equal(connection.lost, true);
  });

  test('a server that does not close its side is not waited for', async (t) => {
    const server = net.createServer({ allowHalfOpen: true }, (socket) => {
      t.after(() => socket.destroy());
      socket.on('error', () => {});
      socket.write(frame(FRAME.SETTINGS, 0, 0));
      socket.resume();
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    t.after(() => server.close());
    const { connection, settled, closed } = await connect(t, (server.address() as net.AddressInfo).port);
    await settled;
    connection.close();
    assert.equal(await closed, 'eof');
    assert.equal(wheel.held, 0);
  });

  test('an unused connection closes at once', async (t) => {
    const { port } = await serve(t, () => {});
    const { connection, settled, closed } = await connect(t, port);
    await settled;
    connection.close();
    await closed;
  });
});

describe('ends that are no ends', () => {
  test('a refused stream was not begun and may be sent again', async (t) => {
    const { port } = await serve(t, (stream) => stream.close(7));
    const { connection } = await connect(t, port);
    const recorder = new Recorder();
    const stream = connection.request([...POST], 'none', recorder);
    assert.equal(await recorder.closed, 7);
    assert.equal(stream!.unprocessed, true);
  });

  test('a stream that is reset in its answer may have been begun', async (t) => {
    const { port } = await serve(t, (stream) => {
      stream.respond({ ':status': 200 });
      stream.write('half');
      setImmediate(() => {
        // Without this node would end the answer before it resets the stream.
        stream.end = () => stream;
        stream.close(7);
      });
    });
    const { connection } = await connect(t, port);
    const recorder = new Recorder();
    const stream = connection.request([...GET], 'none', recorder);
    assert.equal(await recorder.closed, 7);
    assert.equal(recorder.trailers, undefined);
    assert.equal(stream!.unprocessed, false);
  });

  for (const [name, lose] of [
    ['ends', (socket: net.Socket) => socket.end()],
    ['is reset', (socket: net.Socket) => socket.resetAndDestroy()],
  ] as const) {
    test(`a connection that ${name} in the middle of an answer is no end of it`, async (t) => {
      const sockets: net.Socket[] = [];
      const { server, port } = await serve(t, (stream) => {
        stream.respond({ ':status': 200 });
        stream.write('half');
      });
      server.on('connection', (socket: net.Socket) => sockets.push(socket));
      const { connection, closed } = await connect(t, port);
      const recorder = new Recorder();
      connection.request([...GET], 'none', recorder);
      await recorder.answered;
      lose(sockets[0]!);
      assert.equal(await recorder.closed, 8);
      assert.equal(recorder.trailers, undefined);
      assert.match(await closed, /eof|error/);
      assert.equal(connection.capacity, 0);
      assert.equal(wheel.held, 0);
    });
  }

  test('a request that is cut in its body never looks complete', async (t) => {
    const server = net.createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    t.after(() => server.close());
    const accepted = once(server, 'connection') as Promise<[net.Socket]>;
    const { connection, closed } = await connect(t, (server.address() as net.AddressInfo).port);
    const [socket] = await accepted;
    const origin = new RawHttp2Peer(socket);
    origin.send(frame(FRAME.SETTINGS, 0, 0));
    for (const [index, text] of ['', 'half'].entries()) {
      const id = 1 + 2 * index;
      const recorder = new Recorder();
      const stream = connection.request([...POST], 'body', recorder)!;
      if (text !== '') stream.write(Buffer.from(text), 0, text.length);
      await origin.find((each) => each.stream === id && (text === '' || each.type === FRAME.DATA));
      stream.reset(8);
      assert.equal(await recorder.closed, 8);
      assert.equal(await origin.resetCode(id), 8);
      const ends = origin.frames.filter(({ type, flags }) => type <= FRAME.HEADERS && (flags & FLAG.END_STREAM) !== 0);
      assert.deepEqual(ends, []);
    }
    socket.destroy();
    await closed;
  });

  test('a server that does not speak HTTP/2 ends the connection', async (t) => {
    const server = net.createServer((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')).listen(0, '127.0.0.1');
    await once(server, 'listening');
    t.after(() => server.close());
    const { connection, closed } = await connect(t, (server.address() as net.AddressInfo).port);
    const recorder = new Recorder();
    const stream = connection.request([...GET], 'none', recorder);
    assert.equal(await recorder.closed, 8);
    assert.equal(stream!.unprocessed, false);
    assert.equal(await closed, 'error');
  });

  test('a request on a connection that is gone closes without an answer', async (t) => {
    const { port } = await serve(t, () => {});
    const { connection, closed } = await connect(t, port);
    connection.destroy('done');
    assert.equal(await closed, 'done');
    const recorder = new Recorder();
    connection.request([...GET], 'none', recorder);
    assert.notEqual(await recorder.closed, 0);
  });
});
