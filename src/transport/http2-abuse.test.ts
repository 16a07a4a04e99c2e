import assert from 'node:assert/strict';
import { Buffer } from 'node:buffer';
import { once } from 'node:events';
import net from 'node:net';
import { describe, test, type TestContext } from 'node:test';
import { http2Session, openHttp2Door, say, type Http2Door } from '../../test/support/http2-door.ts';
import { block, FLAG, FRAME, frame, RawHttp2Client, REQUEST, uint32 } from '../../test/support/http2-frames.ts';
import type { Http2ServerOptions } from './http2-server.ts';

// What no well-behaved client would send to http2-server.ts.

describe('what is not HTTP/2', () => {
  const head = (...fields: (readonly [string, string])[]): Buffer =>
    frame(FRAME.HEADERS, FLAG.END_HEADERS | FLAG.END_STREAM, 1, block(...REQUEST, ...fields));
  const pseudo = (...fields: (readonly [string, string])[]): Buffer =>
    frame(FRAME.HEADERS, FLAG.END_HEADERS | FLAG.END_STREAM, 1, block(...fields));
  const [method, scheme, authority, path] = REQUEST as [
    [string, string],
    [string, string],
    [string, string],
    [string, string],
  ];

  for (const [name, bytes] of [
    ['a name with upper case', head(['X-A', 'b'])],
    ['a connection-specific field', head(['connection', 'close'])],
    ['transfer-encoding', head(['transfer-encoding', 'chunked'])],
    ['another TE than trailers', head(['te', 'gzip'])],
    ['an unknown pseudo-field', head([':x', 'b'])],
    ['a doubled pseudo-field', head([':path', '/b'])],
    ['a pseudo-field after a field', pseudo(['x-a', 'b'], ...REQUEST)],
    ['no path', pseudo(method, scheme, authority)],
    ['an empty path', pseudo(method, scheme, authority, [':path', ''])],
    ['a path with a space', pseudo(method, scheme, authority, [':path', '/a b'])],
    ['a path with a line break', pseudo(method, scheme, authority, [':path', '/\r\nX: y'])],
    ['a method with a space', pseudo([':method', 'G ET'], scheme, authority, path)],
    ['an authority with a space', pseudo(method, scheme, [':authority', 'a b'], path)],
    ['a value with CR LF', head(['x-a', 'a\r\nb: c'])],
    ['a value with NUL', head(['x-a', 'a\0b'])],
    ['a value with space at its edge', head(['x-a', ' a'])],
    ['a name with a space', head(['x a', 'b'])],
    ['a name with a colon', head(['x:a', 'b'])],
    ['an empty name', head(['', 'b'])],
    ['a length without a body', head(['content-length', '3'])],
    ['two lengths', head(['content-length', '3'], ['content-length', '4'])],
  ] as const) {
    test(`${name} resets the stream before anybody hears of it`, async (t) => {
      const door = await openHttp2Door(t, (stream) => say(stream, 'fine'));
      const client = await RawHttp2Client.connect(door.port);
      t.after(() => client.socket.destroy());
      client.send(bytes);
      assert.equal(await client.resetCode(1), 1);
      assert.equal(door.streams.length, 0);
      client.send(frame(FRAME.HEADERS, FLAG.END_HEADERS | FLAG.END_STREAM, 3, block(...REQUEST)));
      await client.find(({ type, stream }) => type === FRAME.DATA && stream === 3);
    });
  }

  test('a body shorter than its length is no complete request', async (t) => {
    const door = await openHttp2Door(t, () => {});
    const client = await RawHttp2Client.connect(door.port);
    t.after(() => client.socket.destroy());
    client.send(
      frame(
        FRAME.HEADERS,
        FLAG.END_HEADERS,
        1,
        block([':method', 'POST'], ...REQUEST.slice(1), ['content-length', '9']),
      ),
      frame(FRAME.DATA, FLAG.END_STREAM, 1, Buffer.from('half')),
    );
    assert.equal(await client.resetCode(1), 1);
    assert.equal(await door.recorders[0]!.closed, 1);
    assert.equal(door.recorders[0]!.trailers, undefined);
  });

  test('no byte beyond its length reaches anybody', async (t) => {
    const door = await openHttp2Door(t, () => {});
    const client = await RawHttp2Client.connect(door.port);
    t.after(() => client.socket.destroy());
    client.send(
      frame(
        FRAME.HEADERS,
        FLAG.END_HEADERS,
        1,
        block([':method', 'POST'], ...REQUEST.slice(1), ['content-length', '3']),
      ),
      frame(FRAME.DATA, FLAG.END_STREAM, 1, Buffer.from('abcd')),
    );
    assert.equal(await client.resetCode(1), 1);
    assert.equal(await door.recorders[0]!.closed, 1);
    assert.equal(door.recorders[0]!.body.length, 0);
  });

  test('HTTP/1.1 gets a closed connection', async (t) => {
    const door = await openHttp2Door(t, () => {});
    const socket = net.connect(door.port, '127.0.0.1');
    socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
    socket.resume();
    await once(socket, 'close');
    assert.equal(await door.closed, 'error');
  });
});

