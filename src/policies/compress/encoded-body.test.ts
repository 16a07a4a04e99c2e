import assert from 'node:assert/strict';
import { once } from 'node:events';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, test, type TestContext } from 'node:test';
import {
  brotliDecompressSync,
  createBrotliDecompress,
  createGunzip,
  createZstdDecompress,
  gunzipSync,
  zstdDecompressSync,
} from 'node:zlib';
import fc from 'fast-check';
import type { BodySink } from '../../contract/policy.ts';
import type { SluiceError } from '../../core/errors.ts';
import type { Encoding } from './accepted-encodings.ts';
import { EncodedBody } from './encoded-body.ts';
import { type Encoder, encoderOf, type EncodingStream } from './encoders.ts';

const ENCODINGS: readonly Encoding[] = ['zstd', 'br', 'gzip'];
const DECODE = { gzip: gunzipSync, br: brotliDecompressSync, zstd: zstdDecompressSync } as const;
const DECODER = { gzip: createGunzip, br: createBrotliDecompress, zstd: createZstdDecompress } as const;
const FAST = { gzip: 1, br: 1, zstd: 1 } as const;
const PIECE = 64 * 1024;

/** Keeps what it gets, and what it is told. */
class Kept implements BodySink {
  readonly parts: Buffer[] = [];
  readonly told: string[] = [];
  error: SluiceError | null = null;
  /** Whenever something has come. */
  onNews = (): void => {};
  readonly ended: Promise<void>;
  #end = (): void => {};

  constructor() {
    this.ended = new Promise((resolve) => (this.#end = resolve));
  }

  write(bytes: Uint8Array, from: number, to: number): void {
    this.parts.push(Buffer.from(bytes.subarray(from, to)));
    this.onNews();
  }

  end(): void {
    this.told.push('end');
    this.#end();
  }

  pause(): void {
    if (this.told.at(-1) !== 'pause') this.told.push('pause');
  }

  resume(): void {
    if (this.told.at(-1) === 'pause') this.told.push('resume');
    this.onNews();
  }

  fail(error: SluiceError): void {
    this.error = error;
    this.onNews();
  }

  get bytes(): Buffer {
    return Buffer.concat(this.parts);
  }

  async until(condition: () => boolean): Promise<void> {
    while (!condition()) await new Promise<void>((resolve) => (this.onNews = resolve));
  }
}

interface Made {
  readonly sink: Kept;
  readonly body: EncodedBody;
  /** The streams that were opened. */
  readonly streams: EncodingStream[];
  readonly counted: [taken: number, given: number];
}

interface MakeOptions {
  readonly isLive?: boolean;
  readonly bytes?: number;
  readonly changes?: Partial<Encoder>;
}

function make(name: Encoding, { isLive = false, bytes = -1, changes = {} }: MakeOptions = {}): Made {
  const sink = new Kept();
  const streams: EncodingStream[] = [];
  const counted: [number, number] = [0, 0];
  const plain = { ...encoderOf(name, FAST[name]), ...changes };
  const encoder: Encoder = {
    ...plain,
    open: (needs) => {
      const stream = plain.open(needs);
      streams.push(stream);
      return stream;
    },
  };
  const count = (taken: number, given: number): void => {
    counted[0] += taken;
    counted[1] += given;
  };
  return { sink, body: new EncodedBody(sink, { encoder, isLive, bytes, count }), streams, counted };
}

function write(body: EncodedBody, bytes: Uint8Array): void {
  // As from a socket: somewhere in a buffer that is used again at once.
  const buffer = Buffer.alloc(bytes.length + 6, 0x21);
  buffer.set(bytes, 3);
  body.write(buffer, 3, 3 + bytes.length);
  buffer.fill(0x3f);
}

/** Time passes only when the test says so. */
function stopTime(t: TestContext): void {
  t.mock.timers.enable({ apis: ['setTimeout'] });
}

/** About as compressible as text. */
function text(length: number): Buffer {
  const bytes = Buffer.alloc(length);
  let state = 1;
  for (let at = 0; at < length; at++) {
    state = (state * 1_103_515_245 + 12_345) & 0x7f_ff_ff_ff;
    bytes[at] = 97 + ((state >> 16) % 12);
  }
  return bytes;
}

describe('an encoded body', () => {
  test('is what came in, in whatever pieces and with whatever pauses it came', async () => {
    const piece = fc.oneof(fc.uint8Array({ maxLength: 40 }), fc.integer({ min: 1, max: 90_000 }).map(text));
    const step = fc.tuple(piece, fc.integer({ min: 0, max: 2 }));
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...ENCODINGS),
        fc.boolean(),
        fc.boolean(),
        fc.array(step, { maxLength: 12 }),
        async (name, isLive, says, steps) => {
          const whole = Buffer.concat(steps.map(([bytes]) => bytes));
          const { sink, body, counted } = make(name, { isLive, bytes: says ? whole.length : -1 });
          for (const [bytes, turns] of steps) {
            write(body, bytes);
            for (let turn = 0; turn < turns; turn++) await nextTurn();
          }
          body.end();
          await sink.ended;
          assert.ok(DECODE[name](sink.bytes).equals(whole));
          assert.deepEqual(counted, [whole.length, sink.bytes.length]);
          assert.equal(sink.told.filter((what) => what === 'end').length, 1);
        },
      ),
      { numRuns: 60 },
    );
  });

