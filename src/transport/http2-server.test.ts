import assert from 'node:assert/strict';
import { Buffer } from 'node:buffer';
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import http2 from 'node:http2';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { promisify } from 'node:util';
import { CertificateAuthority } from '../../test/support/certificate-authority.ts';
import { answerTo, HTTP2_OPTIONS, http2Session, openHttp2Door, say } from '../../test/support/http2-door.ts';
import { block, FLAG, FRAME, frame, RawHttp2Client, REQUEST } from '../../test/support/http2-frames.ts';
import { requirePeer } from '../../test/support/peer.ts';
import { Http2ServerConnection } from './http2-server.ts';
import { TlsAcceptor } from './tls-accept.ts';
import { wheel } from './timers.ts';

describe('requests and answers', () => {
  test('a request without a body is a list of fields, and is answered', async (t) => {
    const door = await openHttp2Door(t, (stream) => say(stream, 'hello'));
    const answer = await answerTo(http2Session(t, door.port).request({ ':path': '/a?b', 'x-one': '1' }));
    assert.equal(answer.status, 200);
    assert.equal(answer.fields['x-test'], 'yes');
    assert.equal(answer.fields.date, undefined, 'nothing is added to the answer');
    assert.equal(answer.body, 'hello');
    const [stream] = door.streams;
    const authority = `127.0.0.1:${door.port}`;
    const sent = [':path', '/a?b', ':method', 'GET', ':authority', authority, ':scheme', 'http', 'x-one', '1'];
    assert.deepEqual(stream!.fields, sent);
    assert.equal(stream!.hasBody, false);
    assert.equal(await door.recorders[0]!.closed, 0);
    assert.deepEqual(door.recorders[0]!.chunks, []);
  });

  test('a body and trailers go both ways', async (t) => {
    const door = await openHttp2Door(t, (stream, recorder) => {
      assert.equal(stream.hasBody, true);
      recorder.onEnd = (trailers) => {
        recorder.trailers = trailers;
        say(stream, String(recorder.body), ['x-sum', '1', 'x-sum', '2']);
      };
    });
    const request = http2Session(t, door.port).request({ ':method': 'POST' }, { waitForTrailers: true });
    request.on('wantTrailers', () => request.sendTrailers({ 'x-check': 'ok' }));
    request.write('one ');
    request.end('two');
    const answer = await answerTo(request);
    assert.equal(answer.body, 'one two');
    assert.equal(answer.trailers?.['x-sum'], '1, 2');
    assert.deepEqual(door.recorders[0]!.trailers, ['x-check', 'ok']);
    assert.equal(await door.recorders[0]!.closed, 0);
  });

  test('trailers that were announced may stay away', async (t) => {
    const door = await openHttp2Door(t, (stream) => {
      stream.respond([':status', '200'], 'body-and-trailers');
      stream.end();
    });
    const answer = await answerTo(http2Session(t, door.port).request());
    assert.equal(answer.status, 200);
    assert.equal(answer.trailers, undefined);
  });

  test('an empty answer, interim answers, and the answer to HEAD', async (t) => {
    const door = await openHttp2Door(t, (stream) => {
      stream.inform([':status', '103', 'link', '</a>', 'link', '</b>']);
      stream.respond([':status', '204'], 'none');
    });
    const client = http2Session(t, door.port);
    for (const method of ['GET', 'HEAD']) {
      const answer = await answerTo(client.request({ ':method': method }));
      assert.equal(answer.status, 204);
      assert.deepEqual(answer.interim, [103]);
    }
    assert.equal(await door.recorders[1]!.closed, 0);
  });

  test('doubled fields are sent as they are, also those that should be single', async (t) => {
    const fields = [
      ':status',
      '200',
      'set-cookie',
      'a=1',
      'set-cookie',
      'b=2',
      'content-type',
      'a/b',
      'content-type',
      'c/d',
    ];
    const door = await openHttp2Door(t, (stream) => stream.respond([...fields], 'none'));
    const request = http2Session(t, door.port).request();
    const [, , raw] = (await once(request, 'response')) as [unknown, unknown, string[]];
    assert.deepEqual(raw, fields);
    request.close();
  });

  test('what cannot be said in HTTP/2 is refused and leaves the stream as it was', async (t) => {
    const refused: boolean[] = [];
    const door = await openHttp2Door(t, (stream) => {
      for (const bad of [
        [':status', '999'],
        [':status', '200', 'bad name', 'x'],
        [':status', '200', 'connection', 'close'],
      ]) {
        refused.push(stream.respond(bad, 'body'));
      }
      say(stream, 'still works');
    });
    assert.equal((await answerTo(http2Session(t, door.port).request())).body, 'still works');
    assert.deepEqual(refused, [false, false, false]);
  });

  test('many requests share a connection', async (t) => {
    const door = await openHttp2Door(t, (stream) => say(stream, stream.fields[1]!));
    const client = http2Session(t, door.port);
    const answers = await Promise.all(
      Array.from({ length: 300 }, (_, index) => answerTo(client.request({ ':path': `/${index}` }))),
    );
    assert.deepEqual(
      answers.map(({ body }) => body),
      Array.from({ length: 300 }, (_, index) => `/${index}`),
    );
    assert.equal(door.connections.length, 1);
    assert.equal(door.connections[0]!.openStreams, 0);
  });

  test('bulk goes both ways unchanged', async (t) => {
    const sent = randomBytes(3_000_000);
    const door = await openHttp2Door(t, (stream, recorder) => {
      stream.respond([':status', '200'], 'body');
      recorder.onData = (bytes, from, to) => void (stream.write(bytes, from, to) || stream.pause());
      recorder.onDrain = () => stream.resume();
      recorder.onEnd = () => stream.end();
    });
    const request = http2Session(t, door.port).request({ ':method': 'POST' });
    request.end(sent);
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    assert.ok(Buffer.concat(chunks).equals(sent));
    assert.equal(await door.recorders[0]!.closed, 0);
  });

  test('curl speaks it without TLS', async (t) => {
    const curl = requirePeer(t, 'curl');
    if (curl === undefined) return;
    const door = await openHttp2Door(
      t,
      (stream, recorder) => (recorder.onEnd = () => say(stream, String(recorder.body))),
    );
    const options = ['-s', '--http2-prior-knowledge', '--data', 'ping', '-w', ' %{http_version} %{http_code}'];
    const { stdout } = await promisify(execFile)(curl, [...options, `http://127.0.0.1:${door.port}/`]);
    assert.equal(stdout, 'ping 2 200');
  });

  test('under TLS it is chosen by ALPN', async (t) => {
    const dir = mkdtempSync(join(tmpdir(), 'sluice-http2-'));
    t.after(() => rmSync(dir, { recursive: true }));
    const { certFile, cert, keyFile, key } = new CertificateAuthority(dir).issue('server', 'DNS:localhost');
    const names: string[] = [];
    const acceptor = new TlsAcceptor(
      { certificates: [{ cert: { name: certFile, pem: cert }, key: { name: keyFile, pem: key } }], alpn: ['h2'] },
      {
        onSecure(socket) {
          const connection = new Http2ServerConnection(socket, HTTP2_OPTIONS, {
            onRequest: (stream) => say(stream, 'secure'),
            onClose() {},
          });
          names.push(`${connection.secure} ${connection.serverName}`);
        },
      },
    );
    const server = net.createServer({ pauseOnConnect: true, allowHalfOpen: true }, (socket) => acceptor.accept(socket));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    t.after(() => server.close());
    const { port } = server.address() as net.AddressInfo;
    const client = http2.connect(`https://localhost:${port}`, { host: '127.0.0.1', rejectUnauthorized: false });
    assert.equal((await answerTo(client.request())).body, 'secure');
    assert.deepEqual(names, ['true localhost']);
    client.close();
    await once(client, 'close');
  });
});

