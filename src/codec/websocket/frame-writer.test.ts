import assert from 'node:assert/strict';
import { Buffer } from 'node:buffer';
import { test } from 'node:test';
import { frame } from '../../../test/support/websocket-frames.ts';
import { MAX_SERVER_HEAD_BYTES, writeFrameHead } from './frame-writer.ts';

test('heads are as short as they can be', () => {
  const into = Buffer.alloc(MAX_SERVER_HEAD_BYTES);
  for (const length of [0, 125, 126, 65_535, 65_536, 100_000]) {
    for (const opcode of [1, 2]) {
      const bytes = writeFrameHead(into, opcode, length);
      const whole = Buffer.concat([into.subarray(0, bytes), Buffer.alloc(length)]);
      assert.ok(whole.equals(frame(Buffer.alloc(length), { opcode })), String(length));
    }
  }
});