describe('abuse', () => {
  const post = (stream: number): Buffer =>
    frame(FRAME.HEADERS, FLAG.END_HEADERS, stream, block([':method', 'POST'], ...REQUEST.slice(1)));
  const ids = (count: number): number[] => Array.from({ length: count }, (_, index) => 1 + 2 * index);

  async function attack(
    t: TestContext,
    frames: readonly Buffer[],
    options: Partial<Http2ServerOptions> = {},
  ): Promise<[Http2Door, RawHttp2Client]> {
    const door = await openHttp2Door(t, () => {}, options);
    const client = await RawHttp2Client.connect(door.port);
    t.after(() => client.socket.destroy());
    client.send(...frames);
    return [door, client];
  }

  test('rapid resets end the connection', async (t) => {
    const resets = ids(1000).map((id) => Buffer.concat([post(id), frame(FRAME.RST_STREAM, 0, id, uint32(8))]));
    const [door, client] = await attack(t, resets);
    assert.equal(await client.goawayCode(), 11);
    assert.equal(await door.closed, 'refused');
    assert.ok(door.streams.length <= 301);
  });

  test('a few hundred resets are a browser that navigates', async (t) => {
    const door = await openHttp2Door(t, () => {});
    const client = http2Session(t, door.port);
    for (let round = 0; round < 2; round += 1) {
      const requests = Array.from({ length: 100 }, () => client.request({ ':method': 'POST' }));
      while (door.streams.length < 100 * (round + 1)) await new Promise((resolve) => setImmediate(resolve));
      for (const request of requests) request.close(8);
      await Promise.all(door.recorders.map(({ closed }) => closed));
    }
    assert.equal(client.destroyed, false);
  });

  test('answers that we cut ourselves are not held against the client', async (t) => {
    const door = await openHttp2Door(t, (stream) => stream.reset(2));
    const client = http2Session(t, door.port);
    for (let round = 0; round < 5; round += 1) {
      const requests = Array.from({ length: 100 }, () => client.request().on('error', () => {}));
      await Promise.all(requests.map((request) => new Promise((resolve) => request.on('close', resolve))));
    }
    assert.equal(client.destroyed, false);
    assert.equal(door.streams.length, 500);
  });

  test('requests that make us reset them end the connection', async (t) => {
    const frames = ids(1000).map((id) =>
      frame(FRAME.HEADERS, FLAG.END_HEADERS | FLAG.END_STREAM, id, block(...REQUEST, ['connection', 'x'])),
    );
    const [door] = await attack(t, frames);
    assert.equal(await door.closed, 'error');
    assert.equal(door.streams.length, 0);
  });

  test('a body longer than announced, over and over, ends the connection', async (t) => {
    const frames = ids(1000).map((id) => Buffer.concat([post(id), frame(FRAME.WINDOW_UPDATE, 0, id, uint32(0))]));
    const [door, client] = await attack(t, frames);
    assert.notEqual(await client.goawayCode(), 0);
    await door.closed;
    assert.ok(door.streams.length <= 301);
  });

  test('more streams than allowed are refused as not begun', async (t) => {
    const [door, client] = await attack(t, ids(101).map(post));
    assert.equal(await client.resetCode(201), 7);
    assert.equal(door.streams.length, 100);
  });

  test('too many fields or too large a head never reach anybody', async (t) => {
    const many = Array.from({ length: 200 }, (_, index): [string, string] => [`x-${index}`, 'v']);
    for (const fields of [many, [['x-big', 'v'.repeat(16_200)] as const]]) {
      const bytes = frame(FRAME.HEADERS, FLAG.END_HEADERS | FLAG.END_STREAM, 1, block(...REQUEST, ...fields));
      const [door, client] = await attack(t, [frame(FRAME.SETTINGS, FLAG.ACK, 0), bytes], { maxHeadBytes: 8192 });
      assert.equal(await client.resetCode(1), 11);
      assert.equal(door.streams.length, 0);
    }
  });

  for (const [name, frames] of [
    ['endless CONTINUATION', Array.from({ length: 1000 }, () => frame(FRAME.CONTINUATION, 0, 1, block(['x', 'y'])))],
    ['a flood of SETTINGS', Array.from({ length: 5000 }, () => frame(FRAME.SETTINGS, 0, 0))],
    ['a flood of PING', Array.from({ length: 5000 }, () => frame(FRAME.PING, 0, 0, Buffer.alloc(8)))],
  ] as const) {
    test(`${name} ends the connection`, async (t) => {
      const begun = frame(FRAME.HEADERS, FLAG.END_STREAM, 1, block(...REQUEST));
      const [door] = await attack(t, name.includes('CONTINUATION') ? [begun, ...frames] : frames);
      assert.equal(await door.closed, 'error');
      assert.equal(door.streams.length, 0);
    });
  }
});
