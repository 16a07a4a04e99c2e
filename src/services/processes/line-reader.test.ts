import assert from 'node:assert/strict';
import { once } from 'node:events';
import { PassThrough } from 'node:stream';
import { test } from 'node:test';
import { onLines } from './line-reader.ts';

test('lines come whole, however they are cut, and none without its end', async () => {
  const stream = new PassThrough();
  const lines: string[] = [];
  onLines(stream, (line) => lines.push(line));
  for (const part of ['on', 'e\ntwo\n\nthr', 'ee\nfour']) stream.write(part);
  stream.end();
  await once(stream, 'end');
  assert.deepEqual(lines, ['one', 'two', '', 'three']);
});
