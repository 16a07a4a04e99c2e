import assert from 'node:assert/strict';
import { Buffer } from 'node:buffer';
import { describe, test, type TestContext } from 'node:test';
import { type Http2Door, openHttp2Door, say } from '../../test/support/http2-door.ts';
import { block, FLAG, FRAME, frame, RawHttp2Client, REQUEST, uint32 } from '../../test/support/http2-frames.ts';
import { HTTP2_CODE } from '../codec/http2/frames.ts';

// What is malformed or abuse is in http2-abuse.test.ts.

const PRIORITY = 2;
const PUSH_PROMISE = 5;
const PADDED = 8;
const HAS_PRIORITY = 0x20;
const WHOLE = FLAG.END_HEADERS | FLAG.END_STREAM;

const get = (id: number): Buffer => frame(FRAME.HEADERS, WHOLE, id, block(...REQUEST));
const post = (id: number): Buffer =>
  frame(FRAME.HEADERS, FLAG.END_HEADERS, id, block([':method', 'POST'], ...REQUEST.slice(1)));
const setting = (id: number, value: number): Buffer => {
  const payload = Buffer.alloc(6);
  payload.writeUInt16BE(id);
  payload.writeUInt32BE(value, 2);
  return frame(FRAME.SETTINGS, 0, 0, payload);
};
const data = (id: number, text: string, flags = 0): Buffer => frame(FRAME.DATA, flags, id, Buffer.from(text));
const windowUpdate = (id: number, increment: number): Buffer => frame(FRAME.WINDOW_UPDATE, 0, id, uint32(increment));

async function meet(t: TestContext, ...frames: readonly Buffer[]): Promise<[Http2Door, RawHttp2Client]> {
  const door = await openHttp2Door(t, () => {});
  const client = await RawHttp2Client.connect(door.port);
  t.after(() => client.socket.destroy());
  client.send(...frames);
  return [door, client];
}

