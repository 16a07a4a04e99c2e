import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CopiedBody } from './copied-body.ts';

test('a body passes as it comes, and its beginning is kept', () => {
  let passed = '';
  const sink = {
    write: (bytes: Uint8Array, from: number, to: number) =>
      void (passed += Buffer.from(bytes.subarray(from, to)).toString()),
    end: () => void (passed += '.'),
    pause: () => {},
    resume: () => {},
    fail: () => {},
  };
  const body = new CopiedBody(sink, 4);
  const bytes = Buffer.from('-abc-');
  body.write(bytes, 1, 4);
  body.write(bytes, 1, 4);
  const cut = body.captured();
  assert.deepEqual([Buffer.from(cut.bytes).toString(), cut.length, cut.isComplete], ['abca', 6, false]);
  body.end();
  body.abort();
  assert.equal(passed, 'abcabc.');
  assert.equal(body.captured().isComplete, true);
});
