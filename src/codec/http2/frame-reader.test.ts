import assert from 'node:assert/strict';
import { Buffer } from 'node:buffer';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { FLAG as TEST_FLAG, FRAME as TEST_FRAME, frame } from '../../../test/support/http2-frames.ts';
import { FrameReader } from './frame-reader.ts';
import { FLAG, FRAME, HTTP2_CODE, PREFACE } from './frames.ts';

class Reading {
  readonly seen: string[] = [];
  readonly reader: FrameReader;
  private content: string[] = [];

  constructor() {
    this.reader = new FrameReader({
      onFrame: (bytes, from, to) => this.note(bytes.toString('latin1', from, to)),
      onDataFrame: () => (this.content = []),
      onContent: (bytes, from, to) => this.content.push(bytes.toString('latin1', from, to)),
      onDataFrameEnd: () => this.note(`${this.content.join('')}+${this.reader.padding}`),
      onFault: (code) => this.seen.push(`fault ${code}`),
    });
  }

  private note(payload: string): void {
    const { type, flags, stream, length } = this.reader;
    this.seen.push(`${type}/${flags}/${stream}/${length} ${payload}`);
  }

  take(bytes: Buffer): this {
    this.reader.feed(bytes, 0, bytes.length);
    return this;
  }
}

const padded = (text: string, padding: number): Buffer =>
  Buffer.concat([Buffer.of(padding), Buffer.from(text), Buffer.alloc(padding)]);

const STREAM = Buffer.concat([
  PREFACE,
  frame(TEST_FRAME.SETTINGS, 0, 0),
  frame(TEST_FRAME.HEADERS, TEST_FLAG.END_HEADERS, 1, Buffer.from('head')),
  frame(TEST_FRAME.DATA, 0, 1, Buffer.from('some body')),
  frame(TEST_FRAME.DATA, 0, 1),
  frame(TEST_FRAME.DATA, FLAG.PADDED, 1, padded('more', 3)),
  frame(TEST_FRAME.DATA, FLAG.PADDED, 1, padded('', 2)),
  frame(TEST_FRAME.DATA, FLAG.PADDED | FLAG.END_STREAM, 1, padded('', 0)),
  frame(0xee, 0xff, 7, Buffer.from('unknown')),
  frame(TEST_FRAME.PING, TEST_FLAG.ACK, 0, Buffer.alloc(8, 'x')),
]);
const SEEN = [
  '4/0/0/0 ',
  '1/4/1/4 head',
  '0/0/1/9 some body+0',
  '0/0/1/0 +0',
  '0/8/1/8 more+4',
  '0/8/1/3 +3',
  '0/9/1/1 +1',
  '238/255/7/7 unknown',
  '6/1/0/8 xxxxxxxx',
];

describe('the reader of frames', () => {
  test('reads what lies in one buffer', () => assert.deepEqual(new Reading().take(STREAM).seen, SEEN));

  test('reads the same however it is cut', () => {
    for (let size = 1; size < 40; size++) {
      const reading = new Reading();
      for (let at = 0; at < STREAM.length; at += size) reading.take(Buffer.from(STREAM.subarray(at, at + size)));
      assert.deepEqual(reading.seen, SEEN, `in pieces of ${size}`);
    }
  });

  test('takes the largest frame that may be, and none that is larger', () => {
    const most = frame(FRAME.HEADERS, 0, 1, Buffer.alloc(16_384, 'a'));
    const whole = Buffer.concat([PREFACE, most]);
    assert.equal(new Reading().take(whole).seen[0]?.length, '1/0/1/16384 '.length + 16_384);
    const larger = Buffer.concat([PREFACE, frame(FRAME.DATA, 0, 1, Buffer.alloc(16_385))]);
    assert.deepEqual(new Reading().take(larger).seen, [`fault ${HTTP2_CODE.FRAME_SIZE_ERROR}`]);
  });

  for (const [name, bytes, code] of [
    ['another protocol', Buffer.from('GET / HTTP/1.1\r\n\r\n'), HTTP2_CODE.PROTOCOL_ERROR],
    [
      'more padding than there is room',
      Buffer.concat([PREFACE, frame(FRAME.DATA, FLAG.PADDED, 1, Buffer.from([3, 0, 0]))]),
      HTTP2_CODE.PROTOCOL_ERROR,
    ],
    [
      'no room for the length of its padding',
      Buffer.concat([PREFACE, frame(FRAME.DATA, FLAG.PADDED, 1)]),
      HTTP2_CODE.FRAME_SIZE_ERROR,
    ],
  ] as const) {
    test(`reads nothing more after ${name}`, () => {
      const reading = new Reading().take(bytes).take(STREAM);
      assert.deepEqual(reading.seen, [`fault ${code}`]);
    });
  }

  test('stops within a buffer when it is told to', () => {
    const reading = new Reading();
    reading.take(STREAM.subarray(0, PREFACE.length + 9));
    reading.reader.stop();
    assert.deepEqual(reading.take(STREAM.subarray(PREFACE.length + 9)).seen, SEEN.slice(0, 1));
  });

  test('throws nothing and loses nothing, whatever comes in whatever pieces', () => {
    const pieces = fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 20 });
    fc.assert(
      fc.property(pieces, (parts) => {
        const whole = new Reading().take(PREFACE).take(Buffer.concat(parts));
        const cut = new Reading().take(PREFACE);
        for (const part of parts) cut.take(Buffer.from(part));
        assert.deepEqual(cut.seen, whole.seen);
      }),
      { numRuns: 1000 },
    );
  });
});
