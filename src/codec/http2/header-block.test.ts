import assert from 'node:assert/strict';
import { Buffer } from 'node:buffer';
import { test } from 'node:test';
import { HeaderBlock } from './header-block.ts';

const bytes = Buffer.from('-abcdef-', 'latin1');

test('pieces are joined, and nothing is left for the next block', () => {
  const block = new HeaderBlock(100);
  block.begin(5, true);
  assert.deepEqual([block.stream, block.endsStream, block.isInPieces], [5, true, false]);
  assert.equal(block.keep(bytes, 1, 3), true);
  assert.equal(block.keep(bytes, 3, 5), true);
  assert.equal(block.isInPieces, true);
  assert.equal(block.join(bytes, 5, 7).toString(), 'abcdef');
  block.end();
  assert.deepEqual([block.stream, block.isInPieces], [0, false]);
  block.begin(7, false);
  assert.equal(block.join(bytes, 1, 2).toString(), 'a');
});

test('there is a bound to its octets, and one to its frames, empty ones included', () => {
  const block = new HeaderBlock(10);
  block.begin(1, true);
  assert.equal(block.keep(bytes, 0, 8), true);
  assert.equal(block.keep(bytes, 0, 3), false);
  block.end();
  block.begin(3, true);
  for (let count = 0; count < 8; count++) assert.equal(block.keep(bytes, 0, 0), true);
  assert.equal(block.keep(bytes, 0, 0), false);
});