  test('that is small is made on the spot', () => {
    for (const name of ENCODINGS) {
      const { sink, body, streams } = make(name);
      write(body, Buffer.from('one'));
      write(body, Buffer.from('two'));
      body.end();
      assert.deepEqual(sink.told, ['end']);
      assert.equal(DECODE[name](sink.bytes).toString(), 'onetwo');
      assert.equal(streams.length, 0);
    }
  });

  test('that is small and has come whole waits for nothing but its end', (t) => {
    stopTime(t);
    const small = text(6000);
    const { sink, body } = make('gzip', { bytes: small.length });
    write(body, small);
    t.mock.timers.tick(1000);
    assert.deepEqual(sink.parts, []);
    body.end();
    assert.ok(gunzipSync(sink.bytes).equals(small));
    assert.deepEqual(sink.told, ['end']);
  });

  test('that is small but costly, or large, is made elsewhere', async () => {
    for (const [bytes, changes] of [
      [text(100), { onTheSpotBytes: 0 }],
      [text(17_000), {}],
    ] as const) {
      const { sink, body, streams } = make('gzip', { changes });
      write(body, bytes);
      body.end();
      assert.deepEqual(sink.told, []);
      await sink.ended;
      assert.ok(gunzipSync(sink.bytes).equals(bytes));
      assert.equal(streams.length, 1);
    }
  });

  test('may be empty', () => {
    const { sink, body } = make('gzip');
    body.end();
    assert.equal(gunzipSync(sink.bytes).length, 0);
    assert.deepEqual(sink.told, ['end']);
  });
});

describe('what has come', () => {
  for (const name of ENCODINGS) {
    test(`comes out by itself where somebody waits for it (${name})`, async (t) => {
      stopTime(t);
      const { sink, body } = make(name, { isLive: true });
      const decoder = DECODER[name]();
      let read = 0;
      for (const event of ['data: one\n\n', 'data: two\n\n', 'data: 3\n\n']) {
        write(body, Buffer.from(event));
        let seen = '';
        while (seen !== event) {
          await sink.until(() => sink.parts.length > read);
          for (; read < sink.parts.length; read++) decoder.write(sink.parts[read]);
          const [part] = (await once(decoder, 'data')) as [Buffer];
          seen += part.toString();
        }
      }
      decoder.destroy();
      body.abort();
    });

    test(`comes out after a moment in which nothing followed (${name})`, async (t) => {
      stopTime(t);
      const { sink, body } = make(name);
      const decoder = DECODER[name]();
      let read = 0;
      // What is less than a piece, and what a piece has left in the encoder.
      for (const bytes of [text(10), text(PIECE), text(PIECE + 7), text(3)]) {
        write(body, bytes);
        let length = 0;
        decoder.on('data', (part: Buffer) => (length += part.length));
        while (length < bytes.length) {
          t.mock.timers.tick(20);
          for (; read < sink.parts.length; read++) decoder.write(sink.parts[read]);
          await nextTurn();
        }
        assert.equal(length, bytes.length);
        decoder.removeAllListeners('data');
      }
      decoder.destroy();
      body.abort();
    });
  }

  test('waits for more before that', async (t) => {
    stopTime(t);
    const { sink, body, streams } = make('gzip');
    write(body, text(PIECE - 1));
    t.mock.timers.tick(19);
    await nextTurn();
    assert.equal(streams.length, 0);
    write(body, text(1));
    assert.equal(streams.length, 1);
    body.end();
    await sink.ended;
    assert.equal(gunzipSync(sink.bytes).length, PIECE);
  });

  test('is not pushed out as long as whole pieces follow', async (t) => {
    stopTime(t);
    const { sink, body, streams } = make('gzip');
    let flushes = 0;
    for (let piece = 0; piece < 5; piece++) {
      write(body, text(PIECE));
      if (piece === 0) t.mock.method(streams[0] ?? assert.fail(), 'flush', () => flushes++);
      await once(streams[0] ?? assert.fail(), 'drain');
      t.mock.timers.tick(20);
    }
    assert.equal(flushes, 0);
    body.abort();
    assert.equal(sink.told.includes('end'), false);
  });
});