describe('the connection ends with', () => {
  const { PROTOCOL_ERROR, FRAME_SIZE_ERROR, FLOW_CONTROL_ERROR, STREAM_CLOSED, COMPRESSION_ERROR } = HTTP2_CODE;
  for (const [name, code, frames] of [
    ['DATA on no stream', PROTOCOL_ERROR, [data(0, 'x')]],
    ['DATA on a stream that was not begun', PROTOCOL_ERROR, [data(1, 'x')]],
    ['HEADERS on no stream', PROTOCOL_ERROR, [get(0)]],
    ['HEADERS on an even stream', PROTOCOL_ERROR, [get(2)]],
    ['HEADERS on an older stream', PROTOCOL_ERROR, [get(5), get(3)]],
    [
      'HEADERS that depend on themselves',
      PROTOCOL_ERROR,
      [frame(FRAME.HEADERS, WHOLE | HAS_PRIORITY, 1, Buffer.concat([uint32(1), Buffer.of(9), block(...REQUEST)]))],
    ],
    [
      'HEADERS with more padding than room',
      PROTOCOL_ERROR,
      [frame(FRAME.HEADERS, WHOLE | PADDED, 1, Buffer.concat([Buffer.of(200), block(...REQUEST)]))],
    ],
    [
      'HEADERS without room for a priority',
      FRAME_SIZE_ERROR,
      [frame(FRAME.HEADERS, WHOLE | HAS_PRIORITY, 1, Buffer.of(0))],
    ],
    [
      'a head that is no HPACK',
      COMPRESSION_ERROR,
      [frame(FRAME.HEADERS, WHOLE, 1, Buffer.of(0xff, 0xff, 0xff, 0xff, 0xff, 0xff))],
    ],
    [
      'a head that was reset and is sent again',
      STREAM_CLOSED,
      [post(1), frame(FRAME.RST_STREAM, 0, 1, uint32(8)), get(1)],
    ],
    ['another frame within a head', PROTOCOL_ERROR, [frame(FRAME.HEADERS, 0, 1, block(...REQUEST)), get(3)]],
    ['DATA within a head', PROTOCOL_ERROR, [frame(FRAME.HEADERS, 0, 1, block(...REQUEST)), data(1, 'x')]],
    [
      'CONTINUATION of another stream',
      PROTOCOL_ERROR,
      [frame(FRAME.HEADERS, 0, 1, block(...REQUEST)), frame(FRAME.CONTINUATION, 4, 3)],
    ],
    ['CONTINUATION of nothing', PROTOCOL_ERROR, [get(1), frame(FRAME.CONTINUATION, 4, 1)]],
    ['a frame that is too large', FRAME_SIZE_ERROR, [frame(FRAME.DATA, 0, 1, Buffer.alloc(16_385))]],
    ['PRIORITY on no stream', PROTOCOL_ERROR, [frame(PRIORITY, 0, 0, Buffer.alloc(5))]],
    ['PRIORITY of another length', FRAME_SIZE_ERROR, [frame(PRIORITY, 0, 1, Buffer.alloc(4))]],
    [
      'PRIORITY that depends on itself',
      PROTOCOL_ERROR,
      [frame(PRIORITY, 0, 1, Buffer.concat([uint32(1), Buffer.of(1)]))],
    ],
    ['RST_STREAM on no stream', PROTOCOL_ERROR, [frame(FRAME.RST_STREAM, 0, 0, uint32(8))]],
    ['RST_STREAM on a stream that was not begun', PROTOCOL_ERROR, [frame(FRAME.RST_STREAM, 0, 1, uint32(8))]],
    ['RST_STREAM of another length', FRAME_SIZE_ERROR, [post(1), frame(FRAME.RST_STREAM, 0, 1, Buffer.alloc(3))]],
    ['SETTINGS on a stream', PROTOCOL_ERROR, [frame(FRAME.SETTINGS, 0, 1)]],
    ['SETTINGS of another length', FRAME_SIZE_ERROR, [frame(FRAME.SETTINGS, 0, 0, Buffer.alloc(5))]],
    ['a confirmation that has settings', FRAME_SIZE_ERROR, [frame(FRAME.SETTINGS, FLAG.ACK, 0, Buffer.alloc(6))]],
    ['a push setting that is no yes or no', PROTOCOL_ERROR, [setting(2, 2)]],
    ['a window beyond all bounds', FLOW_CONTROL_ERROR, [setting(4, 0x80000000)]],
    [
      'a window that grows beyond all bounds by a setting',
      FLOW_CONTROL_ERROR,
      [post(1), windowUpdate(1, 0x7fff0000), setting(4, 0x7fffffff)],
    ],
    ['PUSH_PROMISE', PROTOCOL_ERROR, [get(1), frame(PUSH_PROMISE, 4, 1, uint32(2))]],
    ['PING on a stream', PROTOCOL_ERROR, [frame(FRAME.PING, 0, 1, Buffer.alloc(8))]],
    ['PING of another length', FRAME_SIZE_ERROR, [frame(FRAME.PING, 0, 0, Buffer.alloc(7))]],
    ['GOAWAY on a stream', PROTOCOL_ERROR, [frame(FRAME.GOAWAY, 0, 1, Buffer.alloc(8))]],
    ['GOAWAY that is too short', FRAME_SIZE_ERROR, [frame(FRAME.GOAWAY, 0, 0, Buffer.alloc(7))]],
    ['an update of the connection by nothing', PROTOCOL_ERROR, [windowUpdate(0, 0)]],
    ['an update of the connection beyond all bounds', FLOW_CONTROL_ERROR, [windowUpdate(0, 0x7fffffff)]],
    ['an update of a stream that was not begun', PROTOCOL_ERROR, [windowUpdate(1, 1)]],
    ['an update of another length', FRAME_SIZE_ERROR, [frame(FRAME.WINDOW_UPDATE, 0, 0, Buffer.alloc(3))]],
  ] as const) {
    test(name, async (t) => {
      const [door, client] = await meet(t, ...frames);
      assert.equal(await client.goawayCode(), code);
      assert.equal(await door.closed, 'error');
    });
  }

  test('a first frame other than SETTINGS', async (t) => {
    const door = await openHttp2Door(t, () => {});
    const client = await RawHttp2Client.connect(door.port);
    client.socket.destroy();
    const bare = new RawHttp2Client((await import('node:net')).connect(door.port, '127.0.0.1'));
    t.after(() => bare.socket.destroy());
    bare.socket.write(Buffer.concat([Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'), get(1)]));
    assert.equal(await bare.goawayCode(), PROTOCOL_ERROR);
  });
});

describe('a stream alone ends with', () => {
  const { PROTOCOL_ERROR, FLOW_CONTROL_ERROR, STREAM_CLOSED } = HTTP2_CODE;
  for (const [name, code, frames] of [
    ['DATA behind its end', STREAM_CLOSED, [get(1), data(1, 'x')]],
    ['HEADERS behind its end', STREAM_CLOSED, [get(1), get(1)]],
    ['DATA behind its reset', STREAM_CLOSED, [post(1), frame(FRAME.RST_STREAM, 0, 1, uint32(8)), data(1, 'x')]],
    [
      'trailers that are not its end',
      PROTOCOL_ERROR,
      [post(1), frame(FRAME.HEADERS, FLAG.END_HEADERS, 1, block(['x-a', 'b']))],
    ],
    ['trailers with pseudo-fields', PROTOCOL_ERROR, [post(1), get(1)]],
    ['an update by nothing', PROTOCOL_ERROR, [post(1), windowUpdate(1, 0)]],
    ['an update beyond all bounds', FLOW_CONTROL_ERROR, [post(1), windowUpdate(1, 0x7fffffff)]],
    [
      'a body beyond its window',
      FLOW_CONTROL_ERROR,
      [post(1), ...Array.from({ length: 5 }, () => data(1, 'x'.repeat(16_000)))],
    ],
  ] as const) {
    test(name, async (t) => {
      const door = await openHttp2Door(t, (stream) => (stream.id === 99 ? say(stream, 'fine') : stream.pause()));
      const client = await RawHttp2Client.connect(door.port);
      t.after(() => client.socket.destroy());
      client.send(...frames);
      assert.equal(await client.resetCode(1), code);
      client.send(get(99));
      await client.find(({ type, stream }) => type === FRAME.DATA && stream === 99);
    });
  }
});

describe('what is none of our business is passed over:', () => {
  test('priorities, unknown frames and unknown settings', async (t) => {
    const door = await openHttp2Door(t, (stream) => say(stream, 'fine'));
    const client = await RawHttp2Client.connect(door.port);
    t.after(() => client.socket.destroy());
    const priority = Buffer.concat([uint32(7), Buffer.of(200)]);
    client.send(
      frame(PRIORITY, 0, 9, priority),
      frame(0xee, 0xff, 3, Buffer.from('what is this')),
      setting(0xabcd, 7),
      frame(
        FRAME.HEADERS,
        WHOLE | HAS_PRIORITY | PADDED,
        1,
        Buffer.concat([Buffer.of(3), priority, block(...REQUEST), Buffer.alloc(3)]),
      ),
    );
    await client.find(({ type, stream }) => type === FRAME.DATA && stream === 1);
    assert.deepEqual(door.streams[0]!.fields, REQUEST.flat());
  });

  test('what is still on its way to a stream that we have given up', async (t) => {
    const door = await openHttp2Door(t, (stream) => (stream.id === 1 ? stream.reset(2) : say(stream, 'fine')));
    const client = await RawHttp2Client.connect(door.port);
    t.after(() => client.socket.destroy());
    client.send(post(1));
    assert.equal(await client.resetCode(1), 2);
    client.send(data(1, 'late'), frame(FRAME.HEADERS, WHOLE, 1, block(['x-late', '1'])), windowUpdate(1, 5));
    client.send(frame(FRAME.RST_STREAM, 0, 1, uint32(8)), get(3));
    await client.find(({ type, stream }) => type === FRAME.DATA && stream === 3);
    assert.equal(client.frames.filter(({ type }) => type === FRAME.RST_STREAM).length, 1);
  });
});

describe('windows', () => {
  test('are opened again when what has come was used, padding included', async (t) => {
    const door = await openHttp2Door(t, () => {});
    const client = await RawHttp2Client.connect(door.port);
    t.after(() => client.socket.destroy());
    const padded = Buffer.concat([Buffer.of(255), Buffer.alloc(16_000), Buffer.alloc(255)]);
    client.send(post(1), frame(FRAME.DATA, PADDED, 1, padded), frame(FRAME.DATA, PADDED, 1, padded));
    client.send(frame(FRAME.DATA, PADDED, 1, padded));
    const update = await client.find(({ type, stream }) => type === FRAME.WINDOW_UPDATE && stream === 1);
    assert.ok(update!.payload.readUInt32BE() >= 2 * padded.length);
    assert.equal(door.recorders[0]!.body.length, 3 * 16_000);
  });

  test('change for streams that are open when the client says so', async (t) => {
    const door = await openHttp2Door(t, (stream) => say(stream, 'hello'));
    const client = await RawHttp2Client.connect(door.port, Buffer.from('000400000002', 'hex'));
    t.after(() => client.socket.destroy());
    client.send(get(1));
    const bodyOf = (): string =>
      Buffer.concat(client.frames.filter(({ type }) => type === FRAME.DATA).map(({ payload }) => payload)).toString();
    while (bodyOf() !== 'he') await client.find(() => bodyOf() === 'he');
    client.send(setting(4, 4), windowUpdate(1, 1));
    await client.find(({ type, flags }) => type === FRAME.DATA && (flags & FLAG.END_STREAM) !== 0);
    assert.equal(bodyOf(), 'hello');
    assert.equal(door.streams.length, 1);
  });
});

test('a ping is answered with what it brings', async (t) => {
  const [, client] = await meet(t, frame(FRAME.PING, 0, 0, Buffer.from('12345678')));
  const pong = await client.find(({ type }) => type === FRAME.PING);
  assert.deepEqual([pong!.flags, pong!.payload.toString()], [FLAG.ACK, '12345678']);
});

test('a client that leaves has its answers first', async (t) => {
  const [door, client] = await meet(t, get(1), frame(FRAME.GOAWAY, 0, 0, Buffer.alloc(8)));
  assert.equal(await client.goawayCode(), 0);
  say(door.streams[0]!, 'still here');
  assert.equal(await door.closed, 'eof');
  assert.ok(client.frames.some(({ payload }) => payload.toString() === 'still here'));
});
