import assert from 'node:assert/strict';
import { Buffer } from 'node:buffer';
import { test } from 'node:test';
import fc from 'fast-check';
import { BytesQueue } from './bytes-queue.ts';

function takeAll(queue: BytesQueue, most: number): string {
  let text = '';
  while (queue.length > 0) {
    const part = queue.first.toString('latin1', 0, most);
    text += part;
    queue.drop(part.length);
  }
  return text;
}

test('what was pushed comes out in its order, whatever the pieces are and however they are taken', () => {
  const piece = fc.tuple(fc.integer({ min: 1, max: 6000 }), fc.boolean());
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 40 }), fc.integer({ min: 1, max: 9000 }), (pieces, most) => {
      const queue = new BytesQueue();
      let pushed = '';
      let taken = '';
      for (const [index, [size, isLent]] of pieces.entries()) {
        const bytes = Buffer.alloc(size + 2, String.fromCharCode(97 + (index % 26)));
        pushed += bytes.toString('latin1', 1, size + 1);
        if (isLent) queue.lend(bytes, 1, size + 1);
        else {
          queue.push(bytes, 1, size + 1);
          bytes.fill('!');
        }
        if (index % 5 === 4) {
          const part = queue.first.toString('latin1', 0, most);
          taken += part;
          queue.drop(part.length);
        }
      }
      assert.equal(queue.length, pushed.length - taken.length);
      assert.equal(taken + takeAll(queue, most), pushed);
    }),
  );
});

test('octets that come one by one share their memory', () => {
  const queue = new BytesQueue();
  const one = Buffer.from('x');
  for (let count = 0; count < 9000; count++) queue.push(one, 0, 1);
  let parts = 0;
  for (; queue.length > 0; parts++) queue.drop(queue.first.length);
  assert.equal(parts, 4);
});

test('nothing is left when it is cleared', () => {
  const queue = new BytesQueue();
  queue.push(Buffer.from('abc'), 0, 3);
  queue.drop(1);
  queue.clear();
  assert.deepEqual([queue.length, queue.first.length], [0, 0]);
  queue.push(Buffer.from('d'), 0, 1);
  assert.equal(queue.first.toString(), 'd');
});