describe('back-pressure and stalls', () => {
  test('a body that is not read is held back by the window', async (t) => {
    const door = await openHttp2Door(t, (stream) => stream.pause());
    const request = http2Session(t, door.port).request({ ':method': 'POST' });
    request.on('error', () => {});
    let flushed = false;
    request.write(Buffer.alloc(1_000_000), () => (flushed = true));
    while (door.streams.length === 0) await new Promise((resolve) => setImmediate(resolve));
    const [stream, recorder] = [door.streams[0]!, door.recorders[0]!];
    await new Promise((resolve) => request.session!.ping(resolve));
    assert.equal(flushed, false);
    assert.ok(recorder.body.length <= 65_535);
    stream.resume();
    request.end();
    while (recorder.trailers === undefined) await new Promise((resolve) => setImmediate(resolve));
    assert.equal(recorder.body.length, 1_000_000);
    stream.respond([':status', '200'], 'none');
    assert.equal(await recorder.closed, 0);
  });

  test('a writer is told when the reader is slow, and when it goes on', async (t) => {
    let drained = 0;
    let writes = 0;
    const block64 = Buffer.alloc(64 * 1024);
    const door = await openHttp2Door(t, (stream, recorder) => {
      stream.respond([':status', '200'], 'body');
      while (stream.write(block64, 0, block64.length)) writes += 1;
      assert.equal(stream.congested, true);
      recorder.onDrain = () => {
        drained += 1;
        assert.equal(stream.congested, false);
        stream.end();
      };
    });
    const answer = await answerTo(http2Session(t, door.port).request());
    assert.equal(drained, 1);
    assert.equal(answer.body.length, (writes + 1) * block64.length);
  });

  for (const [name, ending] of [
    ['while there is more to write', false],
    ['after everything was written', true],
  ] as const) {
    test(`a reader that opens no window loses its stream ${name}`, async (t) => {
      const door = await openHttp2Door(
        t,
        (stream) => {
          stream.respond([':status', '200'], 'body');
          stream.write(Buffer.alloc(100_000), 0, 100_000);
          if (ending) stream.end();
        },
        { stallTimeoutMs: 20 },
      );
      // SETTINGS_INITIAL_WINDOW_SIZE = 0
      const client = await RawHttp2Client.connect(door.port, Buffer.from('000400000000', 'hex'));
      t.after(() => client.socket.destroy());
      client.send(frame(FRAME.HEADERS, FLAG.END_HEADERS | FLAG.END_STREAM, 1, block(...REQUEST)));
      assert.equal(await client.resetCode(1), 8);
      assert.equal(await door.recorders[0]!.closed, 8);
    });
  }

  test('a connection without requests ends after the idle time', async (t) => {
    const door = await openHttp2Door(t, (stream) => say(stream, 'hello'), { idleTimeoutMs: 20 });
    const client = http2Session(t, door.port);
    await answerTo(client.request());
    assert.equal(await door.closed, 'idle');
    assert.equal(wheel.held, 0);
  });

  test('a request that is under way keeps the connection', async (t) => {
    const door = await openHttp2Door(t, () => {}, { idleTimeoutMs: 1 });
    const client = http2Session(t, door.port);
    const request = client.request();
    while (door.streams.length === 0) await new Promise((resolve) => setImmediate(resolve));
    // Long enough for the deadline to have fired if it were armed: another one fires meanwhile.
    const other = await openHttp2Door(t, () => {}, { idleTimeoutMs: 1 });
    http2Session(t, other.port);
    assert.equal(await other.closed, 'idle');
    say(door.streams[0]!, 'late');
    assert.equal((await answerTo(request)).body, 'late');
  });
});
