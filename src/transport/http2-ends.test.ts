import assert from 'node:assert/strict';
import { Buffer } from 'node:buffer';
import { once } from 'node:events';
import net from 'node:net';
import { describe, test } from 'node:test';
import { answerTo, HTTP2_OPTIONS, http2Session, openHttp2Door, say } from '../../test/support/http2-door.ts';
import { block, FLAG, FRAME, frame, RawHttp2Client, REQUEST, uint32 } from '../../test/support/http2-frames.ts';
import { Http2ServerConnection } from './http2-server.ts';
import { wheel } from './timers.ts';

// How streams and connections of http2-server.ts end.

describe('ends that are no ends', () => {
  test('a client that resets its request is heard', async (t) => {
    const door = await openHttp2Door(t, (stream) => stream.respond([':status', '200'], 'body'));
    const request = http2Session(t, door.port).request();
    await once(request, 'response');
    request.close(8);
    assert.equal(await door.recorders[0]!.closed, 8);
  });

  test('a reset in the middle of a body is no end of it', async (t) => {
    const door = await openHttp2Door(t, () => {});
    const client = await RawHttp2Client.connect(door.port);
    t.after(() => client.socket.destroy());
    client.send(
      frame(FRAME.HEADERS, FLAG.END_HEADERS, 1, block([':method', 'POST'], ...REQUEST.slice(1))),
      frame(FRAME.DATA, 0, 1, Buffer.from('half')),
      frame(FRAME.RST_STREAM, 0, 1, uint32(8)),
    );
    while (door.recorders[0]?.code === undefined) await new Promise((resolve) => setImmediate(resolve));
    assert.equal(door.recorders[0].trailers, undefined);
    assert.equal(door.recorders[0].code, 8);
  });

  test('a connection that is lost cancels its streams, and then says why it closed', async (t) => {
    const order: string[] = [];
    for (const [leave, expected] of [
      ['end', 'eof'],
      ['resetAndDestroy', 'reset'],
    ] as const) {
      order.length = 0;
      const door = await openHttp2Door(t, (_stream, recorder) => {
        recorder.onClose = (code) => order.push(`stream ${code}`);
      });
      const client = await RawHttp2Client.connect(door.port);
      client.send(
        frame(FRAME.HEADERS, FLAG.END_HEADERS, 1, block([':method', 'POST'], ...REQUEST.slice(1))),
        frame(FRAME.DATA, 0, 1, Buffer.from('half')),
      );
      while (door.recorders[0] === undefined) await new Promise((resolve) => setImmediate(resolve));
      client.socket[leave]();
      assert.equal(await door.closed, expected);
      assert.deepEqual(order, ['stream 8']);
      assert.equal(wheel.held, 0);
    }
  });

  test('an answer that is cut is a reset for the client', async (t) => {
    const door = await openHttp2Door(t, (stream) => {
      stream.respond([':status', '200'], 'body');
      stream.write(Buffer.from('half'), 0, 4);
      setImmediate(() => stream.reset(2));
    });
    const client = await RawHttp2Client.connect(door.port);
    t.after(() => client.socket.destroy());
    client.send(frame(FRAME.HEADERS, FLAG.END_HEADERS | FLAG.END_STREAM, 1, block(...REQUEST)));
    assert.equal(await client.resetCode(1), 2);
    assert.equal(await door.recorders[0]!.closed, 2);
    const data = client.frames.filter(({ type }) => type === FRAME.DATA);
    assert.equal(Buffer.concat(data.map(({ payload }) => payload)).toString(), 'half');
    assert.ok(data.every(({ flags }) => (flags & FLAG.END_STREAM) === 0));
  });

  test('an answer that comes before the end of its request tells the client to stop, and counts as complete', async (t) => {
    const door = await openHttp2Door(t, (stream) => {
      say(stream, 'enough');
      stream.reset(0);
    });
    const client = await RawHttp2Client.connect(door.port);
    t.after(() => client.socket.destroy());
    client.send(frame(FRAME.HEADERS, FLAG.END_HEADERS, 1, block([':method', 'POST'], ...REQUEST.slice(1))));
    assert.equal(await client.resetCode(1), 0);
    const data = client.frames.filter(({ type }) => type === FRAME.DATA);
    assert.equal(Buffer.concat(data.map(({ payload }) => payload)).toString(), 'enough');
    assert.equal(await door.recorders[0]!.closed, 0);
  });

  test('such an answer has its trailers, and its end, before the client is told to stop', async (t) => {
    const door = await openHttp2Door(t, (stream) => {
      say(stream, 'enough', ['x-status', '8']);
      stream.reset(0);
    });
    const client = await RawHttp2Client.connect(door.port);
    t.after(() => client.socket.destroy());
    client.send(frame(FRAME.HEADERS, FLAG.END_HEADERS, 1, block([':method', 'POST'], ...REQUEST.slice(1))));
    assert.equal(await client.resetCode(1), 0);
    const last = client.frames.findLast(({ type, stream }) => type !== FRAME.RST_STREAM && stream === 1);
    assert.deepEqual([last!.type, last!.flags & FLAG.END_STREAM], [FRAME.HEADERS, FLAG.END_STREAM]);
  });

  test('after the end nothing can be written and nothing breaks', async (t) => {
    const door = await openHttp2Door(t, (stream) => say(stream, 'hello'));
    await answerTo(http2Session(t, door.port).request());
    await door.recorders[0]!.closed;
    const [stream] = door.streams;
    assert.equal(stream!.closed, true);
    assert.equal(stream!.respond([':status', '200'], 'none'), false);
    assert.equal(stream!.write(Buffer.from('x'), 0, 1), false);
    stream!.inform([':status', '103']);
    stream!.end();
    stream!.reset(2);
  });
});