describe('a sender', () => {
  test('is held back while one piece is in work and another one waits', async () => {
    const { sink, body } = make('gzip');
    write(body, text(PIECE));
    assert.deepEqual(sink.told, []);
    write(body, text(PIECE));
    assert.deepEqual(sink.told, ['pause']);
    await sink.until(() => sink.told.includes('resume'));
    body.end();
    await sink.ended;
    assert.equal(gunzipSync(sink.bytes).length, 2 * PIECE);
  });

  test('may go on from within the word that it may', async () => {
    const { sink, body } = make('zstd');
    let left = 20;
    const resume = sink.resume.bind(sink);
    sink.resume = (): void => {
      resume();
      if (left-- > 0) write(body, text(PIECE));
      else if (left === -1) body.end();
    };
    write(body, text(PIECE));
    await sink.ended;
    assert.equal(zstdDecompressSync(sink.bytes).length, 21 * PIECE);
  });
});

describe('a body that is given up', () => {
  test('says nothing more, whatever is in work', async (t) => {
    for (const isLive of [false, true]) {
      const { sink, body, streams } = make('br', { isLive });
      write(body, text(PIECE));
      write(body, text(10));
      body.abort();
      const told = sink.told.length;
      await once(streams[0] ?? assert.fail(), 'close');
      write(body, text(10));
      body.end();
      assert.deepEqual([sink.parts.length, sink.told.length], [0, told]);
    }
    stopTime(t);
    const { body, streams } = make('br');
    write(body, text(10));
    body.abort();
    t.mock.timers.tick(1000);
    assert.equal(streams.length, 0);
  });

  test('leaves no memory behind, however many are', async () => {
    const giveUp = async (count: number): Promise<void> => {
      const closed = Array.from({ length: count }, async (_, index) => {
        const { body, streams } = make(ENCODINGS[index % 3] ?? 'gzip', { isLive: index % 2 === 0 });
        write(body, text(PIECE));
        const stream = streams[0] ?? assert.fail();
        if (index % 4 > 1) await once(stream, 'drain');
        body.abort();
        if (!stream.closed) await once(stream, 'close');
      });
      await Promise.all(closed);
    };
    await giveUp(75);
    const before = process.memoryUsage.rss();
    for (let round = 0; round < 27; round++) await giveUp(75);
    // A stream takes a quarter of a megabyte and more: 2,000 of them would be hundreds.
    const grown = process.memoryUsage.rss() - before;
    assert.ok(grown < 150e6, String(grown));
  });

  test('because encoding fails gives the exchange up', async () => {
    const { sink, body, streams } = make('gzip');
    write(body, text(PIECE));
    streams[0]?.destroy(new Error('out of memory'));
    await sink.until(() => sink.error !== null);
    assert.equal(sink.error?.code, 'internal');
    body.abort();
    assert.deepEqual(sink.told, []);
  });
});
