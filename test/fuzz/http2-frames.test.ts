// Frames of HTTP/2 that nobody in his right mind would send, in every order and cut anywhere. Rule: whatever comes, nothing is thrown,
// no stream and no deadline outlives its connection, and the next client is served.
import assert from 'node:assert/strict';
import { Buffer } from 'node:buffer';
import { test } from 'node:test';
import fc from 'fast-check';
import { wheel } from '../../src/transport/timers.ts';
import type { Http2ServerStream } from '../../src/transport/http2-server-stream.ts';
import { answerTo, http2Session, openHttp2Door, say, type StreamRecorder } from '../support/http2-door.ts';
import { block, frame, RawHttp2Client, REQUEST, uint32 } from '../support/http2-frames.ts';

const id = fc.constantFrom(0, 1, 2, 3, 3, 5, 7, 0x7fffffff);
const flags = fc.constantFrom(0, 1, 4, 5, 5, 8, 0x0c, 0x20, 0x2d, 0xff);
const head = fc.constantFrom(
  block(...REQUEST),
  block([':method', 'POST'], ...REQUEST.slice(1)),
  block([':method', 'POST'], ...REQUEST.slice(1), ['content-length', '5']),
  block(['x-trailer', '1']),
  Buffer.from('3fe11f828684', 'hex'),
  Buffer.from('be', 'hex'),
);
const words = fc.constantFrom(0, 1, 8, 16_384, 65_535, 0x7fffffff, 0xffffffff).map(uint32);
const bytes = fc.uint8Array({ maxLength: 40 }).map((octets) => Buffer.from(octets));
const payload = fc.oneof(
  head,
  words,
  bytes,
  fc.tuple(words, bytes).map((parts) => Buffer.concat(parts)),
);
const known = fc.tuple(fc.integer({ min: 0, max: 11 }), flags, id, payload).map((parts) => frame(...parts));
const request = fc
  .tuple(fc.constantFrom(1, 3, 5, 7, 9), fc.constantFrom(4, 5), head)
  .map(([stream, flag, fields]) => frame(1, flag, stream, fields));
const data = fc
  .tuple(fc.constantFrom(1, 3, 5), fc.constantFrom(0, 1, 8), bytes)
  .map(([stream, flag, body]) => frame(0, flag, stream, body));
const script = fc.array(fc.oneof(request, data, known), { minLength: 1, maxLength: 25 });

/** What a door does with its requests: answers, waits, gives up, in turn; in the end it answers them all. */
class Mood {
  isCalm = false;
  private turn = 0;

  meet(stream: Http2ServerStream, recorder: StreamRecorder): void {
    this.turn += 1;
    if (this.isCalm) say(stream, 'calm');
    else if (this.turn % 4 === 0) recorder.onEnd = () => say(stream, 'at the end', ['x-sum', '1']);
    else if (this.turn % 4 === 1) say(stream, 'x'.repeat(70_000));
    else if (this.turn % 4 === 2) stream.reset(this.turn % 3);
    else stream.pause();
  }
}

test('frames in any order, cut anywhere', async (t) => {
  const mood = new Mood();
  const limits = { maxConcurrentStreams: 3, stallTimeoutMs: 200 };
  const door = await openHttp2Door(t, (stream, recorder) => mood.meet(stream, recorder), limits);
  await fc.assert(
    fc.asyncProperty(script, fc.integer({ min: 1, max: 200 }), async (frames, size) => {
      const client = await RawHttp2Client.connect(door.port);
      const whole = Buffer.concat(frames);
      for (let at = 0; at < whole.length && !client.closed; at += size) {
        client.send(whole.subarray(at, at + size));
        await new Promise(setImmediate);
      }
      client.socket.destroy();
      await client.find(() => false);
    }),
    { numRuns: 400 },
  );
  mood.isCalm = true;
  const session = http2Session(t, door.port);
  assert.equal((await answerTo(session.request())).body, 'calm');
  session.destroy();
  for (const connection of door.connections) connection.cut();
  while (door.connections.some(({ openStreams }) => openStreams > 0) || wheel.held > 0) await new Promise(setImmediate);
  assert.ok(
    door.recorders.every(({ code }) => code !== undefined),
    'every stream has heard of its end',
  );
});
