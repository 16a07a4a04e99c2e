// Replays the readable vectors of test/vectors/http1. Rule: the events are the same however the bytes arrive.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { replay, WHOLE } from '../../../test/support/http1-replay.ts';
import type { Cut } from '../../../test/support/http1-replay.ts';
import { listVectorFiles, readVectorFile } from '../../../test/support/http1-vectors.ts';
import type { Vector } from '../../../test/support/http1-vectors.ts';

/** What a buffer might hold behind the bytes that were read: the end of a line, of a head, of a message. */
const SLACKS = ['\r\n\r\nGET / HTTP/1.1\r\n', ': x\r\n\r\n', '\n\r\n0\r\n\r\n', 'aaaaaaaa', '\0\xff\0\xff\0\xff'];

function check(vector: Vector, cut: Cut, how: string): void {
  assert.deepEqual(replay(vector, cut), vector.events, how);
}

for (const file of listVectorFiles()) {
  describe(file, () => {
    for (const vector of readVectorFile(file)) {
      test(vector.title, () => {
        const { length } = vector.bytes;
        check(vector, WHOLE, 'whole');
        check(vector, { at: [], pauses: true }, 'whole, with pauses');
        const everywhere = Array.from({ length: Math.max(0, length - 1) }, (_, i) => i + 1);
        check(vector, { at: everywhere }, 'octet by octet');
        check(vector, { at: everywhere, pauses: true }, 'octet by octet, with pauses');
        for (const slack of SLACKS) check(vector, { at: [], slack: Buffer.from(slack, 'latin1') }, `before ${slack}`);
        for (const at of everywhere) {
          check(vector, { at: [at] }, `cut at ${at}`);
          check(vector, { at: [at], slack: Buffer.from(SLACKS[at % SLACKS.length]!, 'latin1') }, `cut at ${at}, slack`);
        }
      });
    }
  });
}
