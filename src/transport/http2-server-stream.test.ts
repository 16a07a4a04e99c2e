import assert from 'node:assert/strict';
import { Buffer } from 'node:buffer';
import { describe, test, type TestContext } from 'node:test';
import { type Http2Door, type OnHttp2Request, openHttp2Door } from '../../test/support/http2-door.ts';
import { block, FLAG, FRAME, frame, RawHttp2Client, REQUEST, uint32 } from '../../test/support/http2-frames.ts';

// Requests and answers as clients see them are in http2-server.test.ts, ends in http2-ends.test.ts.

const WINDOW = 1000;
const POST = frame(FRAME.HEADERS, FLAG.END_HEADERS, 1, block([':method', 'POST'], ...REQUEST.slice(1)));
const widen = (stream: number, count: number): Buffer => frame(FRAME.WINDOW_UPDATE, 0, stream, uint32(count));
const digits = Buffer.from('0123456789'.repeat(300), 'latin1');

/** A client whose streams may be sent little. */
async function meet(t: TestContext, onRequest: OnHttp2Request): Promise<[Http2Door, RawHttp2Client]> {
  const door = await openHttp2Door(t, onRequest);
  const settings = Buffer.alloc(6);
  settings.writeUInt16BE(4);
  settings.writeUInt32BE(WINDOW, 2);
  const client = await RawHttp2Client.connect(door.port, settings);
  t.after(() => client.socket.destroy());
  client.send(POST);
  return [door, client];
}

function bodyOf({ frames }: RawHttp2Client): string {
  return Buffer.concat(frames.filter(({ type }) => type === FRAME.DATA).map(({ payload }) => payload)).toString();
}

async function hasBody(client: RawHttp2Client, length: number): Promise<string> {
  await client.find(() => bodyOf(client).length >= length);
  return bodyOf(client);
}

describe('what a window does not take', () => {
  for (const way of ['write', 'lend'] as const) {
    test(`waits, whoever wrote is told, and all of it arrives in its order (${way})`, async (t) => {
      const [door, client] = await meet(t, (stream, recorder) => {
        stream.respond([':status', '200'], 'body');
        const bytes = way === 'write' ? Buffer.from(digits) : digits;
        assert.equal(stream[way](bytes, 0, 1500), false);
        assert.equal(stream[way](bytes, 1500, 3000), false);
        if (way === 'write') bytes.fill('!');
        recorder.onDrain = () => stream.end();
      });
      assert.equal(await hasBody(client, WINDOW), digits.toString('latin1', 0, WINDOW));
      assert.equal(door.streams[0]!.congested, true);
      client.send(widen(1, 700), widen(1, 700));
      assert.equal((await hasBody(client, 2400)).length, 2400);
      client.send(widen(1, 5000));
      await client.find(({ type, flags }) => type === FRAME.DATA && (flags & FLAG.END_STREAM) !== 0);
      assert.equal(bodyOf(client), digits.toString('latin1'));
    });
  }

  test('comes before the end and the trailers that were said with it', async (t) => {
    const [, client] = await meet(t, (stream) => {
      stream.respond([':status', '200'], 'body-and-trailers');
      stream.write(digits, 0, 1500);
      stream.end(['x-sum', '1']);
      stream.end(['x-sum', '2']);
      stream.reset(0);
    });
    await hasBody(client, WINDOW);
    client.send(widen(1, 500));
    assert.equal(await client.resetCode(1), 0);
    const last = client.frames.filter(({ stream }) => stream === 1).map(({ type }) => type);
    assert.deepEqual(last.slice(-2), [FRAME.HEADERS, FRAME.RST_STREAM]);
    assert.equal(bodyOf(client).length, 1500);
  });

  test('is forgotten with its stream', async (t) => {
    const [door, client] = await meet(t, (stream) => {
      stream.respond([':status', '200'], 'body');
      stream.write(digits, 0, 3000);
    });
    await hasBody(client, WINDOW);
    client.send(frame(FRAME.RST_STREAM, 0, 1, uint32(8)), widen(1, 5000));
    assert.equal(await door.recorders[0]!.closed, 8);
    client.send(frame(FRAME.PING, 0, 0, Buffer.alloc(8)));
    await client.find(({ type }) => type === FRAME.PING);
    assert.equal(bodyOf(client).length, WINDOW);
  });
});

describe('a body', () => {
  test('that was held back comes in its order, also when its reader stops again', async (t) => {
    const [door, client] = await meet(t, (stream, recorder) => {
      const { onData } = recorder;
      recorder.onData = (bytes, from, to) => {
        onData.call(recorder, bytes, from, to);
        stream.pause();
        stream.resume();
        stream.pause();
      };
    });
    const parts = ['one ', 'two ', 'three ', 'four'];
    client.send(...parts.map((text) => frame(FRAME.DATA, 0, 1, Buffer.from(text))));
    client.send(frame(FRAME.DATA, FLAG.END_STREAM, 1));
    while (door.recorders[0]?.body.length !== 4) await new Promise(setImmediate);
    const [recorder] = door.recorders;
    // What came in small pieces meanwhile waits as one.
    for (const text of ['one two ', parts.join('')]) {
      assert.equal(recorder.trailers, undefined);
      door.streams[0]!.resume();
      assert.equal(recorder.body.toString(), text);
    }
    door.streams[0]!.resume();
    assert.equal(recorder.trailers, null);
  });

  test('that nobody wants any more gives its room back to the others', async (t) => {
    const [door, client] = await meet(t, (stream) => (stream.pause(), stream.id > 99 && stream.reset(8)));
    const part = Buffer.alloc(16_000);
    const post = (id: number): Buffer =>
      frame(FRAME.HEADERS, FLAG.END_HEADERS, id, block([':method', 'POST'], ...REQUEST.slice(1)));
    // Half of what the connection takes lies unread; then its streams are given up.
    for (let id = 3; id <= 19; id += 2)
      client.send(post(id), ...Array.from({ length: 4 }, () => frame(FRAME.DATA, 0, id, part)));
    while (door.streams.length < 10) await new Promise(setImmediate);
    await new Promise(setImmediate);
    assert.equal(client.frames.filter(({ type }) => type === FRAME.WINDOW_UPDATE).length, 1, 'as in the beginning');
    client.send(frame(FRAME.PING, 0, 0, Buffer.alloc(8)));
    await client.find(({ type }) => type === FRAME.PING);
    for (const stream of door.streams) stream.reset(8);
    const update = await client.find(
      ({ type, payload }) => type === FRAME.WINDOW_UPDATE && payload.readUInt32BE() < 800_000,
    );
    assert.ok(update!.payload.readUInt32BE() >= 524_287);
  });
});
