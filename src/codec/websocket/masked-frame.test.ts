import assert from 'node:assert/strict';
import { Buffer } from 'node:buffer';
import { describe, test } from 'node:test';
import { OutBuffer } from '../http1/writer.ts';
import { FrameReader } from './frame-reader.ts';
import { closePayload, writeMaskedFrame } from './masked-frame.ts';

describe('a frame under a mask', () => {
  for (const length of [0, 1, 125, 126, 65_535, 65_536]) {
    test(`of ${length} bytes is read as it was written, and looks otherwise on the way`, () => {
      const head = Buffer.from('abc');
      const bytes = Buffer.alloc(length + 2, 7);
      const out = new OutBuffer();
      const mask = Buffer.from([1, 2, 3, 250]);
      writeMaskedFrame(out, { opcode: 2, isLast: true, mask }, head, { bytes, from: 1, to: length + 1 });
      const parts: Buffer[] = [];
      let ends = 0;
      const reader = new FrameReader({
        allowsCompression: false,
        sink: {
          begin: (isText) => assert.equal(isText, false),
          part: (each, from, to) => parts.push(Buffer.from(each.subarray(from, to))),
          end: () => (ends += 1),
        },
      });
      reader.take(out.bytes, 0, out.length);
      assert.deepEqual(Buffer.concat(parts), Buffer.concat([head, bytes.subarray(1, length + 1)]));
      assert.equal(ends, 1);
      assert.equal(out.bytes.subarray(0, out.length).includes('abc'), false);
    });
  }
});

test('the reason of a Close is cut where it is too long, between characters', () => {
  assert.deepEqual(closePayload(1000, ''), Buffer.from([3, 232]));
  assert.ok(closePayload(4000, 'ä'.repeat(100)).length <= 125);
});