describe('draining', () => {
  test('the client is warned, what is open is finished, then the connection closes', async (t) => {
    const door = await openHttp2Door(t, () => {});
    const client = http2Session(t, door.port);
    const goaway = once(client, 'goaway');
    const running = client.request();
    while (door.streams.length === 0) await new Promise((resolve) => setImmediate(resolve));
    door.connections[0]!.drain();
    door.connections[0]!.drain();
    assert.equal((await goaway)[0], 0);
    say(door.streams[0]!, 'finished');
    assert.equal((await answerTo(running)).body, 'finished');
    assert.equal(await door.closed, 'drain');
  });

  test('what the client sends before it knows is served, what it sends later is not begun, and it is told so', async (t) => {
    const door = await openHttp2Door(t, () => {});
    const client = await RawHttp2Client.connect(door.port);
    client.send(frame(FRAME.HEADERS, FLAG.END_HEADERS | FLAG.END_STREAM, 1, block(...REQUEST)));
    while (door.streams.length === 0) await new Promise((resolve) => setImmediate(resolve));
    door.connections[0]!.drain();
    const warning = await client.find(({ type, payload }) => type === FRAME.GOAWAY && payload.readInt32BE(0) > 1);
    assert.equal(warning!.payload.readUInt32BE(0), 0x7fffffff);
    client.send(frame(FRAME.HEADERS, FLAG.END_HEADERS | FLAG.END_STREAM, 3, block(...REQUEST)));
    const ping = await client.find(({ type }) => type === FRAME.PING);
    client.send(frame(FRAME.PING, FLAG.ACK, 0, ping!.payload));
    await client.find(({ type, payload }) => type === FRAME.GOAWAY && payload.readUInt32BE(0) === 3);
    client.send(frame(FRAME.HEADERS, FLAG.END_HEADERS | FLAG.END_STREAM, 5, block(...REQUEST)));
    for (const stream of door.streams) say(stream, 'finished');
    assert.equal(await door.closed, 'drain');
    assert.equal(door.streams.length, 2);
    assert.ok(client.frames.some(({ payload }) => payload.toString() === 'finished'));
  });

  test('an idle connection closes, also when the client does not', async (t) => {
    const server = net.createServer({ pauseOnConnect: true, allowHalfOpen: true }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    t.after(() => server.close());
    const client = net.connect({
      port: (server.address() as net.AddressInfo).port,
      host: '127.0.0.1',
      allowHalfOpen: true,
    });
    t.after(() => client.destroy());
    const [socket] = (await once(server, 'connection')) as [net.Socket];
    const closed = new Promise((resolve) => {
      const handler = { onRequest: () => assert.fail('there is no request'), onClose: resolve };
      new Http2ServerConnection(socket, HTTP2_OPTIONS, handler).drain();
    });
    assert.equal(await closed, 'drain');
    assert.equal(socket.destroyed, true);
    assert.equal(wheel.held, 0);
  });

  test('cut ends everything at once', async (t) => {
    const door = await openHttp2Door(t, () => {});
    const request = http2Session(t, door.port).request();
    request.on('error', () => {});
    while (door.streams.length === 0) await new Promise((resolve) => setImmediate(resolve));
    door.connections[0]!.cut();
    assert.equal(await door.closed, 'drain');
    assert.equal(await door.recorders[0]!.closed, 8);
  });
});
