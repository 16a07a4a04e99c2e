import assert from 'node:assert/strict';
import { Buffer } from 'node:buffer';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { frame } from '../../../test/support/websocket-frames.ts';
import { FrameReader } from './frame-reader.ts';

const PING = frame('are you there', { opcode: 9 });
const MASK = Buffer.from([1, 2, 3, 250]);

class Reading {
  readonly messages: string[] = [];
  readonly reader: FrameReader;
  private parts: Buffer[] = [];
  private kind = '';

  constructor(allowsCompression = true) {
    const sink = {
      begin: (isText: boolean, isCompressed: boolean): void => {
        this.kind = `${isText ? 'text' : 'binary'}${isCompressed ? ' compressed' : ''}`;
      },
      part: (bytes: Uint8Array, from: number, to: number): void => {
        this.parts.push(Buffer.from(bytes.subarray(from, to)));
      },
      end: (): void => {
        this.messages.push(`${this.kind}: ${Buffer.concat(this.parts).toString('latin1')}`);
        this.parts = [];
      },
    };
    this.reader = new FrameReader({ allowsCompression, sink });
  }

  take(...frames: readonly Buffer[]): this {
    for (const bytes of frames) this.reader.take(bytes, 0, bytes.length);
    return this;
  }
}

describe('the reader of the frames of a WebSocket', () => {
  test('gives messages of text and bytes, also empty ones', () => {
    const { messages, reader } = new Reading().take(frame('one'), frame('', {}), frame('\xff', { opcode: 2 }));
    assert.deepEqual(messages, ['text: one', 'text: ', 'binary: \xc3\xbf']);
    assert.equal(reader.state, 'open');
  });

  test('joins the parts of a message, and passes over what stands between them', () => {
    const parts = [
      frame('one ', { isLast: false, rsv: 4 }),
      PING,
      frame('', { opcode: 0, isLast: false }),
      frame('two ', { opcode: 0, isLast: false }),
      frame('', { opcode: 10 }),
      frame('three', { opcode: 0 }),
    ];
    assert.deepEqual(new Reading().take(...parts, frame('next')).messages, [
      'text compressed: one two three',
      'text: next',
    ]);
  });

  test('knows lengths of all three kinds', () => {
    for (const length of [0, 125, 126, 65_535, 65_536, 200_000]) {
      for (const isLong of [false, true]) {
        const text = 'x'.repeat(length);
        assert.deepEqual(new Reading().take(frame(text, { isLong })).messages, [`text: ${text}`]);
      }
    }
  });

  test('takes away a mask, also over more than it unmasks at once', () => {
    const text = 'abcdefg'.repeat(10_000);
    assert.deepEqual(new Reading().take(frame(text, { mask: MASK })).messages, [`text: ${text}`]);
  });

  test('tells what control frames say to whoever wants it', () => {
    const said: string[] = [];
    const nothing = (): void => {};
    const sink = {
      begin: nothing,
      part: nothing,
      end: nothing,
      control: (opcode: number, payload: Uint8Array) => void said.push(`${opcode} ${Buffer.from(payload).toString()}`),
    };
    const reader = new FrameReader({ allowsCompression: false, sink });
    const frames = [
      PING,
      frame('', { opcode: 10 }),
      frame('masked', { opcode: 9, mask: MASK }),
      frame('bye', { opcode: 8 }),
    ];
    for (const byte of Buffer.concat(frames)) reader.take(Buffer.from([byte]), 0, 1);
    assert.deepEqual(said, ['9 are you there', '10 ', '9 masked', '8 bye']);
  });

  test('takes no frame without a mask from a client', () => {
    const sink = { begin: () => {}, part: () => {}, end: () => {} };
    const reader = new FrameReader({ allowsCompression: false, requiresMask: true, sink });
    const bytes = Buffer.concat([frame('x', { mask: MASK }), frame('y')]);
    reader.take(bytes, 0, bytes.length - 3);
    assert.equal(reader.state, 'open');
    reader.take(bytes, bytes.length - 3, bytes.length);
    assert.equal(reader.state, 'broken');
  });

  test('reads nothing after a Close', () => {
    const { messages, reader } = new Reading().take(frame('one'), frame('\x03\xe8', { opcode: 8 }), frame('two'));
    assert.deepEqual(messages, ['text: one']);
    assert.equal(reader.state, 'closed');
  });

  test('reads nothing after what nobody may say', () => {
    const tooLong = Buffer.from([0x81, 127, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]);
    const wrong: Readonly<Record<string, readonly Buffer[]>> = {
      'an unknown kind': [frame('x', { opcode: 3 })],
      'an unknown control': [frame('x', { opcode: 11 })],
      'a reserved bit': [frame('x', { rsv: 1 })],
      'a control in parts': [frame('x', { opcode: 9, isLast: false })],
      'a control that is compressed': [frame('x', { opcode: 9, rsv: 4 })],
      'a control that is long': [frame('x'.repeat(126), { opcode: 9 })],
      'a part of nothing': [frame('x', { opcode: 0 })],
      'a message within another': [frame('x', { isLast: false }), frame('y')],
      'compression in the middle': [frame('x', { isLast: false }), frame('y', { opcode: 0, rsv: 4 })],
      'more than anything can be': [tooLong],
    };
    for (const [name, frames] of Object.entries(wrong)) {
      const { messages, reader } = new Reading().take(...frames, frame('next'));
      assert.equal(reader.state, 'broken', name);
      assert.deepEqual(messages, [], name);
    }
    assert.equal(new Reading(false).take(frame('x', { rsv: 4 })).reader.state, 'broken');
  });

  test('reads the same wherever the bytes are cut', () => {
    const message = fc.record({
      parts: fc.array(fc.string({ maxLength: 300 }), { minLength: 1, maxLength: 4 }),
      isMasked: fc.boolean(),
      isPinged: fc.boolean(),
    });
    fc.assert(
      fc.property(
        fc.array(message, { maxLength: 5 }),
        fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1 }),
        (all, cuts) => {
          const frames = all.flatMap(({ parts, isMasked, isPinged }) =>
            parts.flatMap((part, index) => {
              const settings = { opcode: index === 0 ? 1 : 0, isLast: index === parts.length - 1 };
              const written = frame(part, isMasked ? { ...settings, mask: MASK } : settings);
              return isPinged ? [PING, written] : [written];
            }),
          );
          const bytes = Buffer.concat(frames);
          const reading = new Reading();
          for (let at = 0, turn = 0; at < bytes.length; turn += 1) {
            const to = Math.min(bytes.length, at + cuts[turn % cuts.length]!);
            reading.reader.take(bytes, at, to);
            at = to;
          }
          const texts = all.map(({ parts }) => `text: ${Buffer.from(parts.join('')).toString('latin1')}`);
          assert.deepEqual(reading.messages, texts);
        },
      ),
    );
  });

  test('takes whatever comes without failing', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 500 }), (bytes) => void new Reading().take(Buffer.from(bytes))));
  });
});
