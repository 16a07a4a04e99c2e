import assert from 'node:assert/strict';
import { test } from 'node:test';
import { contentOf, givePiece, PIECE_BYTES, takePiece } from './pieces.ts';

test('a piece is used again, empty, and never by two at once', () => {
  const [one, other] = [takePiece(), takePiece()];
  assert.notEqual(one.bytes.buffer, other.bytes.buffer);
  assert.equal(one.bytes.length, PIECE_BYTES);
  one.bytes.write('text');
  one.length = 4;
  assert.equal(contentOf(one).toString(), 'text');
  givePiece(one);
  const again = takePiece();
  assert.equal(again, one);
  assert.equal(contentOf(again).length, 0);
});

test('no more are kept than the next bodies need', () => {
  const many = Array.from({ length: 100 }, takePiece);
  for (const piece of many) givePiece(piece);
  const kept = Array.from({ length: 100 }, takePiece).filter((piece) => many.includes(piece));
  assert.equal(kept.length, 64);
});
