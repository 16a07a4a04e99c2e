import assert from 'node:assert/strict';
import { Buffer } from 'node:buffer';
import { test } from 'node:test';
import fc from 'fast-check';
import { OutBuffer } from '../http1/writer.ts';
import { LINK, LinkFrameReader, writeLinkData, writeLinkFrame } from './link-frames.ts';

/** What is read of these bytes, which come in parts. */
function readIn(parts: readonly Buffer[]): { said: string[]; data: string; isFit: boolean } {
  const said: string[] = [];
  let data = '';
  const reader = new LinkFrameReader({
    data: (stream, bytes, from, to) => (data += `${stream}:${bytes.toString('latin1', from, to)};`),
    frame: (kind, stream, text) => void said.push(`${kind} ${stream} ${text}`),
    credit: (stream, bytes) => void said.push(`credit ${stream} ${bytes}`),
  });
  const isFit = parts.every((part) => reader.read(part, 0, part.length));
  return { said, data, isFit };
}

function written(): Buffer {
  const out = new OutBuffer();
  writeLinkFrame(out, LINK.open, 7, 'visit app');
  writeLinkData(out, 7, { bytes: Buffer.from('..hello..'), from: 2, to: 7 });
  writeLinkFrame(out, LINK.credit, 7, '131072');
  writeLinkFrame(out, LINK.end, 4_000_000_000);
  return Buffer.from(out.bytes.subarray(0, out.length));
}

test('frames are read as they were written, wherever they are divided', () => {
  const bytes = written();
  const expected = ['1 7 visit app', 'credit 7 131072', '6 4000000000 '];
  assert.deepEqual(readIn([bytes]), { said: expected, data: '7:hello;', isFit: true });
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: bytes.length })), (cuts) => {
      const at = [0, ...cuts.toSorted((one, other) => one - other), bytes.length];
      const { said, data } = readIn(at.slice(1).map((end, index) => bytes.subarray(at[index], end)));
      assert.deepEqual([said, data.replaceAll(/;7:|7:|;/g, '')], [expected, 'hello']);
    }),
  );
});

test('what is none of our frames, or too long, is told', () => {
  const heads = ['00000000000007', 'ff00000100000007', '0500000000000007', '05ffffff00000007', '01ffffff00000007'];
  const fits = heads.map((head) => readIn([Buffer.from(head, 'hex')]).isFit);
  assert.deepEqual(fits, [true, false, true, false, false]);
});
